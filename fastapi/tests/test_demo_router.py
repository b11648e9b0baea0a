# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends, status

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.models import BaseModel
from odoo.tools import mute_logger

from ..app.prepare import EndpointFastAPI
from ..dependencies import (
    authenticated_partner,
    authenticated_partner_env,
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
    fastapi_endpoint,
    odoo_env,
)
from ..routers import demo_router
from ..schemas import DemoExceptionType
from .common import FastAPITransactionCase


class TestDemoRouter(FastAPITransactionCase):
    default_fastapi_router = demo_router

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.default_fastapi_running_user = cls.env.ref("fastapi.my_demo_app_user")
        cls.default_fastapi_authenticated_partner = cls.env["res.partner"].create(
            {"name": "Caller of the demo"}
        )

    def test_hello_world(self):
        with self._create_test_client() as client:
            response = client.get("/demo/")
        self.assertEqual(response.status_code, status.HTTP_200_OK)
        self.assertEqual(response.json(), {"Hello": "World"})

    def test_hello_world_of_the_endpoint_app(self):
        endpoint = self.env.ref("fastapi.fastapi_endpoint_demo")
        with self._create_test_client(app=endpoint._get_app()) as client:
            for path in ("/demo", f"{endpoint.root_path}/demo/"):
                response = client.get(path)
                self.assertEqual(response.status_code, status.HTTP_200_OK, path)
                self.assertEqual(response.json(), {"Hello": "World"})

    def test_who_ami(self):
        with self._create_test_client() as client:
            response = client.get("/demo/who_ami")
        self.assertEqual(
            response.json(),
            {"name": "Caller of the demo", "display_name": "Caller of the demo"},
        )

    def test_who_ami_http_basic(self):
        self.default_fastapi_authenticated_partner = None
        overrides = {
            authenticated_partner_impl: authenticated_partner_from_basic_auth_user
        }
        with self._create_test_client(dependency_overrides=overrides) as client:
            response = client.get("/demo/who_ami", auth=("demo", "demo"))
            self.assertEqual(response.json()["name"], self.partner_demo.name)
            response = client.get("/demo/who_ami", auth=("demo", "wrong"))
            self.assertEqual(response.status_code, status.HTTP_401_UNAUTHORIZED)
            self.assertEqual(response.headers["WWW-Authenticate"], "Basic")

    def test_endpoint_app_info(self):
        endpoint = self.env.ref("fastapi.fastapi_endpoint_demo")
        overrides = {fastapi_endpoint: lambda: endpoint}
        with self._create_test_client(dependency_overrides=overrides) as client:
            response = client.get("/demo/endpoint_app_info")
        self.assertEqual(
            response.json(),
            {
                "id": endpoint.id,
                "name": endpoint.name,
                "app": "demo",
                "demo_auth_method": "http_basic",
                "root_path": "/fastapi_demo",
            },
        )

    def _call_exception(self, client, exception_type, message):
        return client.get(
            "/demo/exception",
            params={"exception_type": exception_type.value, "error_message": message},
        )

    def test_exception_is_raised_in_the_test(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(UserError, "wrong input"):
                self._call_exception(
                    client, DemoExceptionType.user_error, "wrong input"
                )
            with self.assertRaisesRegex(NotImplementedError, "no idea"):
                self._call_exception(
                    client, DemoExceptionType.bare_exception, "no idea"
                )
            response = self._call_exception(
                client, DemoExceptionType.http_exception, "on purpose"
            )
            self.assertEqual(response.status_code, status.HTTP_409_CONFLICT)

    def test_response_to_an_exception_is_that_of_the_server(self):
        expected = {
            DemoExceptionType.user_error: (400, "told"),
            DemoExceptionType.validation_error: (400, "told"),
            DemoExceptionType.access_error: (403, "told"),
            DemoExceptionType.missing_error: (404, "told"),
            DemoExceptionType.http_exception: (409, "told"),
            DemoExceptionType.bare_exception: (500, "Internal Server Error"),
        }
        with self._create_test_client(raise_server_exceptions=False) as client:
            for exception_type, (code, detail) in expected.items():
                with self.subTest(exception_type):
                    response = self._call_exception(client, exception_type, "told")
                    self.assertEqual(response.status_code, code)
                    self.assertEqual(response.json(), {"detail": detail})

    def test_handlers_run_with_the_rights_of_the_running_user(self):
        router = APIRouter()

        @router.get("/uids")
        def uids(
            env: Annotated[Environment, Depends(odoo_env)],
            partner_env: Annotated[Environment, Depends(authenticated_partner_env)],
            partner: Annotated[BaseModel, Depends(authenticated_partner)],
        ) -> list[tuple[int, bool]]:
            environments = (env, partner_env, partner.env)
            return [(env_.uid, env_.su) for env_ in environments]

        with self._create_test_client(app=EndpointFastAPI(), router=router) as client:
            response = client.get("/uids").json()
        self.assertEqual(response, [[self.default_fastapi_running_user.id, False]] * 3)

    @mute_logger("odoo.sql_db")
    def test_response_to_a_violated_constraint_is_that_of_the_server(self):
        router = APIRouter()

        @router.post("/twice")
        def twice(env: Annotated[Environment, Depends(odoo_env)]) -> None:
            env["ir.config_parameter"].sudo().create(
                [{"key": "test.twice", "value": "x"}] * 2
            )

        @router.post("/refused")
        def refused(env: Annotated[Environment, Depends(odoo_env)]) -> None:
            env["ir.config_parameter"].sudo().set_param("test.refused", "x")
            raise UserError(env._("refused"))

        with self._create_test_client(
            app=EndpointFastAPI(), router=router, raise_server_exceptions=False
        ) as client:
            response = client.post("/twice")
            self.assertEqual(response.status_code, 400)
            self.assertIn("Key must be unique.", response.json()["detail"])
            # and what it wrote is rolled back
            response = client.post("/refused")
            self.assertEqual(response.json(), {"detail": "refused"})
        parameters = self.env["ir.config_parameter"]
        self.assertFalse(parameters.search([("key", "=like", "test.%")]))
