# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""API keys of an endpoint: who may make them, and for which users."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from .key_case import KeyCase


class TestWhoMayMakeKeys(KeyCase):
    def _make(self, maker, user, days=1):
        date = days and fields.Datetime.now() + timedelta(days=days)
        keys = self.keys.with_user(maker)
        return keys._generate(self.endpoint, user, "Made in a test", date)

    def test_administrators_of_fastapi(self):
        key, secret = self._make(self.manager, self.caller)
        self.assertEqual(self._find(secret).user_id, self.caller.id)
        self.assertEqual(key.create_uid, self.manager)
        for maker in (self.reader, self.caller):
            with self.assertRaises(AccessError):
                self._make(maker, self.caller)

    def test_endpoints_of_own_companies_only(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.endpoint.user_id.company_ids += company
        self.endpoint.company_id = company
        key, _secret = self._generate()
        with self.assertRaises(AccessError):
            self._make(self.manager, self.caller)
        visible = self.keys.with_user(self.manager).search([])
        self.assertNotIn(key, visible)

    def test_for_users_of_own_companies_only(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.endpoint.company_id = False
        stranger = new_test_user(
            self.env,
            "stranger@test",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            self._make(self.manager, stranger)
        key, _secret = self._make(self.system, stranger)
        with self.assertRaises(AccessError):
            key.with_user(self.manager).scopes = "all"
        self.manager.company_ids += company
        self.assertTrue(self._make(self.manager, stranger))
        # only the company of the endpoint is checked
        self.manager.company_ids -= company
        self.endpoint.company_id = self.env.company
        self.assertTrue(self._make(self.manager, stranger))

    def test_for_administrators_of_odoo(self):
        erp_manager = new_test_user(
            self.env, "erp@test", groups="base.group_user,base.group_erp_manager"
        )
        for user in (erp_manager, self.system):
            with self.assertRaises(AccessError):
                self._make(self.manager, user)
            self.assertTrue(self._make(self.system, user))

    def test_for_users_who_can_not_call(self):
        archived = new_test_user(self.env, "archived@test")
        archived.active = False
        public = self.env.ref("base.public_user").copy({"active": True})
        self.endpoint.allow_portal_users = True
        for user in (self.env.ref("base.user_root"), archived, public):
            for maker in (self.manager, self.system, self.env.user):
                with self.assertRaises(UserError):
                    self._make(maker, user)

    def test_for_portal_users(self):
        portal = new_test_user(self.env, "portal@test", groups="base.group_portal")
        with self.assertRaises(UserError):
            self._make(self.system, portal)
        self.endpoint.allow_portal_users = True
        self.assertTrue(self._make(self.manager, portal))

    def test_expiration(self):
        for days in (None, 91):
            with self.assertRaises(ValidationError):
                self._make(self.manager, self.caller, days=days)
            key, _secret = self._make(self.system, self.caller, days=days)
            self.assertEqual(bool(key.expiration_date), bool(days))
        with self.assertRaises(ValidationError):
            self._make(self.system, self.caller, days=-1)

    def test_log_of_changes(self):
        key, secret = self._make(self.manager, self.caller)
        change = self.endpoint.change_ids[0]
        self.assertEqual(change.field_label, "API Keys")
        self.assertEqual(change.author_id, self.manager)
        self.assertEqual(change.new_value, f"Made in a test ({self.caller.name})")
        self.assertNotIn(secret, str(self.endpoint.change_ids.read()))
        text = change.new_value
        key.with_user(self.manager).scopes = "b a"
        self.endpoint.invalidate_recordset()
        change = self.endpoint.change_ids[0]
        self.assertEqual((change.old_value, change.new_value), (text, f"{text}: a b"))
        key.with_user(self.manager).scopes = "a b"
        self.endpoint.invalidate_recordset()
        self.assertEqual(self.endpoint.change_ids[0], change)
