# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.modules import Manifest
from odoo.tests import TransactionCase

from odoo.addons import fastapi_request_log


class TestUninstall(TransactionCase):
    def test_system_parameters_are_deleted(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("fastapi_request_log.metrics_token_hash", "secret")
        parameters.set_param("fastapi-request_log.other", "kept")
        parameters.set_param("fastapi_request_log", "kept")
        # the hook that Odoo calls
        hook = Manifest.for_addon("fastapi_request_log")["uninstall_hook"]
        getattr(fastapi_request_log, hook)(self.env)
        self.assertFalse(parameters.get_param("fastapi_request_log.metrics_token_hash"))
        self.assertEqual(parameters.search_count([("value", "=", "kept")]), 2)
