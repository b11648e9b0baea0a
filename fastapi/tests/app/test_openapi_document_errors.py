# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=redefined-builtin
"""Error responses in an OpenAPI document."""

import json
import re
from typing import Annotated

from fastapi import Depends
from fastapi.openapi.models import OpenAPI
from fastapi.security import APIKeyCookie, HTTPBasic
from pydantic import BaseModel, create_model

from ...app.openapi_document import ERROR_SCHEMA
from ...app.prepare import EndpointFastAPI
from ...schemas import ErrorDetail
from ..bridge_case import BridgeCase
from .openapi_case import get_operations, make_handler


class Order(BaseModel):
    id: int


class TestErrors(BridgeCase):
    def make_app(self, **params):
        app = EndpointFastAPI(**params)
        app.get("/orders")(make_handler("list"))

        @app.get("/orders/search")
        def search(text: str):
            """Not called."""

        @app.get("/orders/{id}")
        def get_order(id: int, _user: Annotated[object, Depends(HTTPBasic())]):
            """Not called."""

        @app.post("/orders")
        def add(order: Order):
            """Not called."""

        app.post("/clear")(make_handler("clear"))
        return app

    def statuses(self, app):
        return {
            (method, path): " ".join(operation["responses"])
            for (method, path), operation in get_operations(app).items()
        }

    def test_what_to_expect(self):
        self.assertEqual(
            self.statuses(self.make_app()),
            {
                ("get", "/orders"): "200 500 503",
                ("get", "/orders/search"): "200 400 422 500 503",
                ("get", "/orders/{id}"): "200 400 401 403 404 422 429 500 503",
                ("post", "/orders"): "200 400 422 500 503",
                ("post", "/clear"): "200 400 500 503",
            },
        )

    def test_statuses_of_a_dependency(self):
        async def limited() -> None:
            """Not called."""

        def outer(_limited: Annotated[None, Depends(limited)]) -> None:
            """Not called."""

        limited.error_statuses = ("429",)
        app = EndpointFastAPI()
        app.get("/free")(make_handler("free"))
        app.get("/limited", dependencies=[Depends(outer)])(make_handler("limited"))
        self.assertEqual(
            self.statuses(app),
            {
                ("get", "/free"): "200 500 503",
                ("get", "/limited"): "200 429 500 503",
            },
        )

    def test_a_cookie_is_not_guessed(self):
        app = EndpointFastAPI()
        scheme = APIKeyCookie(name="session_id")
        app.get("/", dependencies=[Depends(scheme)])(make_handler("get"))
        self.assertEqual(self.statuses(app), {("get", "/"): "200 401 403 500 503"})

    def test_described_once(self):
        document = self.make_app().openapi()
        responses = document["components"]["responses"]
        for item in document["paths"].values():
            for operation in item.values():
                for status, response in operation["responses"].items():
                    if status != "200":
                        self.assertEqual(response.keys(), {"$ref"})
        schemas = {
            key: response["content"]["application/json"]["schema"]["$ref"].split("/")[
                -1
            ]
            for key, response in responses.items()
        }
        self.assertEqual(schemas.pop("ValidationError"), "HTTPValidationError")
        self.assertEqual(set(schemas.values()), {"ErrorDetail"})
        for key in ("ServiceUnavailable", "TooManyRequests"):
            self.assertIn("Retry-After", responses[key]["headers"])

    def test_references_lead_somewhere(self):
        document = self.make_app().openapi()
        references = re.findall(r'"\$ref": "#/([^"]*)"', json.dumps(document))
        self.assertTrue(references)
        for reference in references:
            found = document
            for key in reference.split("/"):
                found = found[key]
        OpenAPI.model_validate(document)

    def test_only_what_is_used(self):
        app = EndpointFastAPI()
        app.get("/")(make_handler("root"))
        components = app.openapi()["components"]
        self.assertEqual(
            components["responses"].keys(),
            {"InternalServerError", "ServiceUnavailable"},
        )
        self.assertEqual(components["schemas"].keys(), {"ErrorDetail"})

    def test_none(self):
        self.assertNotIn("components", EndpointFastAPI().openapi())
        app = EndpointFastAPI(responses={"4XX": {}, "5XX": {}})
        app.get("/")(make_handler("root"))
        self.assertNotIn("components", app.openapi())

    def test_responses_of_a_developer(self):
        app = self.make_app(responses={503: {"description": "At night"}})

        @app.get("/mine/{id}", responses={404: {"model": Order}, 422: {"model": Order}})
        def get_mine(id: int):
            """Not called."""

        @app.post("/range/{id}", responses={"4XX": {"model": Order}})
        def all_4xx(id: int):
            """Not called."""

        @app.post("/default/{id}", responses={"default": {"model": Order}})
        def default(id: int):
            """Not called."""

        operations = get_operations(app)
        for operation in operations.values():
            if "503" in operation["responses"]:
                self.assertEqual(
                    operation["responses"]["503"], {"description": "At night"}
                )
        mine = operations["get", "/mine/{id}"]["responses"]
        for status in ("404", "422"):
            content = mine[status]["content"]["application/json"]
            self.assertEqual(content["schema"]["$ref"], "#/components/schemas/Order")
        statuses = self.statuses(app)
        self.assertEqual(statuses["get", "/mine/{id}"], "200 400 404 422 500 503")
        self.assertEqual(statuses["post", "/range/{id}"], "200 4XX 500 503")
        self.assertEqual(statuses["post", "/default/{id}"], "200 503 default")

    def test_schema(self):
        self.assertEqual(ErrorDetail.model_json_schema(), ERROR_SCHEMA)
        app = self.make_app(responses={409: {"model": ErrorDetail}})
        schemas = app.openapi()["components"]["schemas"]
        self.assertEqual(
            [name for name in schemas if "ErrorDetail" in name], ["ErrorDetail"]
        )

    def test_schema_of_the_same_name(self):
        own = create_model("ErrorDetail", code=(int, ...))
        app = self.make_app(responses={409: {"model": own}})
        components = app.openapi()["components"]
        name = "odoo__addons__fastapi__schemas__ErrorDetail"
        self.assertEqual(
            components["schemas"][name],
            {**ERROR_SCHEMA, "title": "schemas_ErrorDetail"},
        )
        # in this document alone
        self.assertEqual(ERROR_SCHEMA["title"], "ErrorDetail")
        content = components["responses"]["NotFound"]["content"]["application/json"]
        self.assertEqual(content["schema"], {"$ref": f"#/components/schemas/{name}"})
        conflict = get_operations(app)["get", "/orders"]["responses"]["409"]
        self.assertNotIn(name, json.dumps(conflict))
