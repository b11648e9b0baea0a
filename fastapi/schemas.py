# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pydantic models for any API, and those of the demo app."""

import warnings
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
    field_validator,
)

__all__ = [
    "DemoEndpointAppInfo",
    "DemoExceptionType",
    "DemoUserInfo",
    "ErrorDetail",
    "PagedCollection",
    "Paging",
]

T = TypeVar("T")


class Paging(BaseModel):
    """The part of a search that a client asks for. Made by ``dependencies.paging``."""

    limit: int | None  # records
    offset: int | None  # records


class PagedCollection(BaseModel, Generic[T]):
    """One page of the result of a search.

    ``total`` is the deprecated name of ``count``, as input and as output.
    """

    count: Annotated[
        int,
        Field(
            description="Number of items that match, on all pages together.",
            validation_alias=AliasChoices("count", "total"),
        ),
    ]
    items: list[T]

    @field_validator("items", mode="before")
    @classmethod
    def _read_together(cls, items: Any) -> Any:
        """Let a ``RecordSchema`` read a recordset as a whole."""
        schema: Any = next(iter(get_args(cls.model_fields["items"].annotation)), None)
        return schema._to_rows(items) if hasattr(schema, "_to_rows") else items

    # with ``deprecated=True``, pydantic would warn when it serializes a page
    @computed_field(  # type: ignore[prop-decorator]
        description="Former name of `count`.", json_schema_extra={"deprecated": True}
    )
    @property
    def total(self) -> int:
        return self.count

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "total":
            warnings.warn(
                "PagedCollection.total is deprecated, set count instead.",
                DeprecationWarning,
                stacklevel=2,
            )
            name = "count"
        return super().__setattr__(name, value)


class ErrorDetail(BaseModel):
    """What went wrong."""

    # For ``responses`` of a route. app.openapi_document adds it for common errors.

    detail: str


class DemoUserInfo(BaseModel):
    name: str
    display_name: str


class DemoEndpointAppInfo(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    app: str
    auth_method: str = Field(alias="demo_auth_method")
    root_path: str


class DemoExceptionType(str, Enum):
    user_error = "UserError"
    validation_error = "ValidationError"
    access_error = "AccessError"
    missing_error = "MissingError"
    http_exception = "HTTPException"
    bare_exception = "BareException"
