# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Simple routes, without a server, and the service of ``/echo``."""

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from odoo.addons.fastapi.dependencies import fastapi_endpoint
from odoo.addons.my_demo_api.models.my_demo_service import MyDemoService
from odoo.addons.my_demo_api.tests.common import MyDemoRouterCase


class TestRouters(MyDemoRouterCase):
    def test_the_service_echoes(self):
        # the method of this addon, even if others override it
        service = self.env["my_demo.service"]
        self.assertEqual(MyDemoService.echo(service, "hi"), "hi")

    def test_echo_returns_the_result_of_the_service(self):
        with self._create_test_client() as client:
            response = client.get("/echo", params={"message": "hi"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(), {"message": self.env["my_demo.service"].echo("hi")}
        )

    def test_echo_needs_a_message(self):
        with self._create_test_client() as client:
            response = client.get("/echo")
        self.assertEqual(response.status_code, 422)
        self.assertEqual(response.json()["detail"][0]["loc"], ["query", "message"])

    def test_services_cannot_be_called_over_rpc(self):
        for model, method in (
            ("my_demo.service", "echo"),
            ("my_demo.bank_accounts", "get_one"),
            ("my_demo.bank_accounts", "add"),
        ):
            with self.subTest(model=model, method=method):
                with self.assertRaises(AccessError):
                    get_public_method(self.env[model], method)

    def test_partners(self):
        with self._create_test_client() as client:
            response = client.get("/partners")
        self.assertEqual(response.status_code, 200)
        partners = sorted(response.json(), key=lambda partner: partner["name"])
        self.assertEqual(
            partners,
            [
                {"name": "Caller my_demo_a", "email": "my_demo_a@example.com"},
                {"name": self.app_user.name, "email": None},
            ],
        )

    def test_partners_in_pages(self):
        with self._create_test_client() as client:
            pages = [
                client.get("/partners", params={"page": page, "page_size": 1}).json()
                for page in (1, 2, 3)
            ]
        self.assertEqual([len(page) for page in pages], [1, 1, 0])
        self.assertNotEqual(pages[0], pages[1])

    def test_endpoint_app_info(self):
        overrides = {fastapi_endpoint: lambda: self.endpoint}
        with self._create_test_client(dependency_overrides=overrides) as client:
            response = client.get("/endpoint_app_info")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(),
            {
                "id": self.endpoint.id,
                "name": self.endpoint.name,
                "app": "my_demo",
                "root_path": self.endpoint.root_path,
            },
        )
