# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""A router of the test model, its schemas and its records."""

from typing import Annotated

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import CrudRouter, FilterSchema, Lookup, RecordSchema

from .record_case import RecordCase


class Contact(RecordSchema):
    id: int
    name: str


class Item(RecordSchema):
    id: int
    name: str
    integer: int
    partner_id: Contact | None


class ItemCreate(RecordSchema):
    name: str
    integer: int = 0
    text: str | None = None
    partner_id: int | None = None


class ItemUpdate(RecordSchema):
    name: str = ""
    integer: int = 0
    text: str | None = None
    partner_id: int | None = None
    selection: str | None = None


class ItemFilter(FilterSchema):
    integer: list[int] | None = None
    search: Annotated[str | None, Lookup("name", operator="ilike")] = None


DOMAIN = [("text", "=", "crud")]


class Router(CrudRouter):
    def _create_record(self, model, vals):
        return super()._create_record(model, {"text": "crud", **vals})


def make_router(**params):
    return Router(
        "test.fastapi.typed",
        **{
            "prefix": "/items",
            "name": "item",
            "schema": Item,
            "create": ItemCreate,
            "update": ItemUpdate,
            "delete": True,
            "filter": ItemFilter,
            "sort": ("name", "integer"),
            "domain": DOMAIN,
            "env": odoo_env,
            **params,
        },
    )


class CrudCase(RecordCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.items = cls.model.create(
            [
                {"name": f"Item {number}", "integer": number % 2, "text": "crud"}
                for number in range(5)
            ]
        )
        cls.item = cls.items[0]
        cls.outside = cls.model.create({"name": "Outside", "text": "other"})
        cls.env.flush_all()

    def client(self, router=None, **params):
        """Return a client that gets the responses of the server."""
        params = {"raise_server_exceptions": False, **params}
        return self.enterContext(
            self._create_test_client(router=router or make_router(), **params)
        )

    def expect(self, response, status):
        self.assertEqual(response.status_code, status, response.text)
        return response.json() if response.content else None

    def url(self, record):
        return f"/items/{record.id}"
