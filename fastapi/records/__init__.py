# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Schemas that read records; filters and pages of lists; generated CRUD routes."""

from .conditional import IfMatch, IfNoneMatch, make_etag
from .crud import CrudRouter
from .filters import FilterSchema, Lookup, filtering
from .from_model import ModelSchema, schema_from
from .pages import (
    CursorPage,
    CursorPaging,
    Sort,
    cursor_paging,
    make_cursor_paging,
    search_cursor_page,
    search_page,
    sorting,
)
from .schema import BinaryLink, ModelReference, RecordSchema, Reference, Source

__all__ = [
    "BinaryLink",
    "CrudRouter",
    "CursorPage",
    "CursorPaging",
    "FilterSchema",
    "IfMatch",
    "IfNoneMatch",
    "Lookup",
    "ModelReference",
    "ModelSchema",
    "RecordSchema",
    "Reference",
    "Sort",
    "Source",
    "cursor_paging",
    "filtering",
    "make_cursor_paging",
    "make_etag",
    "schema_from",
    "search_cursor_page",
    "search_page",
    "sorting",
]
