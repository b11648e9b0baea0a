# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The endpoint as a record, and its app."""

from odoo.exceptions import AccessError

from odoo.addons.my_demo_api.tests.common import MyDemoRouterCase


class TestEndpoint(MyDemoRouterCase):
    default_fastapi_router = None  # the app brings its own

    def test_a_new_endpoint_takes_keys(self):
        endpoint = self.env["fastapi.endpoint"].create(
            {"app": "my_demo", "root_path": "/my_demo_api_test/new"}
        )
        self.assertTrue(endpoint.auth_api_key)

    def test_the_documentation_has_the_chosen_authentication(self):
        for header, scheme in (
            (False, {"type": "http", "scheme": "bearer"}),
            ("api-key", {"type": "apiKey", "name": "api-key"}),
        ):
            with self.subTest(header):
                self.endpoint.write(
                    {
                        "auth_api_key": True,
                        "auth_basic": False,
                        "api_key_header": header,
                    }
                )
                # without a partner, the app documents the endpoint's authentication
                self.default_fastapi_authenticated_partner = None
                with self._create_test_client(app=self.endpoint._get_app()) as client:
                    document = client.get("/openapi.json").json()
                (found,) = document["components"]["securitySchemes"].values()
                self.assertLessEqual(scheme.items(), found.items())
                self.assertIn("security", document["paths"]["/bank_accounts"]["get"])
                self.assertNotIn("security", document["paths"]["/echo"]["get"])

    def test_errors_of_odoo_have_a_code(self):
        with self._create_test_client(
            app=self.endpoint._get_app(), raise_server_exceptions=False
        ) as client:
            response = client.get(f"/bank_accounts/{self.account_b.id}")
        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.json()["code"], "not_found")
        self.assertIn(str(self.account_b.id), response.json()["detail"])

    def test_errors_are_raised_in_a_test(self):
        self.app_user.group_ids = self.env.ref("fastapi.group_fastapi_endpoint_runner")
        with self._create_test_client(app=self.endpoint._get_app()) as client:
            with self.assertRaises(AccessError):
                client.get("/bank_accounts")

    def test_title_follows_the_name_of_the_endpoint(self):
        self.endpoint.name = "Another name"
        app = self.endpoint._get_app()
        self.assertEqual(app.title, "Another name")
