# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pydantic models that other addons extend: bases, and the pages of a search."""

from typing import Annotated, Generic, TypeVar

from extendable_pydantic import ExtendableModelMeta, StrictExtendableBaseModel
from pydantic import BaseModel, Field

from odoo.addons.fastapi import records

__all__ = ["PagedCollection", "RecordSchema", "StrictExtendableBaseModel"]

T = TypeVar("T")


class PagedCollection(StrictExtendableBaseModel, Generic[T]):
    """One page of the result of a search, whose items other addons extend.

    As ``fastapi.schemas.PagedCollection``, which knows only the items that it was
    written for: a model that is not extendable never sees the extensions of its parts.
    """

    count: Annotated[
        int, Field(description="Number of items that match, on all pages together.")
    ]
    items: list[T]


# The metaclass forwards the class methods of ``BaseModel``, where that is a base, and
# those that are defined here, to the final class.
class RecordSchema(records.RecordSchema, BaseModel, metaclass=ExtendableModelMeta):
    """A schema that reads records, with fields that other addons add.

    As ``odoo.addons.fastapi.records.RecordSchema``.
    """

    from_records = classmethod(records.RecordSchema.from_records.__func__)
    from_search = classmethod(records.RecordSchema.from_search.__func__)
    _search_with_next = classmethod(records.RecordSchema._search_with_next.__func__)
