# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pages of lists: sorting, pages by number, pages by cursor.

Pages by number (``dependencies.paging``) come with the number of all records, and a
client can go to any page. Later pages take longer, and they shift when a record is
created or deleted. With a cursor, a page starts after the last record of the previous
one. Each page takes the same time, and no record is repeated or left out.
"""

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    Field,
    FiniteFloat,
    NaiveDatetime,
    StringConstraints,
    TypeAdapter,
)

from odoo.fields import Domain
from odoo.models import BaseModel as Record
from odoo.tools import SQL

from ..dependencies import MAX_PAGE_SIZE, PAGE_SIZE, PAGE_SIZE_DESCRIPTION
from ..schemas import PagedCollection, Paging
from .filters import FilterSchema
from .schema import RecordSchema

__all__ = [
    "CursorPage",
    "CursorPaging",
    "Sort",
    "cursor_paging",
    "make_cursor_paging",
    "search_cursor_page",
    "search_page",
    "sorting",
]

T = TypeVar("T")
S = TypeVar("S", bound=RecordSchema)
P = TypeVar("P", bound=BaseModel)
Filter: TypeAlias = FilterSchema | Domain | Sequence[Any] | None
Terms: TypeAlias = Sequence[tuple[str, bool]]

CURSOR_ERROR = "The cursor is not one of this list and order."

#: PostgreSQL refuses NUL.
_Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
#: Types of fields by which a cursor can sort, with the types of their values in JSON.
CURSOR_TYPES: dict[str, Any] = {
    "boolean": bool,
    "char": _Text,
    "date": dt.date,
    "datetime": NaiveDatetime,
    "float": FiniteFloat,
    "integer": int,
    "many2one_reference": int,
    "monetary": FiniteFloat,
    "selection": _Text,
    "text": _Text,
}


@dataclass(frozen=True)
class Sort:
    """The order that a client asks for.

    :param terms: names of fields, each with True for descending
    """

    terms: tuple[tuple[str, bool], ...] = ()

    @property
    def order(self) -> str | None:
        """The ``order`` of a search, or None for the model's own order.

        It ends with the id, so that pages do not overlap.
        """
        if not self.terms:
            return None
        return ", ".join(
            f"{name} desc" if desc else name for name, desc in self.with_id()
        )

    def with_id(self) -> tuple[tuple[str, bool], ...]:
        """Return the terms, with the id among them."""
        if any(name == "id" for name, _desc in self.terms):
            return self.terms
        return (*self.terms, ("id", False))


def sorting(*names: str, default: str = "", **fields: str) -> Callable[..., Sort]:
    """Return a dependency that provides the order that the client asks for.

    The query parameter ``sort`` has names separated by commas. A minus before a name
    means descending: ``?sort=-date_order,name``. Unknown names are a 422::

        sort: Annotated[Sort, Depends(sorting("name", date="date_order"))]

    :param names: fields by which a client may sort
    :param default: default value of the parameter. If empty, the model's own order.
    :param fields: more fields, by the names that clients use
    :raises ValueError: no field is named, or the default has an unknown one
    """
    by_name = {**{name: name for name in names}, **fields}
    if not by_name:
        raise ValueError("Name the fields by which a client may sort.")
    listed = ", ".join(f"`{name}`" for name in by_name)
    term = f"-?({'|'.join(map(re.escape, by_name))})"
    pattern = f"^{term}(,{term})*$"
    if default and not re.fullmatch(pattern, default):
        raise ValueError(f"The default {default!r} is not of {', '.join(by_name)}.")

    def get_sort(
        sort: Annotated[
            str | None,
            Query(
                pattern=pattern,
                description="Fields to sort by, with commas between them. A minus in "
                f"front means descending. Fields: {listed}.",
            ),
        ] = default or None,
    ) -> Sort:
        terms: dict[str, bool] = {}
        for item in (sort or "").split(","):
            name = item.removeprefix("-")
            if name:
                terms.setdefault(by_name[name], item.startswith("-"))
        return Sort(tuple(terms.items()))

    return get_sort


def search_page(
    model: Record, filter: Filter, sort: Sort | None, paging: Paging, schema: type[S]
) -> PagedCollection[S]:
    """Return one page of records, and the number of all that match.

    A second query counts the records if the page is full, or empty after an offset.

    :param model: recordset of the model, for the environment
    :param filter: None for all records
    :param sort: None for the model's own order
    """
    domain = _to_domain(filter)
    offset, limit = paging.offset or 0, paging.limit
    order = (sort and sort.order) or _with_id(model._order)
    items, count = schema._search_with_count(model, domain, offset, limit, order)
    return _make_page(PagedCollection, schema, count=count, items=items)


class CursorPaging(BaseModel):
    """The page that a client asks for. Made by :func:`cursor_paging`."""

    cursor: str | None = None
    limit: int  # records


class CursorPage(BaseModel, Generic[T]):
    """One page of a long list."""

    items: list[T]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page; null on the last one."
    )


def make_cursor_paging(
    page_size: int = PAGE_SIZE, max_page_size: int = MAX_PAGE_SIZE
) -> Callable[..., CursorPaging]:
    """Return a dependency like :func:`cursor_paging`, with other sizes.

    :param page_size: default number of records on a page
    :param max_page_size: largest number that a client may ask for
    """

    def get_paging(
        cursor: Annotated[
            str | None, Query(description="The `next_cursor` of the page before.")
        ] = None,
        page_size: Annotated[
            int, Query(ge=1, le=max_page_size, description=PAGE_SIZE_DESCRIPTION)
        ] = page_size,
    ) -> CursorPaging:
        return CursorPaging(cursor=cursor, limit=page_size)

    return get_paging


#: Dependency: the page of a long list that the client asks for.
cursor_paging = make_cursor_paging()


def search_cursor_page(
    model: Record,
    filter: Filter,
    sort: Sort | None,
    paging: CursorPaging,
    schema: type[S],
) -> CursorPage[S]:
    """Return one page of a long list, and the cursor of the next one.

    The last page is as fast as the first one if there is an index for the order.

    :param model: recordset of the model, for the environment
    :param filter: None for all records
    :param sort: fields that have a column and are not relations. None for the id.
    :raises RequestValidationError: 422, the cursor was not made for this order
    :raises ValueError: a cursor can't sort by one of the fields
    """
    terms = (sort or Sort()).with_id()
    names = [name for name, _desc in terms]
    names = names[: names.index("id") + 1]
    terms = terms[: len(names)]
    for name in names[:-1]:
        field = model._fields.get(name)
        has_column = field and field.store and field.column_type
        if not has_column or field.type not in CURSOR_TYPES:
            raise ValueError(f"A cursor can't sort {model._name} by {name!r}.")
    domain = _to_domain(filter)
    if paging.cursor is not None:
        domain &= _after(model, terms, _decode(model, terms, paging.cursor))
    order = ", ".join(f"{name} {'desc' if desc else 'asc'}" for name, desc in terms)
    # reads one record more, to know whether there is a next page
    records, items = schema._search_with_next(model, domain, order, paging.limit, names)
    cursor = None
    if len(records) > len(items):
        cursor = _encode(records[len(items) - 1], terms)
    return _make_page(CursorPage, schema, items=items, next_cursor=cursor)


def _make_page(page: type[P], schema: type[RecordSchema], **values: Any) -> P:
    """Make a page of validated items.

    A schema of ``extendable_fastapi`` has another class in each database, so no page
    class fits all of them.
    """
    if type(schema) is type(RecordSchema):
        page = page[schema]  # type: ignore[index]
    return page.model_construct(set(values), **values)


def _to_domain(filter: Filter) -> Domain:
    if isinstance(filter, FilterSchema):
        return filter.to_domain()
    return Domain(filter) if filter is not None else Domain.TRUE


def _with_id(order: str) -> str:
    """Add the id to an order, unless it is there."""
    names = {term.split()[0] for term in order.split(",")}
    return order if "id" in names else f"{order}, id"


def _encode(record: Record, terms: Terms) -> str:
    """Return the cursor after a record: the record's values of the sorted fields.

    Values come from the cache (``Field._get_cache``), which distinguishes an empty
    number from 0, as the database does.
    """
    values = []
    for name, _desc in terms:
        if name == "id":
            value = record.id
        else:
            value = record[name]  # fills the cache, if needed
            field = record._fields[name]
            if field.type != "boolean" and not value:
                value = field._get_cache(record.env).get(record.id)
        if isinstance(value, dt.date):
            value = value.isoformat()
        values.append(value)
    content = json.dumps([_describe(terms), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _describe(terms: Terms) -> str:
    return ",".join(f"-{name}" if desc else name for name, desc in terms)


def _decode(model: Record, terms: Terms, cursor: str) -> list[Any]:
    """Return the values of a cursor, which a client may have changed.

    :raises RequestValidationError: 422, the cursor was not made for this order
    """
    kinds = tuple(model._fields[name].type for name, _desc in terms)
    try:
        content = base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        described, *values = _get_adapter(kinds).validate_json(content, strict=True)
        if described != _describe(terms):
            raise ValueError(described)
        return values
    except ValueError as err:
        error = {
            "type": "value_error",
            "loc": ("query", "cursor"),
            "msg": CURSOR_ERROR,
            "input": cursor,
        }
        raise RequestValidationError([error]) from err


@lru_cache
def _get_adapter(kinds: tuple[str, ...]) -> TypeAdapter[Any]:
    """Return the type of a cursor's content, by the types of the sorted fields."""
    values = (CURSOR_TYPES[kind] | None for kind in kinds)
    content: Any = GenericAlias(tuple, (str, *values))
    return TypeAdapter(content)


def _after(model: Record, terms: Terms, values: Sequence[Any]) -> Domain:
    """Return the domain of the records after a cursor.

    It uses SQL: a usual condition treats an empty number as 0, but PostgreSQL sorts it
    as the largest.
    """

    def to_sql(model: Record, alias: str, query: Any) -> SQL:
        alternatives = []
        before: list[SQL] = []
        for (name, descending), value in zip(terms, values, strict=True):
            column = model._field_to_sql(alias, name, query)
            if model._fields[name].type == "boolean":  # as it is sorted
                column = SQL("COALESCE(%s, FALSE)", column)
            if value is None:
                behind = SQL("%s IS NOT NULL", column) if descending else SQL("FALSE")
                same = SQL("%s IS NULL", column)
            else:
                behind = (
                    SQL("%s < %s", column, value)
                    if descending
                    else SQL("(%s > %s OR %s IS NULL)", column, value, column)
                )
                same = SQL("%s = %s", column, value)
            alternatives.append(SQL("(%s)", SQL(" AND ").join([*before, behind])))
            before.append(same)
        return SQL("(%s)", SQL(" OR ").join(alternatives))

    return Domain.custom(to_sql=to_sql)
