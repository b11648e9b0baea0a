# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The endpoint as a record, and the app that is made from it."""

from odoo.exceptions import AccessError, ValidationError

from odoo.addons.my_demo_api.tests.common import MyDemoRouterCase


class TestEndpoint(MyDemoRouterCase):
    default_fastapi_router = None  # the app brings its own

    def test_an_authentication_method_is_required(self):
        with self.assertRaisesRegex(ValidationError, self.endpoint.name):
            self.endpoint.my_demo_auth_method = False
        with self.assertRaises(ValidationError):
            self.env["fastapi.endpoint"].create(
                {"name": "No method", "app": "my_demo", "root_path": "/no_method"}
            )

    def test_other_apps_need_no_authentication_method_of_this_one(self):
        self.env["fastapi.endpoint"]._load_demo_data()
        endpoint = self.env["fastapi.endpoint"].create(
            {
                "name": "Other app",
                "app": "demo",
                "demo_auth_method": "http_basic",
                "root_path": "/other_app",
            }
        )
        self.assertFalse(endpoint.my_demo_auth_method)

    def test_a_change_of_the_authentication_method_makes_another_app(self):
        version = self.endpoint.app_version
        self.endpoint.my_demo_auth_method = "api_key"
        self.assertNotEqual(self.endpoint.app_version, version)

    def test_the_documentation_has_the_chosen_authentication(self):
        for method, scheme in (
            ("http_basic", {"HTTPBasic": {"type": "http", "scheme": "basic"}}),
            ("api_key", {"APIKeyHeader": {"type": "apiKey", "name": "api-key"}}),
        ):
            with self.subTest(method):
                self.endpoint.my_demo_auth_method = method
                # no partner: the app's own way to authenticate is documented
                self.default_fastapi_authenticated_partner = None
                with self._create_test_client(app=self.endpoint._get_app()) as client:
                    document = client.get("/openapi.json").json()
                schemes = document["components"]["securitySchemes"]
                self.assertEqual(schemes.keys(), scheme.keys())
                for name, expected in scheme.items():
                    self.assertLessEqual(expected.items(), schemes[name].items())
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

    def test_a_change_of_the_endpoint_is_seen_in_its_title(self):
        self.endpoint.name = "Another name"
        app = self.endpoint._get_app()
        self.assertEqual(app.title, "Another name")

    def test_the_form_asks_for_the_authentication_method(self):
        arch = self.env["fastapi.endpoint"].get_view(view_type="form")["arch"]
        self.assertIn('name="my_demo_auth_method"', arch)
