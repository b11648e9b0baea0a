# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``CrudRouter`` with schemas that other addons extend."""

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.records import CrudRouter

from ..schemas import PagedCollection, RecordSchema
from .common import FastAPITransactionCase


class Contact(RecordSchema):
    name: str


class ContactEmail(Contact, extends=Contact):
    email: str | None = None


router = CrudRouter(
    "res.partner",
    prefix="/contacts",
    name="contact",
    schema=Contact,
    create=Contact,
    update=Contact,
    domain=[("name", "like", "Extended")],
    env=odoo_env,
    page_class=PagedCollection,
)


class TestCrud(FastAPITransactionCase):
    def test_fields_of_an_extension(self):
        contact = {"name": "Extended", "email": "al@example.com"}
        with self._create_test_client(router=router) as client:
            response = client.post("/contacts", json=contact)
            self.assertEqual(response.json(), contact)
            self.assertEqual(client.get("/contacts").json()["items"], [contact])
            url = response.headers["Location"]
            headers = {"If-Match": response.headers["ETag"]}
            contact["email"] = "jo@example.com"
            for status in (200, 412):
                response = client.patch(url, json=contact, headers=headers)
                self.assertEqual(response.status_code, status)
            response = client.get(url)
            self.assertEqual(response.json(), contact)
            headers = {"If-None-Match": response.headers["ETag"]}
            self.assertEqual(client.get(url, headers=headers).status_code, 304)
            properties = client.get("/openapi.json").json()["components"]["schemas"]
            self.assertEqual(
                list(properties["Contact"]["properties"]), ["name", "email"]
            )
