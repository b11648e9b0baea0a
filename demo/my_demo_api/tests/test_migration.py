# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The upgrade from 19.0.1.0.0."""

from pathlib import Path

from odoo.modules import Manifest
from odoo.modules.migration import exec_script
from odoo.tests import TransactionCase, tagged

VERSION = "19.0.2.0.0"


@tagged("post_install", "-at_install")
class TestMigration(TransactionCase):
    def test_endpoints_authenticate_as_before(self):
        create = self.env["fastapi.endpoint"].create
        endpoints = [
            create({"app": "my_demo", "root_path": f"/my_demo_api_test/{number}"})
            for number in (1, 2)
        ]
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "ALTER TABLE fastapi_endpoint "
            "ADD COLUMN IF NOT EXISTS my_demo_auth_method varchar"
        )
        for endpoint, method in zip(endpoints, ("api_key", "http_basic"), strict=True):
            cr.execute(
                "UPDATE fastapi_endpoint SET my_demo_auth_method = %s WHERE id = %s",
                [method, endpoint.id],
            )
        folder = Path(Manifest.for_addon("my_demo_api").path, "migrations", VERSION)
        script = str(folder / "post-migration.py")
        exec_script(cr, "19.0.1.0.0", script, "my_demo_api", "post", VERSION)
        self.env.invalidate_all()
        by_key, by_password = endpoints
        self.assertEqual((by_key.auth_api_key, by_key.auth_basic), (True, False))
        self.assertEqual(by_key.api_key_header, "api-key")
        self.assertTrue(by_key.accept_unscoped_keys)
        self.assertEqual(
            (by_password.auth_api_key, by_password.auth_basic), (False, True)
        )
        for endpoint in endpoints:
            self.assertTrue(endpoint.allow_portal_users)
            self.assertEqual(endpoint.run_as, "user")
