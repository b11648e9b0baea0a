# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes of the demo. ``test_fastapi_bus`` tests the page in browsers."""

from odoo.tests import new_test_user, tagged

from odoo.addons.fastapi.tests.common import FastAPITransactionCase


@tagged("post_install", "-at_install")
class TestOrders(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.env["fastapi.endpoint"].search(
            [("root_path", "=", "/my_demo_live")]
        )
        user = new_test_user(cls.env, "user@test")
        cls.default_fastapi_running_user = user
        cls.default_fastapi_authenticated_partner = user.partner_id

    def setUp(self):
        super().setUp()
        app = self.endpoint._get_app()
        self.client = self.enterContext(self._create_test_client(app=app))

    def test_name(self):
        response = self.client.post("/orders", json={"name": " Two chairs "})
        self.assertEqual(response.status_code, 201, response.text)
        order = response.json()
        self.assertEqual((order["name"], order["state"]), ("Two chairs", "new"))
        for name in ("", "  "):
            response = self.client.post("/orders", json={"name": name})
            self.assertEqual(response.status_code, 422, response.text)
            path = f"/orders/{order['id']}"
            response = self.client.patch(path, json={"name": name})
            self.assertEqual(response.status_code, 422, response.text)
        self.assertEqual(self.client.get("/orders").json()["count"], 1)

    def test_form_has_no_warnings(self):
        endpoint = self.endpoint
        self.assertEqual(endpoint.state, "live")
        self.assertFalse(endpoint.user_warning or endpoint.auth_warning)
