# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Operation ids, headers and titles of an OpenAPI document."""

import json
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi.openapi.models import OpenAPI
from fastapi.openapi.utils import get_openapi
from fastapi.utils import generate_unique_id
from pydantic import BaseModel, computed_field, create_model

from odoo.tests import BaseCase

from ...app.prepare import EndpointFastAPI
from ...dependencies import accept_language, make_paging, paging
from ...schemas import Paging
from .openapi_case import get_operations, make_handler


def make_router(tag, *names, **params):
    router = APIRouter(tags=[tag] if tag else None, **params)
    for name in names:
        router.get(f"/{tag}/{name}")(make_handler(name))
    return router


def make_app(*routers, **params):
    app = EndpointFastAPI(**params)
    for router in routers:
        app.include_router(router)
    return app


def get_ids(app):
    return [operation["operationId"] for operation in get_operations(app).values()]


class TestOperationIds(BaseCase):
    def test_name_of_the_function(self):
        app = make_app(make_router("orders", "list_orders", "_private"))
        self.assertEqual(get_ids(app), ["list_orders", "private"])

    def test_functions_of_the_same_name(self):
        orders = make_router("Sale Orders", "search", "read")
        others = make_router("others", "search", "read")
        ids = ["search", "read", "others_search", "others_read"]
        self.assertEqual(get_ids(make_app(orders, others)), ids)
        # what is added behind them leaves the ids alone
        app = make_app(orders, others)
        more = make_router("Sale Orders", "search", "find")
        app.include_router(more, prefix="/more")
        app.get("/search")(make_handler("search"))
        self.assertEqual(get_ids(app)[:4], ids)
        self.assertEqual(
            get_ids(app)[4:], ["sale_orders_search", "find", "search_search_get"]
        )

    def test_last_resort(self):
        app = EndpointFastAPI()
        for path in ("/a", "/a-b", "/a_b", "/{c}"):
            app.get(path)(make_handler("get"))
        self.assertEqual(
            get_ids(app), ["get", "get_a_b_get", "get_a_b_get_2", "get_c_get"]
        )
        app = EndpointFastAPI()
        for name in ("…", "☕"):
            app.get(f"/{name}", tags=["☕"], name=name)(make_handler("x"))
        self.assertEqual(get_ids(app), ["_get", "_get_2"])

    def test_told_apart_by_generators(self):
        # each of them makes get_order of both, or getOrder
        app = make_app(make_router("a", "get_order", "getOrder"))
        self.assertEqual(get_ids(app), ["get_order", "a_getOrder"])

    def test_several_methods(self):
        app = EndpointFastAPI()
        app.api_route("/all", methods=["GET", "POST", "DELETE"])(make_handler("all"))
        self.assertEqual(set(get_ids(app)), {"all_delete", "all_get", "all_post"})

    def test_chosen_by_the_developer(self):
        def by_path(route):
            return f"by_path{route.path_format.replace('/', '_')}"

        app = EndpointFastAPI()
        app.get("/1", operation_id="mine")(make_handler("one"))
        app.get("/2", openapi_extra={"operationId": "extra"})(make_handler("two"))
        app.get("/3", generate_unique_id_function=by_path)(make_handler("three"))
        app.include_router(
            make_router("r", "four", generate_unique_id_function=by_path)
        )
        app.include_router(
            make_router("i", "five"), generate_unique_id_function=by_path
        )
        self.assertEqual(
            get_ids(app),
            ["mine", "extra", "by_path_3", "by_path_r_four", "by_path_i_five"],
        )

    def test_references_of_the_developer(self):
        params = [{"$ref": "#/components/parameters/Region"}]
        callbacks = {
            "paid": {"$ref": "#/components/callbacks/Paid"},
            "x-a": {"x-b": "c"},
        }
        extra = {"parameters": params, "callbacks": callbacks}
        app = EndpointFastAPI()

        @app.get("/1", openapi_extra=extra)
        def get(language: Annotated[str, Depends(accept_language)]):
            pass

        operation = get_operations(app)["get", "/1"]
        self.assertIn(params[0], operation["parameters"])
        self.assertEqual(operation["callbacks"], callbacks)

    def test_chosen_for_the_app(self):
        router = make_router("orders", "list_orders")
        app = make_app(router, generate_unique_id_function=generate_unique_id)
        self.assertEqual(get_ids(app), ["list_orders_orders_list_orders_get"])

    def test_chosen_ids_are_taken(self):
        app = EndpointFastAPI()
        app.get("/1", tags=["a"])(make_handler("list_orders"))
        app.get("/2", tags=["a"])(make_handler("hook"))
        app.get("/3", tags=["a"])(make_handler("called"))
        callbacks = APIRouter()
        callbacks.post("/called", operation_id="called")(make_handler("x"))
        app.get("/4", operation_id="listOrders", callbacks=callbacks.routes)(
            make_handler("x")
        )
        app.webhooks.post("hook", operation_id="hook")(make_handler("x"))
        self.assertEqual(
            get_ids(app), ["a_list_orders", "a_hook", "a_called", "listOrders"]
        )

    def test_links(self):
        app = EndpointFastAPI()
        links = {
            "old": {"operationId": "get_order_orders__id__get"},
            "new": {"operationId": "get_order"},
            "path": {"operationRef": "#/paths/~1orders~1{id}/get"},
        }
        app.post("/orders", responses={200: {"links": links}})(make_handler("add"))
        app.get("/orders/{id}")(make_handler("get_order"))
        operation = get_operations(app)["post", "/orders"]
        linked = operation["responses"]["200"]["links"]
        self.assertEqual(linked["old"], {"operationId": "get_order"})
        self.assertEqual(linked["new"], links["new"])
        self.assertEqual(linked["path"], links["path"])

    def test_two_routes_at_one_place(self):
        app = make_app(make_router("a", "x"), make_router("a", "x"))
        self.assertEqual(get_ids(app), ["x"])

    def test_routes_that_come_later(self):
        app = make_app(make_router("a", "x"))
        self.assertEqual(get_ids(app), ["x"])
        app.include_router(make_router("b", "x"))
        self.assertEqual(get_ids(app), ["x", "b_x"])
        self.assertIs(app.openapi(), app.openapi())

    def test_route_that_is_added_meanwhile(self):
        app = make_app(make_router("orders", "search"))

        def make(**kwargs):
            document = get_openapi(**kwargs)
            app.get("/late")(make_handler("late"))
            return document

        with patch("fastapi.applications.get_openapi", make):
            self.assertEqual(get_ids(app), ["search"])
        self.assertEqual(get_ids(app), ["search", "late"])

    def test_document_of_a_developer(self):
        app = make_app(make_router("a", "x"))
        document = json.loads(json.dumps(app.openapi()))
        operation = document["paths"]["/a/x"]["get"]
        operation.update(operationId="x_a_x_get", responses={})
        app.openapi_schema = document
        self.assertEqual(
            app.openapi()["paths"]["/a/x"]["get"],
            {**operation, "operationId": "x_a_x_get", "responses": {}},
        )


