# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pydantic models that other addons can extend: base classes and pages."""

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from extendable_pydantic.main import ExtendableModelMeta
from extendable_pydantic.models import StrictExtendableBaseModel
from pydantic import BaseModel, Field

from odoo.addons.fastapi import records

__all__ = ["PagedCollection", "RecordSchema", "StrictExtendableBaseModel"]

T = TypeVar("T")


class PagedCollection(StrictExtendableBaseModel, Generic[T]):
    """One page of a search, with items that other addons can extend.

    ``fastapi.schemas.PagedCollection`` is not extendable, so it would ignore the
    extensions of its items.
    """

    count: Annotated[
        int, Field(description="Number of items that match, on all pages together.")
    ]
    items: list[T]


# The metaclass forwards class methods to the final class if they are defined here, or
# in ``BaseModel`` if that is a base.
class RecordSchema(records.RecordSchema, BaseModel, metaclass=ExtendableModelMeta):
    """``fastapi.records.RecordSchema``, with fields that other addons can add."""

    from_records: ClassVar[Any] = vars(records.RecordSchema)["from_records"]
    from_search: ClassVar[Any] = vars(records.RecordSchema)["from_search"]
    _search_with_count = vars(records.RecordSchema)["_search_with_count"]
    _search_with_next = vars(records.RecordSchema)["_search_with_next"]
