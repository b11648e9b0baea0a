# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of endpoints that authenticate."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

from .common import FastapiHttpCase

NOT_AUTHENTICATED = "Not authenticated"


class AuthCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit_failures(0)  # no limit
        cls.group = cls.env.ref("test_fastapi.group_test_runner")
        cls.user = new_test_user(
            cls.env, "key@test", "base.group_user", tz="Asia/Tokyo"
        )
        cls.user.group_ids += cls.group
        cls.endpoint = cls._create_endpoint(
            "/auth",
            app="test_auth",
            auth_api_key=True,
            run_as="user",
            accept_unscoped_keys=True,
        )
        cls.key = cls._make_key(cls.user)

    @classmethod
    def _limit_failures(cls, number):
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", number)

    @classmethod
    def _make_key(cls, user, scope=None, days=None):
        expires = days and fields.Datetime.now() + timedelta(days=days)
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "test", expires)

    def get_by_key(self, path, key=None, **headers):
        return self.get(path, headers=self.by_key(key, **headers))

    def post_by_key(self, path, key=None, **headers):
        return self.post(path, headers=self.by_key(key, **headers))

    def by_key(self, key=None, **headers):
        return {"Authorization": f"Bearer {key or self.key}", **headers}

    def assert_refused(self, response, status, detail=None, challenge=None):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(list(response.json()), ["detail"])
        if detail:
            self.assertEqual(response.json()["detail"], detail)
        self.assertEqual(response.headers.get("WWW-Authenticate"), challenge)
