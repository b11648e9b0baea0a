# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Extended schemas that read records."""

import gc
import weakref

from extendable.context import extendable_registry
from extendable_pydantic import ExtendableModelMeta
from fastapi import APIRouter

from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.extendable.classes import AddonsRegistry
from odoo.addons.fastapi import records
from odoo.addons.fastapi.dependencies import paging
from odoo.addons.fastapi.records import (
    CursorPaging,
    Reference,
    search_cursor_page,
    search_page,
)
from odoo.addons.fastapi.schemas import Paging

from ..schemas import PagedCollection, RecordSchema
from .common import FastAPITransactionCase


class Contact(RecordSchema):
    name: str


class ContactEmail(Contact, extends=Contact):
    email: str | None = None


class TestRecordSchema(FastAPITransactionCase):
    def setUp(self):
        super().setUp()
        self.backup_extendable_registry()
        self.addCleanup(self.restore_extendable_registry)
        self.partner = self.env["res.partner"].create(
            {
                "name": "Al",
                "email": "al@example.com",
                "country_id": self.env.ref("base.be").id,
            }
        )

        class Country(RecordSchema):
            __module__ = "odoo.addons.one.schemas"
            name: str

        class Partner(RecordSchema):
            __module__ = "odoo.addons.one.schemas"
            name: str
            country_id: Country | None

        class CountryCode(Country, extends=Country):
            __module__ = "odoo.addons.two.schemas"
            code: str | None = None

        class PartnerEmail(Partner, extends=Partner):
            __module__ = "odoo.addons.two.schemas"
            email: str | None = None
            user_ids: list[Reference] = []

        self.Partner = Partner
        self.expected = {"name": "Al", "country_id": {"name": "Belgium"}}
        self.extended = {
            "name": "Al",
            "country_id": {"name": "Belgium", "code": "BE"},
            "email": "al@example.com",
            "user_ids": [],
        }

    def use(self, *addons):
        registry = AddonsRegistry()
        registry.init_addons(["extendable_fastapi", *addons])
        token = extendable_registry.set(registry)
        self.addCleanup(extendable_registry.reset, token)
        return registry

    def read_in_each_way(self, schema):
        domain = [("id", "=", self.partner.id)]
        model = self.partner.browse()
        yield schema.model_validate(self.partner)
        yield schema.from_records(self.partner)[0]
        yield schema.from_search(model, domain)[0]
        yield PagedCollection[schema](count=1, items=self.partner).items[0]

    def test_extension(self):
        for addons, expected in (
            (("one", "two"), self.extended),
            (("one",), self.expected),
            (("one", "two"), self.extended),
        ):
            self.use(*addons)
            for found in self.read_in_each_way(self.Partner):
                self.assertEqual(found.model_dump(), expected)
                self.assertIsInstance(found, self.Partner)

    def test_route(self):
        router = APIRouter()
        router.add_api_route("/", lambda: self.partner, response_model=list[Contact])
        with self._create_test_client(router=router) as client:
            self.assertEqual(
                client.get("/").json(), [{"name": "Al", "email": "al@example.com"}]
            )

    def test_pages(self):
        self.partner.ref = "extended"
        partners = self.env["res.partner"]
        domain = [("ref", "=", "extended")]
        router = APIRouter()

        @router.get("/pages")
        def get_page() -> PagedCollection[Contact]:
            return search_page(partners, domain, None, paging(), Contact)

        @router.get("/cursors")
        def get_cursor_page() -> list[Contact]:
            page = CursorPaging(limit=1)
            return search_cursor_page(partners, domain, None, page, Contact).items

        with self._create_test_client(router=router) as client:
            expected = [{"name": "Al", "email": "al@example.com"}]
            self.assertEqual(
                client.get("/pages").json(), {"count": 1, "items": expected}
            )
            self.assertEqual(client.get("/cursors").json(), expected)

    def test_pages_check_fields_of_an_extension(self):
        email = self.registry["res.partner"]._fields["email"]
        self.patch(email, "groups", "base.group_system")
        user = new_test_user(self.env, "pages", groups="base.group_user")
        partners = self.env["res.partner"].with_user(user)
        for search, page in (
            (search_page, Paging(limit=1, offset=0)),
            (search_cursor_page, CursorPaging(limit=1)),
        ):
            with self.assertRaises(AccessError), mute_logger("odoo.models"):
                self.assertTrue(self.partner.email)  # in the cache now
                search(partners, [("id", "=", self.partner.id)], None, page, Contact)

    def test_metaclass_alone(self):
        class Name(records.RecordSchema, metaclass=ExtendableModelMeta):
            __module__ = "odoo.addons.one.schemas"
            name: str

        class NameEmail(Name, extends=Name):
            __module__ = "odoo.addons.two.schemas"
            email: str | None = None

        class Holder(RecordSchema):
            __module__ = "odoo.addons.one.schemas"
            partner_id: Name

        self.use("one", "two")
        user = self.env.user
        self.assertEqual(
            Holder.model_validate(user).partner_id.model_dump(),
            {"name": user.partner_id.name, "email": user.partner_id.email or None},
        )

    def test_classes_are_freed_with_their_registry(self):
        registry = AddonsRegistry()
        registry.init_addons(["extendable_fastapi", "one", "two"])
        final = registry[self.Partner.__xreg_name__]
        final.from_records(self.partner)
        final = weakref.ref(final)
        del registry
        gc.collect()
        self.assertIsNone(final())
