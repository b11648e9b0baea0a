# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from base64 import b64encode

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.extendable_fastapi.tests.common import FastAPITransactionCase
from odoo.addons.my_demo_extendable.routers import router


@tagged("post_install", "-at_install")
class TestPartner(FastAPITransactionCase):
    default_fastapi_router = router

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_fastapi_authenticated_partner = cls.env["res.partner"].create(
            {"name": "Caller"}
        )

    def test_name(self):
        with self._create_test_client() as client:
            response = client.get("/partner")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["name"], "Caller")


@tagged("post_install", "-at_install")
class TestPartnerHttp(HttpCase):
    def test_the_endpoint_is_live(self):
        user = new_test_user(self.env, "my_demo_extendable_caller", name="Caller")
        credentials = f"{user.login}:{user.login}".encode()
        authorization = f"Basic {b64encode(credentials).decode()}"
        path = "/my_demo_extendable/partner"
        response = self.url_open(path, headers={"Authorization": authorization})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["name"], "Caller")
        self.assertEqual(self.url_open(path).status_code, 401)
