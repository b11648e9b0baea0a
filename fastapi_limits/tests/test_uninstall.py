# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.modules import Manifest
from odoo.tests import TransactionCase

from odoo.addons import fastapi_limits


class TestUninstall(TransactionCase):
    def test_system_parameters_are_deleted(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("fastapi_limits.storage_uri", "secret")
        parameters.set_param("fastapi-limits.other", "kept")
        parameters.set_param("fastapi_limits", "kept")
        # the hook that Odoo calls
        hook = Manifest.for_addon("fastapi_limits")["uninstall_hook"]
        getattr(fastapi_limits, hook)(self.env)
        self.assertFalse(parameters.get_param("fastapi_limits.storage_uri"))
        self.assertEqual(parameters.search_count([("value", "=", "kept")]), 2)
