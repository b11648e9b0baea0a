# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.test_fastapi.models.fastapi_endpoint import BREAKS_PARAM

from .common import FastapiHttpCase


class TestBackend(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Else each test generates them, and rolls them back.
        bundle = cls.env["ir.qweb"]._get_asset_bundle("web.assets_web")
        bundle.css()
        bundle.js()
        cls.env["ir.qweb"]._get_asset_bundle("web.assets_web_print").css()

    def _tour(self, name):
        self.start_tour("/odoo", f"fastapi_endpoint_{name}", login="admin")

    def test_life_of_an_endpoint(self):
        self.env["fastapi.endpoint"].search([]).active = False
        self.assertEqual(self.get("/browser/made/identity").status_code, 404)
        self._tour("create")
        self.assertEqual(self.get("/browser/made/identity").status_code, 200)
        self._tour("routes")
        self._tour("archive")
        self.assertEqual(self.get("/browser/made/identity").status_code, 404)

    def test_broken_endpoint(self):
        self._create_endpoint("/fine", name="Made of no fault")
        self._create_endpoint("/broken", name="Made to break", app="test_breakable")
        self.env["ir.config_parameter"].set_param(BREAKS_PARAM, "hook")
        self._tour("try_again")
        self.assertEqual(self.get("/broken/docs").status_code, 200)

    def test_errors_at_the_field(self):
        self._create_endpoint("/taken/already", name="Made of no fault")
        self._tour("errors")

    def test_keys(self):
        endpoint = self._create_endpoint(
            "/browser/keys", app="test_auth", auth_api_key=False, run_as="user"
        )
        url = f"/odoo/fastapi-endpoints/{endpoint.id}"
        self.start_tour(url, "fastapi_endpoint_keys", login="admin")
        self.assertTrue(endpoint.auth_api_key)
        self.assertFalse(endpoint.key_ids)
        changes = endpoint.change_ids.filtered(
            lambda change: change.field_name == "key_ids"
        )
        self.assertEqual(
            [(change.old_value, change.new_value) for change in changes],
            [
                (f"Made in the browser ({self.caller.name})", False),
                (False, f"Made in the browser ({self.caller.name})"),
            ],
        )