class TestHeaderOfAllOperations(BaseCase):
    def make_app(self, **params):
        return EndpointFastAPI(dependencies=[Depends(accept_language)], **params)

    def parameters(self, app, path="/"):
        operation = app.openapi()["paths"][path]["get"]
        return [parameter["name"] for parameter in operation.get("parameters", ())]

    def test_described_once(self):
        app = self.make_app(description="What it is for.")
        app.get("/")(make_handler("root"))
        document = app.openapi()
        operation = document["paths"]["/"]["get"]
        self.assertNotIn("parameters", operation)
        # nothing is left that could be wrong
        self.assertEqual(operation["responses"].keys(), {"200", "500", "503"})
        parameter = document["components"]["parameters"]["AcceptLanguage"]
        self.assertEqual(parameter["name"], "Accept-Language")
        self.assertEqual(parameter["in"], "header")
        description = document["info"]["description"]
        self.assertTrue(description.startswith("What it is for.\n\nAll operations"))
        self.assertIn(f"`Accept-Language`.\n\n{parameter['description']}", description)
        self.assertEqual(app.description, "What it is for.")
        OpenAPI.model_validate(document)

    def test_what_a_route_asks_for_stays(self):
        app = self.make_app()

        @app.get("/")
        def own(text: str, wanted: Annotated[str, Depends(accept_language)]):
            """Not called."""

        @app.get("/header")
        def header(lang: Annotated[str, Header(alias="Accept-Language")]):
            """Not called."""

        @app.get("/other")
        def other(text: str):
            """Not called."""

        router = APIRouter(dependencies=[Depends(accept_language)])
        router.get("/router")(make_handler("in_router"))
        app.include_router(router)
        self.assertEqual(self.parameters(app), ["text", "Accept-Language"])
        self.assertEqual(self.parameters(app, "/header"), ["Accept-Language"])
        self.assertEqual(self.parameters(app, "/other"), ["text"])
        self.assertEqual(self.parameters(app, "/router"), ["Accept-Language"])

    def test_as_a_parameter_of_all_operations(self):
        app = EndpointFastAPI(dependencies=[Depends(accept_language)] * 2)
        app.get("/")(make_handler("root"))
        self.assertEqual(self.parameters(app), ["Accept-Language"])
        self.assertNotIn("parameters", app.openapi()["components"])
        self.assertNotIn("description", app.openapi()["info"])

    def test_override(self):
        def lang(lang: str = "en"):
            """Not called."""

        app = self.make_app()
        app.get("/")(make_handler("root"))
        app.dependency_overrides[accept_language] = lang
        self.assertEqual(self.parameters(app), ["lang"])
        self.assertNotIn("parameters", app.openapi()["components"])


