# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of the API keys of endpoints."""

from odoo.tests import TransactionCase, new_test_user


class KeyCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint, cls.other_endpoint = cls.env["fastapi.endpoint"].create(
            [
                {"name": "Orders", "app": "test", "root_path": "/keys/orders"},
                {"name": "Stock", "app": "test", "root_path": "/keys/stock"},
            ]
        )
        cls.keys = cls.env["fastapi.endpoint.key"]
        cls.caller = new_test_user(cls.env, "caller@test", password="caller's secret")
        cls.reader = new_test_user(
            cls.env, "reader@test", groups="fastapi.group_fastapi_user"
        )
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.system = new_test_user(
            cls.env,
            "system@test",
            groups="fastapi.group_fastapi_manager,base.group_system",
        )

    @classmethod
    def _generate(cls, **kwargs):
        values = {
            "endpoint": cls.endpoint,
            "user": cls.caller,
            "name": "Made in a test",
            **kwargs,
        }
        return cls.keys._generate(**values)

    def _find(self, secret, endpoint=None, accept_unscoped=False):
        endpoint = endpoint or self.endpoint
        return self.keys._find_valid(endpoint.id, secret, accept_unscoped)
