# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2 import IntegrityError

from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.test_fastapi.tests.backend_case import BackendCase


@tagged("post_install", "-at_install")
class TestBackend(BackendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["fastapi.oidc.provider"].create(
            {"name": "Login", "issuer": "https://x.example", "audience": "api"}
        )
        cls.endpoint = cls._create_endpoint("/oidc", app="test_oidc")

    def test_what_clients_send(self):
        with Form(self.endpoint.with_user(self.manager)) as form:
            self.assertIn("no way to authenticate", form.auth_warning)
            self.assertTrue(form._get_modifier("oidc_provider_id", "invisible"))
            self.assertTrue(form._get_modifier("allow_portal_users", "invisible"))
            form.auth_oidc = True
            self.assertFalse(form._get_modifier("oidc_provider_id", "invisible"))
            self.assertFalse(form._get_modifier("allow_portal_users", "invisible"))
            self.assertIn("No token is valid", form.auth_warning)
            form.oidc_provider_id = self.provider
            self.assertFalse(form.auth_warning)
        expected = (
            "Clients send a token of Login in the header Authorization: Bearer TOKEN."
        )
        for user in (self.user, self.manager):
            self.assertEqual(self.endpoint.with_user(user).auth_summary, expected)
        self.provider.active = False
        self.assertIn("No token is valid", self.endpoint.auth_warning)

    def test_fields_of_an_app_that_authenticates(self):
        endpoint = self._create_endpoint("/by-app", auth_oidc=True)
        form = Form(endpoint.with_user(self.manager))
        self.assertTrue(form._get_modifier("auth_oidc", "invisible"))
        self.assertTrue(form._get_modifier("oidc_provider_id", "invisible"))
        self.assertFalse(endpoint.auth_warning)

    def test_an_endpoint_keeps_its_provider(self):
        self.endpoint.write({"auth_oidc": True, "oidc_provider_id": self.provider.id})
        found = self.env["fastapi.endpoint"].search([("auth_oidc", "=", True)])
        self.assertIn(self.endpoint, found)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.provider.unlink()
