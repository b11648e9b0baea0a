# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Records of every type of field, and schemas that read them."""

import base64
import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Base64Bytes

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.fastapi.records import (
    BinaryLink,
    ModelReference,
    RecordSchema,
    Reference,
    Source,
)
from odoo.addons.fastapi.tests.common import FastAPITransactionCase

PIXEL = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    b"awAAAABJRU5ErkJggg=="
)


class Country(RecordSchema):
    code: str | None
    name: str


class Partner(RecordSchema):
    id: int
    name: str
    email: str | None
    country_id: Country | None


class Typed(RecordSchema):
    id: int
    name: str
    title: str | None
    text: str | None
    html: str | None
    boolean: bool
    integer: int
    float: float
    digits: Decimal
    monetary: Decimal
    date: dt.date | None
    datetime: AwareDatetime | None
    selection: Literal["low", "high"] | None
    binary: bytes | None
    column_binary: Base64Bytes | None
    image: BinaryLink | None
    json_: Annotated[Any, Source("json")]
    by_company: str | None
    partner_id: Partner | None
    parent_id: int | None
    child_ids: list[int]
    partner_ids: list[Reference]
    reference: ModelReference | None
    res_id: ModelReference | None
    properties: dict[str, Any]
    computed: str


class RecordCase(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "records", groups="base.group_user")
        cls.country = cls.env.ref("base.be")
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": "Al", "email": "al@example.com", "country_id": cls.country.id},
                {"name": "Jo"},
            ]
        )
        cls.model = cls.env["test.fastapi.typed"]
        cls.empty = cls.model.create({"name": "Empty"})
        cls.full = cls.model.create(
            {
                "name": "Full",
                "title": "Title",
                "text": "Text",
                "html": "<p>Html</p>",
                "boolean": True,
                "integer": 7,
                "float": 0.1,
                "digits": 0.1,
                "currency_id": cls.env.ref("base.EUR").id,
                "monetary": 1234.5,
                "date": dt.date(2026, 1, 2),
                "datetime": dt.datetime(2026, 1, 2, 3, 4, 5),
                "selection": "high",
                "binary": base64.b64encode(b"content"),
                "column_binary": base64.b64encode(b"column"),
                "image": PIXEL,
                "json": {"a": [1]},
                "by_company": "mine",
                "partner_id": cls.partners[0].id,
                "parent_id": cls.empty.id,
                "child_ids": [
                    Command.create({"name": "First"}),
                    Command.create({"name": "Second"}),
                ],
                "partner_ids": [Command.set(cls.partners.ids)],
                "reference": f"res.partner,{cls.partners[1].id}",
                "res_model": "res.partner",
                "res_id": cls.partners[0].id,
            }
        )
        cls.env.flush_all()

    def forbid(self, model, domain):
        """Let the user read only the records of a domain."""
        self.env["ir.rule"].create(
            {
                "name": "Test",
                "model_id": self.env["ir.model"]._get_id(model),
                "domain_force": repr(domain),
            }
        )
