# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pages of lists: sorting, and the two ways to page.

Pages by number (``dependencies.paging``) know how many records there are, and can be
jumped to; a page takes longer the further back it is, and a record that is created or
deleted meanwhile shifts the pages. A cursor says where the last page ended: each page
takes as long as the first, and no record comes twice or is left out.
"""

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

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
Filter = FilterSchema | Domain | Sequence[Any] | None

CURSOR_ERROR = "The cursor is not one of this list and order."

#: Types of fields by which a cursor can sort, and what their values are in JSON.
CURSOR_TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "char": str,
    "date": str,
    "datetime": str,
    "float": (int, float),
    "integer": int,
    "many2one_reference": int,
    "monetary": (int, float),
    "selection": str,
    "text": str,
}


@dataclass(frozen=True)
class Sort:
    """By which fields a client wants to sort.

    :param terms: names of fields, each with whether it is descending
    """

    terms: tuple[tuple[str, bool], ...] = ()

    @property
    def order(self) -> str | None:
        """The ``order`` of a search; by id at last, so that pages do not overlap.

        None where no field is named, for the model's own order.
        """
        if not self.terms:
            return None
        return ", ".join(
            f"{name} desc" if descending else name
            for name, descending in self.with_id()
        )

    def with_id(self) -> tuple[tuple[str, bool], ...]:
        """Return the terms, ending with the id."""
        if any(name == "id" for name, _descending in self.terms):
            return self.terms
        return (*self.terms, ("id", False))


def sorting(*names: str, default: str = "", **fields: str) -> Callable[..., Sort]:
    """Return a dependency: how a client wants a list to be sorted.

    The query parameter ``sort`` has names with commas between them, each with a minus
    for descending: ``?sort=-date_order,name``. Other names are a 422::

        sort: Annotated[Sort, Depends(sorting("name", date="date_order"))]

    :param names: fields by which a client may sort
    :param default: what counts without a parameter, written as the parameter; the
        model's own order if empty
    :param fields: fields that have another name for the client
    :raises ValueError: no field is named, or the default has another one
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
                description="Fields to sort by, with commas between them; with a minus "
                f"in front, descending. Of {listed}.",
            ),
        ] = default or None,
    ) -> Sort:
        terms = {}
        for item in (sort or "").split(","):
            name = item.removeprefix("-")
            if name:
                terms.setdefault(by_name[name], item.startswith("-"))
        return Sort(tuple(terms.items()))

    return get_sort


def search_page(
    model: Record,
    filter: Filter,
    sort: Sort | None,
    paging: Paging,
    schema: type[S],
) -> PagedCollection[S]:
    """Return one page of the records that are asked for, and how many there are.

    Records are counted by a second query only where the page does not tell.

    :param model: recordset of the model, for the environment
    :param filter: which records; None for all
    :param sort: in which order; None for the model's own
    :param paging: which page
    :param schema: what is read of each record
    :raises AccessError: what the user may not read
    """
    domain = _to_domain(filter)
    offset, limit = paging.offset or 0, paging.limit
    order = (sort and sort.order) or _stable(model._order)
    items = schema.from_search(model, domain, offset, limit, order)
    count = offset + len(items)
    if (limit is not None and len(items) >= limit) or (offset and not items):
        count = model.search_count(domain)
    return _make_page(PagedCollection, schema, count=count, items=items)


