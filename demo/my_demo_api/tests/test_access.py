# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rights of the app's user in Odoo, with and without an authenticated partner."""

from odoo.exceptions import AccessDenied, AccessError
from odoo.tests import TransactionCase, tagged

from odoo.addons.my_demo_api.tests.common import MyDemoMixin


@tagged("post_install", "-at_install")
class TestAccess(MyDemoMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_callers()
        cls.app_env = cls.env(user=cls.app_user, context={})
        cls.env_of_a = cls.app_env(
            context={"authenticated_partner_id": cls.partner_a.id}
        )

    def test_groups_of_the_app_user(self):
        group = self.env.ref("my_demo_api.my_demo_app_group")
        runner = self.env.ref("fastapi.group_fastapi_endpoint_runner")
        self.assertEqual(self.app_user.all_group_ids, group | runner)

    def test_app_user_cannot_log_in(self):
        for password in ("my_demo_api_user", "admin", "False"):
            with self.assertRaises(AccessDenied):
                self.env["res.users"].authenticate(
                    {
                        "type": "password",
                        "login": self.app_user.login,
                        "password": password,
                    },
                    {"interactive": False},
                )

    def test_anonymous_callers_see_no_bank_account(self):
        self.assertFalse(self.app_env["res.partner.bank"].search([]))
        with self.assertRaises(AccessError):
            self.account_b.with_env(self.app_env).read(["acc_number"])

    def test_a_partner_sees_their_own_bank_accounts(self):
        accounts = self.env_of_a["res.partner.bank"].search([])
        self.assertEqual(accounts.ids, self.accounts_a.ids)
        with self.assertRaises(AccessError):
            self.account_b.with_env(self.env_of_a).read(["acc_number"])

    def test_bank_accounts_can_be_added_for_the_caller_only(self):
        accounts = self.env_of_a["my_demo.bank_accounts"]
        account = accounts.add(self.partner_a, "A-4")
        self.assertEqual(account.partner_id.id, self.partner_a.id)
        with self.assertRaises(AccessError):
            accounts.add(self.partner_b, "B-2")

    def test_bank_accounts_cannot_be_changed_or_deleted(self):
        account = self.accounts_a[0].with_env(self.env_of_a)
        with self.assertRaises(AccessError):
            account.write({"acc_number": "X-1"})
        with self.assertRaises(AccessError):
            account.unlink()

    def test_partners_are_the_app_user_and_the_caller(self):
        partners = self.env_of_a["res.partner"].search([])
        self.assertEqual(
            set(partners.ids), {self.app_user.partner_id.id, self.partner_a.id}
        )

    def test_endpoint_and_user_are_those_of_the_app(self):
        other = self.endpoint.copy({"user_id": self.user_b.id})
        endpoints = self.app_env["fastapi.endpoint"].search([])
        self.assertIn(self.endpoint.id, endpoints.ids)
        self.assertNotIn(other.id, endpoints.ids)
        self.assertEqual(self.app_env["res.users"].search([]).ids, self.app_user.ids)

    def test_other_models_cannot_be_read(self):
        for model in ("res.bank", "ir.config_parameter", "ir.cron", "res.groups"):
            with self.subTest(model), self.assertRaises(AccessError):
                self.app_env[model].search([])
