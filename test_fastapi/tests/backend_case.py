# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of endpoints in the backend."""

from odoo.tests import new_test_user

from odoo.addons.test_fastapi.models.fastapi_endpoint import BREAKS_PARAM

from .common import FastapiHttpCase


class BackendCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "user@test", groups="fastapi.group_fastapi_user"
        )
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.outsider = new_test_user(cls.env, "outsider@test")

    def _break(self, how):
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, how)
        self.env.invalidate_all()