class CursorPaging(BaseModel):
    """Which part of a list is asked for; made by :func:`cursor_paging`."""

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

    :param page_size: records on a page unless the client asks for another number
    :param max_page_size: largest number that a client may ask for
    """

    def get_paging(
        cursor: Annotated[
            str | None,
            Query(description="The `next_cursor` of the page before."),
        ] = None,
        page_size: Annotated[
            int, Query(ge=1, le=max_page_size, description=PAGE_SIZE_DESCRIPTION)
        ] = page_size,
    ) -> CursorPaging:
        return CursorPaging(cursor=cursor, limit=page_size)

    return get_paging


#: Dependency: which part of a long list the client asks for.
cursor_paging = make_cursor_paging()


def search_cursor_page(
    model: Record,
    filter: Filter,
    sort: Sort | None,
    paging: CursorPaging,
    schema: type[S],
) -> CursorPage[S]:
    """Return one page of a long list, and the cursor of the next one.

    Takes as long on the last page as on the first, if there is an index for the order.

    :param model: recordset of the model, for the environment
    :param filter: which records; None for all
    :param sort: in which order: fields with a column that are no relations. None for
        the id.
    :param paging: which page
    :param schema: what is read of each record
    :raises AccessError: what the user may not read
    :raises RequestValidationError: 422, a cursor that is none of this order
    :raises ValueError: a field by which a cursor can't sort
    """
    terms = (sort or Sort()).with_id()
    terms = terms[: [name for name, _descending in terms].index("id") + 1]
    for name, _descending in terms:
        _check_term(model, name)
    domain = _to_domain(filter)
    if paging.cursor is not None:
        domain &= _after(model, terms, _decode(model, terms, paging.cursor))
    order = ", ".join(f"{name} {'desc' if desc else 'asc'}" for name, desc in terms)
    # one more tells whether there is a next page
    records, items = schema._search_with_next(
        model, domain, order, paging.limit, [name for name, _descending in terms]
    )
    cursor = None
    if len(records) > len(items):
        cursor = _encode(records[len(items) - 1], terms)
    return _make_page(CursorPage, schema, items=items, next_cursor=cursor)


def _make_page(page: Any, schema: type[RecordSchema], **values: Any) -> Any:
    """Return a page of items, which are validated already.

    A schema that is another class in each database, as those of ``extendable_fastapi``,
    has no page class for all of them.
    """
    if type(schema) is type(RecordSchema):
        page = page[schema]
    return page.model_construct(set(values), **values)


def _to_domain(filter: Filter) -> Domain:
    if isinstance(filter, FilterSchema):
        return filter.to_domain()
    return Domain(filter) if filter is not None else Domain.TRUE


def _stable(order: str) -> str:
    """Return the order of a model, in which each record has its own place."""
    names = {term.split()[0] for term in order.split(",")}
    return order if "id" in names else f"{order}, id"


def _check_term(model: Record, name: str) -> None:
    field = model._fields.get(name)
    if name != "id" and not (
        field and field.store and field.column_type and field.type in CURSOR_TYPES
    ):
        raise ValueError(f"A cursor can't sort {model._name} by {name!r}.")


def _encode(record: Record, terms: Sequence[tuple[str, bool]]) -> str:
    """Return the cursor behind a record: the values that it is sorted by.

    As they are in the database, where a number may be missing too: that is why they
    come from the cache (``Field._get_cache``, see ``rows``).
    """
    values = []
    for name, _descending in terms:
        if name == "id":
            value = record.id
        else:
            value = record[name]  # in the cache, if it was not
            field = record._fields[name]
            if field.type != "boolean" and not value:
                value = field._get_cache(record.env).get(record.id)
        if isinstance(value, dt.date):
            value = value.isoformat()
        values.append(value)
    content = json.dumps([_describe(terms), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _describe(terms: Sequence[tuple[str, bool]]) -> str:
    return ",".join(f"-{name}" if desc else name for name, desc in terms)


def _decode(model: Record, terms: Sequence[tuple[str, bool]], cursor: str) -> list[Any]:
    """Return the values of a cursor.

    :raises RequestValidationError: 422, it was not made for this order
    """
    try:
        content = base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        described, *values = json.loads(content)
        if described == _describe(terms) and len(values) == len(terms):
            return [
                _parse(model._fields[name].type, value)
                for (name, _descending), value in zip(terms, values, strict=True)
            ]
    except (OverflowError, RecursionError, TypeError, ValueError) as err:
        raise _wrong_cursor(cursor) from err
    raise _wrong_cursor(cursor)


def _wrong_cursor(cursor: str) -> RequestValidationError:
    error = {
        "type": "value_error",
        "loc": ("query", "cursor"),
        "msg": CURSOR_ERROR,
        "input": cursor,
    }
    return RequestValidationError([error])


def _parse(kind: str, value: Any) -> Any:
    """Return a value of a cursor, which a client may have changed.

    :raises OverflowError: a number that is too large
    :raises ValueError: it is no value of such a field
    """
    if value is None:
        return None
    if not isinstance(value, CURSOR_TYPES[kind]) or (
        isinstance(value, bool) and kind != "boolean"
    ):
        raise ValueError(value)
    if isinstance(value, str):
        value.encode()  # no surrogates, which PostgreSQL hasn't
        if "\0" in value:
            raise ValueError(value)
    if kind in ("float", "monetary"):
        value = float(value)  # JSON has whole numbers that no float can be
        if not math.isfinite(value):
            raise ValueError(value)
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "datetime":
        parsed = dt.datetime.fromisoformat(value)
        if parsed.tzinfo is not None:
            raise ValueError(value)
        return parsed
    return value


def _after(
    model: Record, terms: Sequence[tuple[str, bool]], values: Sequence[Any]
) -> Domain:
    """Return the domain of the records behind a cursor.

    In SQL: a domain takes an empty number for 0, but PostgreSQL sorts it as the
    largest.
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
