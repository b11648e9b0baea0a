# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the extension changes in a database, and what it does not."""

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from odoo.addons.my_demo_api.models.my_demo_service import MyDemoService
from odoo.addons.my_demo_api.tests.common import MyDemoHttpCase, MyDemoRouterCase
from odoo.addons.my_demo_api_extension.routers import router as extension_router


class TestExtensionRouter(MyDemoRouterCase):
    default_fastapi_router = extension_router

    def test_the_service(self):
        service = self.env["my_demo.service"]
        self.assertEqual(MyDemoService.echo(service, "you"), "you")
        self.assertEqual(service.echo("you"), "Hello you")
        self.assertEqual(service.echo2("you"), "Echo2: Hello you")

    def test_service_cannot_be_called_over_rpc(self):
        for method in ("echo", "echo2"):
            with self.subTest(method), self.assertRaises(AccessError):
                get_public_method(self.env["my_demo.service"], method)

    def test_echo2(self):
        with self._create_test_client() as client:
            response = client.get("/echo2", params={"message": "you"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"message": "Echo2: Hello you"})


class TestExtendedRouter(MyDemoRouterCase):
    """The router of the other addon, which all databases share."""

    def test_the_implementation_is_the_inherited_one(self):
        with self._create_test_client() as client:
            response = client.get("/echo", params={"message": "you"})
        self.assertEqual(response.json(), {"message": "Hello you"})

    def test_the_router_is_untouched(self):
        self.endpoint._get_app()
        with self._create_test_client() as client:
            response = client.get("/echo2", params={"message": "you"})
            self.assertEqual(response.status_code, 404)
            response = client.get("/bank_accounts", params={"page_size": 101})
            self.assertEqual(response.status_code, 200)


class TestExtendedApp(MyDemoRouterCase):
    default_fastapi_router = None  # the app brings its own

    def get_paging_parameters(self, app):
        with self._create_test_client(app=app) as client:
            operation = client.get("/openapi.json").json()["paths"]["/bank_accounts"]
        return {
            parameter["name"]: parameter["schema"]
            for parameter in operation["get"]["parameters"]
            if parameter["in"] == "query"
        }

    def test_both_routers_are_in_the_app(self):
        with self._create_test_client(app=self.endpoint._get_app()) as client:
            for path, message in (
                ("/echo", "Hello you"),
                ("/echo2", "Echo2: Hello you"),
            ):
                response = client.get(path, params={"message": "you"})
                self.assertEqual(response.json(), {"message": message})

    def test_pages_are_smaller(self):
        self.env["res.partner.bank"].create(
            [
                {"acc_number": f"A-{number}", "partner_id": self.partner_a.id}
                for number in range(4, 31)
            ]
        )
        with self._create_test_client(app=self.endpoint._get_app()) as client:
            document = client.get("/bank_accounts").json()
            self.assertEqual(document["count"], 30)
            self.assertEqual(len(document["items"]), 20)
            document = client.get("/bank_accounts", params={"page": 2}).json()
            self.assertEqual(len(document["items"]), 10)

    def test_the_limit_of_a_page(self):
        with self._create_test_client(app=self.endpoint._get_app()) as client:
            for params, status in (
                ({"page_size": 100}, 200),
                ({"page_size": 101}, 422),
                ({"page_size": 0}, 422),
                ({"page": 0}, 422),
                ({"page": 2**63}, 422),
            ):
                with self.subTest(**params):
                    response = client.get("/bank_accounts", params=params)
                    self.assertEqual(response.status_code, status)

    def test_the_documentation_has_the_limit(self):
        parameters = self.get_paging_parameters(self.endpoint._get_app())
        self.assertEqual(parameters.keys(), {"page", "page_size"})
        self.assertEqual(parameters["page_size"]["maximum"], 100)
        self.assertEqual(parameters["page_size"]["default"], 20)


class TestExtensionHttp(MyDemoHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.env["fastapi.endpoint"].create(
            {
                "name": "Not extended",
                "app": "demo",
                "demo_auth_method": "http_basic",
                "root_path": "/my_demo_api_test/not-extended",
                "user_id": cls.app_user.id,
            }
        )

    def test_echo(self):
        response = self.call("/echo?message=you")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"message": "Hello you"})

    def test_echo2(self):
        response = self.call("/echo2?message=you")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"message": "Echo2: Hello you"})

    def test_every_endpoint_of_the_app_is_extended(self):
        endpoint = self.endpoint.copy()
        response = self.call("/echo2?message=you", root_path=endpoint.root_path)
        self.assertEqual(response.json(), {"message": "Echo2: Hello you"})

    def test_another_app_is_not_extended(self):
        root_path = "/my_demo_api_test/not-extended"
        self.assertEqual(self.call("/demo", root_path=root_path).status_code, 200)
        response = self.call("/echo2?message=you", root_path=root_path)
        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.json(), {"detail": "Not Found"})

    def test_the_limit_of_a_page(self):
        for page_size, status in ((100, 200), (101, 422)):
            with self.subTest(page_size):
                response = self.call(
                    f"/bank_accounts?page_size={page_size}", self.user_a
                )
                self.assertEqual(response.status_code, status)
