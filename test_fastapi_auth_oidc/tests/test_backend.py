# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
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

    def test_a_provider_of_a_company(self):
        """One without a company is for all endpoints and administrators."""
        here, other = self.env.company, self.env["res.company"].create({"name": "B"})
        caller = self.env["fastapi.oidc.caller"].create(
            {
                "provider_id": self.provider.id,
                "subject": "x",
                "partner_id": self.env.user.partner_id.id,
            }
        )
        mine = self.provider.with_user(self.manager)
        for company in (self.env["res.company"], here):
            self.provider.company_id = company
            mine.leeway += 1
            caller.with_user(self.manager).subject += "y"
            self.endpoint.oidc_provider_id = self.provider
            self.endpoint.oidc_provider_id = False
        self.provider.company_id = other
        for record, field in ((self.provider, "leeway"), (caller, "subject")):
            record = record.with_user(self.manager)
            with self.assertRaises(AccessError):
                record.read([field])
            with self.assertRaises(AccessError):
                record.write({field: record.sudo()[field]})
        self.assertFalse(mine.search([("id", "=", mine.id)]))
        shared = self.provider.copy({"issuer": "https://y.example"})
        shared.company_id = False
        subject = self.env["fastapi.oidc.caller"].create(
            {
                "provider_id": shared.id,
                "subject": "x",
                "partner_id": self.env.user.partner_id.id,
            }
        )
        with self.assertRaises(AccessError):
            subject.with_user(self.manager).provider_id = self.provider
        with self.assertRaises(AccessError):
            shared.with_user(self.manager).company_id = other
        for company in (here, self.env["res.company"]):
            self.endpoint.company_id = company
            with (
                self.assertRaisesRegex(UserError, "company inconsistencies"),
                self.env.cr.savepoint(),
            ):
                self.endpoint.oidc_provider_id = self.provider

    def test_the_company_of_a_provider_is_that_of_its_endpoints(self):
        other = self.env["res.company"].create({"name": "B"})
        self.endpoint.write({"oidc_provider_id": self.provider.id, "active": False})
        without = self.endpoint.copy({"root_path": "/none", "company_id": False})
        for company in (other, self.endpoint.company_id):
            with (
                self.assertRaisesRegex(ValidationError, "Login is used by endpoints"),
                self.env.cr.savepoint(),
            ):
                self.provider.company_id = company
        without.unlink()
        self.provider.company_id = self.endpoint.company_id
        user = new_test_user(self.env, "other", company_id=other.id, company_ids=other)
        for vals in ({"company_id": other.id}, {"user_id": user.id}):
            with (
                self.assertRaisesRegex(UserError, "company inconsistencies"),
                self.env.cr.savepoint(),
            ):
                self.endpoint.write(vals)
