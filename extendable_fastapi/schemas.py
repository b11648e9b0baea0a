# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pydantic models that other addons extend: a base, and the pages of a search."""

from typing import Annotated, Generic, TypeVar

from extendable_pydantic import StrictExtendableBaseModel
from pydantic import Field

__all__ = ["PagedCollection", "StrictExtendableBaseModel"]

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
