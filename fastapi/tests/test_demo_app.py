# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which databases offer the demo app."""

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase


class TestDemoApp(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoints = cls.env["fastapi.endpoint"]
        cls.endpoints._load_demo_data()
        cls.demo = cls.env.ref("fastapi.fastapi_endpoint_demo")
        cls.vals = {"app": "demo", "demo_auth_method": "api_key"}

    def forget_demo_data(self):
        """Put the database in the state of one without demo data."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "fastapi"), ("name", "=like", "%demo_app%")]
        )
        self.assertTrue(data)
        data.unlink()

    def choices(self):
        return dict(self.endpoints.fields_get(["app"])["app"]["selection"])

    def test_offered_with_demo_data(self):
        self.assertIn("demo", self.choices())
        self.endpoints.create({"name": "More", "root_path": "/more", **self.vals})

    def test_refused_without_demo_data(self):
        self.forget_demo_data()
        with self.assertRaisesRegex(ValidationError, "More can't have the demo app"):
            self.endpoints.create({"name": "More", "root_path": "/more", **self.vals})
        with self.assertRaisesRegex(ValidationError, "demo data"):
            self.demo.copy()

    def test_existing_endpoints_keep_the_app(self):
        self.forget_demo_data()
        self.demo.write({"name": "Renamed", "root_path": "/renamed"})
        self.demo.demo_auth_method = "api_key"
        self.demo.active = False
        self.demo.active = True
        self.assertEqual(self.demo.state, "live")
        self.assertIn("demo", self.choices())

    def test_hidden_if_no_endpoint_uses_it(self):
        self.forget_demo_data()
        self.endpoints.with_context(active_test=False).search(
            [("app", "=", "demo")]
        ).unlink()
        self.assertNotIn("demo", self.choices())
        views = self.endpoints.get_views([(False, "form")])
        selection = views["models"]["fastapi.endpoint"]["fields"]["app"]["selection"]
        self.assertNotIn("demo", dict(selection))
        self.assertTrue(self.endpoints.fields_get(["name"])["name"])

    def test_demo_data_can_be_loaded_later(self):
        self.forget_demo_data()
        self.env.ref("fastapi.fastapi_endpoint_multislash_demo").unlink()
        self.demo.unlink()
        self.env["res.users"].search([("login", "=", "my_demo_app_user")]).unlink()
        self.endpoints._load_demo_data()
        self.assertIn("demo", self.choices())
        self.assertEqual(self.env.ref("fastapi.fastapi_endpoint_demo").state, "live")
