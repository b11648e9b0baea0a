# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from odoo.addons.extendable_fastapi.tests.common import FastAPITransactionCase
from odoo.addons.my_demo_extendable.routers import router


@tagged("post_install", "-at_install")
class TestPartner(FastAPITransactionCase):
    default_fastapi_router = router

    def call(self, **vals):
        partner = self.env["res.partner"].create({"name": "Caller", **vals})
        with self._create_test_client(partner=partner) as client:
            return client.get("/partner").json()

    def test_email(self):
        self.assertEqual(
            self.call(email="caller@example.com"),
            {"name": "Caller", "email": "caller@example.com"},
        )
        self.assertEqual(self.call(), {"name": "Caller", "email": None})

    def test_documentation(self):
        with self._create_test_client() as client:
            document = client.get("/openapi.json").json()
        schema = document["components"]["schemas"]["Partner"]
        self.assertEqual(schema["properties"].keys(), {"name", "email"})
