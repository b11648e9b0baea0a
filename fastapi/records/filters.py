# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Filters of lists: converts query parameters to a domain."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticUndefined
from starlette.requests import HTTPConnection

from odoo.fields import Domain

from .vals import check_range, out_of_range, to_plain

__all__ = ["FilterSchema", "Lookup", "filtering"]

#: Operators of domains that a filter may use.
OPERATORS = frozenset(
    {"=", "!=", "<", "<=", ">", ">=", "in", "not in", "child_of", "parent_of"}
    | {"like", "not like", "ilike", "not ilike", "=like", "=ilike"}
)
LAST_SECOND = dt.datetime.max.replace(microsecond=0)


class Lookup:
    """The condition of a parameter of a :class:`FilterSchema`.

    :param fields: name of a field, also of a related record (``"partner_id.name"``).
        If there are several, one has to match. Default: the name of the parameter.
    :param operator: operator of Odoo's domains. Default: ``in`` for a list, else ``=``.
    :raises ValueError: a filter can't use the operator
    """

    def __init__(self, *fields: str, operator: str | None = None) -> None:
        if operator is not None and operator not in OPERATORS:
            raise ValueError(
                f"{operator!r} is not one of {', '.join(sorted(OPERATORS))}"
            )
        self.fields = fields
        self.operator = operator


class FilterSchema(BaseModel):
    """The filters that clients may use in a list::

        class OrderFilter(FilterSchema):
            partner_id: int | None = None
            state: list[Literal["draft", "sale"]] | None = None
            since: Annotated[date | None, Lookup("date_order", operator=">=")] = None
            search: Annotated[
                str | None, Lookup("name", "partner_id.name", operator="ilike")
            ] = None

        @router.get("/orders")
        def orders(filter: Annotated[OrderFilter, Depends(filtering(OrderFilter))]):
            env["sale.order"].search(filter.to_domain())

    A parameter without a value adds no condition. If no operator fits, write a method
    ``filter_<parameter>``, which takes the value and returns a domain::

        late: bool | None = None

        def filter_late(self, value):
            return Domain("date_order", "<" if value else ">=", date.today())
    """

    __filter_lookups__: ClassVar[tuple[tuple[str, tuple[str, ...], str | None], ...]]
    __filter_dependency__: ClassVar[Any] = None

    def to_domain(self) -> Domain:
        """Return the domain of the records that the client asks for.

        :raises odoo.exceptions.ValidationError: PostgreSQL or Odoo can't compare fields
            with a text, number or time
        """
        conditions = []
        for name, fields, operator in self._get_lookups():
            value = getattr(self, name)
            if value is None:
                continue
            value = to_plain(value)
            if not fields:
                conditions.append(Domain(getattr(self, f"filter_{name}")(value)))
                continue
            if operator is None:
                operator = "in" if isinstance(value, list) else "="
            value = _fit(name, operator, value)
            found = [Domain(field, operator, value) for field in fields]
            negative = operator == "!=" or operator.startswith("not ")
            conditions.append(Domain.AND(found) if negative else Domain.OR(found))
        return Domain.AND(conditions)

    @classmethod
    def _get_lookups(cls) -> tuple[tuple[str, tuple[str, ...], str | None], ...]:
        """Return attribute, fields and operator of each parameter.

        A parameter with a method ``filter_<parameter>`` has no fields.
        """
        if "__filter_lookups__" not in cls.__dict__:
            found = []
            for name, field in cls.model_fields.items():
                lookups = (item for item in field.metadata if isinstance(item, Lookup))
                lookup = next(lookups, Lookup())
                has_method = hasattr(cls, f"filter_{name}")
                fields = () if has_method else lookup.fields or (name,)
                found.append((name, fields, lookup.operator))
            cls.__filter_lookups__ = tuple(found)
        return cls.__filter_lookups__


def _fit(name: str, operator: str, value: Any) -> Any:
    """Return a value that Odoo and PostgreSQL can compare fields with.

    :param name: name of the parameter
    :raises odoo.exceptions.ValidationError: a number or time out of range
    """
    if isinstance(value, list):
        return [_fit(name, operator, item) for item in value]
    if isinstance(value, str) and operator in ("=like", "=ilike"):
        # a pattern can't end with its escape character
        backslashes = len(value) - len(value.rstrip("\\"))
        return value + "\\" * (backslashes % 2)
    if isinstance(value, int | float):
        return check_range(name, value)
    if (
        isinstance(value, dt.datetime)
        and value >= LAST_SECOND
        and operator in ("=", "!=", "in", "not in")
    ):  # Odoo adds a second to it
        raise out_of_range(value)
    return value


def _validate(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Return a valid value as it was sent: the schema converts it."""
    validate(value)
    return value


F = TypeVar("F", bound=FilterSchema)


def filtering(schema: type[F]) -> Callable[..., F]:
    """Return a dependency that provides the filters of the request.

    Each call with the same schema returns the same function, so that apps can override
    it. The schema validates only what the client sends, and its default factories are
    called for each request, as with ``Annotated[schema, Query()]``.

    :param schema: its fields are query parameters
    :raises TypeError: a field has ``AliasChoices`` or an ``AliasPath``
    """
    if "__filter_dependency__" not in schema.__dict__:
        schema.__filter_dependency__ = staticmethod(_make_dependency(schema))
    dependency: Callable[..., F] = schema.__filter_dependency__
    return dependency


def _make_dependency(schema: type[F]) -> Callable[..., F]:
    if not schema.__pydantic_complete__:  # it refers to a class that was defined later
        schema.model_rebuild()
    aliases: dict[str, str] = {}

    # if a route has other parameters, FastAPI before 0.165 documents a model in Query()
    # as a single parameter; the fields of a model have no underscore in front
    def get_filter(_connection: HTTPConnection | None = None, **values: Any) -> F:
        by_alias = {aliases[name]: value for name, value in values.items()}
        if _connection is not None:  # without defaults, which the schema knows
            query = _connection.query_params
            by_alias = {name: val for name, val in by_alias.items() if name in query}
        try:
            return schema.model_validate(by_alias, by_alias=True)
        except ValidationError as err:
            errors = [
                {**error, "loc": ("query", *error["loc"])}
                for error in err.errors(include_url=False)
            ]
            raise RequestValidationError(errors) from err

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("_connection", keyword, annotation=HTTPConnection)]
    for name, field in schema.model_fields.items():
        alias = field.validation_alias or name
        if not isinstance(alias, str):
            raise TypeError(
                f"{schema.__name__}.{name} can't be a query parameter with "
                f"{alias!r}: give it one alias."
            )
        aliases[name] = alias
        query = Query(
            alias=aliases[name],
            title=field.title,
            description=field.description,
            examples=field.examples,
            deprecated=field.deprecated,
        )
        annotation: Any = field.annotation
        for metadata in (*field.metadata, WrapValidator(_validate), query):
            annotation = Annotated[annotation, metadata]
        # for the documentation, which leaves out None
        default = None if field.default is PydanticUndefined else field.default
        parameters.append(
            inspect.Parameter(
                name,
                keyword,
                default=inspect.Parameter.empty if field.is_required() else default,
                annotation=annotation,
            )
        )
    signature = inspect.Signature(parameters)
    get_filter.__signature__ = signature  # type: ignore[attr-defined]
    return get_filter