class TestPaging(BaseCase):
    def test_described(self):
        app = FastAPI()
        for path, dependency in (("/a", paging), ("/b", make_paging(5, 10))):

            @app.get(path)
            def search(paging: Annotated[Paging, Depends(dependency)]):
                """Not called."""

        for operation in get_operations(app).values():
            for parameter in operation["parameters"]:
                self.assertTrue(parameter["description"], parameter["name"])


class TestTitles(BaseCase):
    def get_titles(self, *models):
        app = EndpointFastAPI()
        for number, model in enumerate(models):

            @app.post(f"/{number}")
            def handler(value: model) -> model:
                """Not called."""

        schemas = app.openapi()["components"]["schemas"]
        others = {"ErrorDetail", "HTTPValidationError", "ValidationError"}
        return {key: schemas[key]["title"] for key in schemas.keys() - others}

    def make_model(self, module):
        # pydantic has one schema for models that are equal
        field = {module.replace(".", "_"): (int, ...)}
        return create_model("Order", __module__=module, **field)

    def test_models_of_one_name(self):
        one, two = self.make_model("shop.one.schemas"), self.make_model("shop.two")
        self.assertEqual(self.get_titles(one), {"Order": "Order"})
        self.assertEqual(
            self.get_titles(one, two),
            {
                "shop__one__schemas__Order": "schemas_Order",
                "shop__two__Order": "two_Order",
            },
        )
        three = self.make_model("shop.three.schemas")
        self.assertEqual(
            set(self.get_titles(one, two, three).values()),
            {"one_schemas_Order", "shop_two_Order", "three_schemas_Order"},
        )

    def test_input_and_output(self):
        class Read(BaseModel):
            id: int

            @computed_field
            def double(self) -> int:
                """Not called."""

        self.assertEqual(
            self.get_titles(Read),
            {"Read-Input": "Read-Input", "Read-Output": "Read-Output"},
        )
