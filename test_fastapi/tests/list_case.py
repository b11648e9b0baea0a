# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Records to list, a schema and a filter for them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, field_validator

from odoo.fields import Domain

from odoo.addons.fastapi.records import FilterSchema, Lookup, RecordSchema

from .record_case import RecordCase


class Item(RecordSchema):
    id: int
    name: str
    integer: int


class ItemFilter(FilterSchema):
    integer: int | None = None
    selection: list[Literal["low", "high"]] | None = None
    since: Annotated[dt.date | None, Lookup("date", operator=">=")] = None
    before: Annotated[AwareDatetime | None, Lookup("datetime", operator="<")] = None
    search: Annotated[
        str | None,
        Lookup("name", "partner_id.name", operator="ilike"),
        Field(description="Part of a name"),
    ] = None
    without: Annotated[str | None, Lookup("name", "text", operator="not ilike")] = None
    boolean: bool | None = Field(None, alias="isTrue")

    @field_validator("search")
    @classmethod
    def check_search(cls, value):
        if value == "x":
            raise ValueError("too short")
        return value


class ListCase(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.items = cls.model.create(
            [
                {"name": f"Item {number}", "integer": number % 3, "text": "list"}
                for number in range(7)
            ]
        )
        cls.env.flush_all()
        cls.domain = Domain("text", "=", "list")
