# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from extendable.context import extendable_registry
from fastapi import APIRouter, FastAPI

from odoo.tests import HttpCase, tagged

from odoo.addons.extendable.registry import _extendable_registries_database
from odoo.addons.extendable.tests.common import ExtendableMixin
from odoo.addons.extendable_fastapi.nesting import find_unseen_extensions
from odoo.addons.extendable_fastapi.schemas import PagedCollection as ExtendablePage
from odoo.addons.fastapi.schemas import PagedCollection
from odoo.addons.test_extendable_fastapi.routers import router, tasks_seen
from odoo.addons.test_extendable_fastapi.schemas import Location, Shop
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

LOCATION = {"name": "Here", "code": "H", "zip": "4000"}
TIMEOUT = 10  # seconds for a background task


class LocationInTests(Location, extends=Location):
    """An extension for tests that use ``ExtendableMixin``."""

    in_tests: bool = True


@tagged("post_install", "-at_install")
class ExtendableHttpCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_endpoint("/extendable", app="test_extendable")


class TestRoutes(ExtendableHttpCase):
    def post_json(self, path, values, status=200):
        response = self.post(f"/extendable{path}", json=values)
        self.assertEqual(response.status_code, status, response.text)
        return response.json()

    def get_json(self, path):
        response = self.get(f"/extendable{path}")
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def test_body_and_response(self):
        self.assertEqual(
            self.post_json("/location", {**LOCATION, "name": " here "}), LOCATION
        )
        detail = self.post_json("/location", {"name": "here", "zip": 1}, status=422)
        self.assertEqual(detail["detail"][0]["loc"], ["body", "zip"])

    def test_route_that_is_built_elsewhere(self):
        """Without the classes of the database in the context."""
        # with a setting that no other test has, so that no app shares the routes
        endpoint = self._create_endpoint(
            "/elsewhere",
            app="test_extendable",
            auth_api_key=True,
            api_key_header="X-Elsewhere",
        )
        app = endpoint._get_built_app()
        self.assertIsNone(extendable_registry.get(None))
        (search,) = app.openapi()["paths"]["/search"].values()
        names = [parameter["name"] for parameter in search["parameters"]]
        self.assertEqual(names, ["name", "code"])
        response = self.post("/elsewhere/location", json=LOCATION)
        self.assertEqual(response.json(), LOCATION)

    def test_two_bodies(self):
        self.assertEqual(
            self.post_json("/both", {"first": LOCATION}), [LOCATION, LOCATION]
        )

    def test_fields_of_a_subclass_are_left_out(self):
        self.assertEqual(
            self.post_json("/place", {**LOCATION, "secret": "hush"}), LOCATION
        )

    def test_union(self):
        shop = {"kind": "shop", "location": LOCATION}
        depot = {"kind": "depot", "locations": [LOCATION]}
        self.assertEqual(self.post_json("/site", shop), shop)
        self.assertEqual(self.post_json("/site", depot), depot)

    def test_generic_and_dependency(self):
        self.assertEqual(
            self.get_json("/page"),
            {
                "count": 1,
                "items": [{"name": "By The Dependency", "code": "D", "zip": "-"}],
            },
        )

    def test_parametrized_in_a_handler(self):
        self.assertEqual(self.get_json("/late")["items"], [{"count": 0, "items": []}])

    def test_query_parameters(self):
        self.assertEqual(
            self.get_json("/search?name=n&code=c"), {"name": "n", "code": "c"}
        )

    def test_stream(self):
        lines = self.get("/extendable/stream").text.splitlines()
        self.assertEqual(
            [json.loads(line) for line in lines],
            [{"name": f"Line {n}", "code": "-", "zip": "-"} for n in range(3)],
        )

    def test_stream_of_items(self):
        lines = self.get("/extendable/items").text.splitlines()
        self.assertEqual(
            [json.loads(line) for line in lines],
            [{"name": f"Item {n}", "code": "-", "zip": str(n)} for n in range(3)],
        )

    def test_background_task(self):
        self.post_json("/task", None)
        self.assertEqual(
            tasks_seen.get(timeout=TIMEOUT), {"name": "Task", "code": "-", "zip": "-"}
        )

    def test_documentation(self):
        document = self.get_json("/openapi.json")
        schemas = document["components"]["schemas"]
        self.assertEqual(schemas["Location"]["properties"].keys(), LOCATION.keys())
        self.assertEqual(
            schemas["Place"]["properties"].keys(), LOCATION.keys() | {"secret"}
        )
        parameters = document["paths"]["/search"]["get"]["parameters"]
        self.assertEqual(
            [param["name"] for param in parameters if param["in"] == "query"],
            ["name", "code"],
        )
        page = document["paths"]["/page"]["get"]["responses"]["200"]["content"]
        self.assertEqual(
            page["application/json"]["schema"]["$ref"],
            "#/components/schemas/PagedCollection_Location_",
        )

    def test_documentation_in_the_backend(self):
        """It is the same outside of a request. The app keeps the first document."""
        endpoint = self._create_endpoint("/documented", app="test_extendable")
        schemas = endpoint._get_openapi()["components"]["schemas"]
        self.assertEqual(schemas["Location"]["properties"].keys(), LOCATION.keys())
        served = self.get("/documented/openapi.json").json()
        self.assertEqual(served["components"]["schemas"].keys(), schemas.keys())

    def test_router_is_unchanged(self):
        before = [(route.response_field, route.body_field) for route in router.routes]
        fields = [
            field._type_adapter.core_schema
            for pair in before
            for field in pair
            if field is not None
        ]
        self.post_json("/location", LOCATION)
        after = [(route.response_field, route.body_field) for route in router.routes]
        self.assertEqual(before, after)
        self.assertTrue(fields)
        self.assertFalse(any("LocationZip" in str(field) for field in fields))


@tagged("post_install", "-at_install")
class TestNesting(ExtendableMixin, HttpCase):
    """A model that is not extendable has one schema for all databases."""

    def find(self, response_model):
        app = FastAPI()
        own = APIRouter()
        own.get("/", response_model=response_model)(lambda: None)
        app.include_router(own)
        registry = _extendable_registries_database[self.env.cr.dbname]
        return find_unseen_extensions(app, registry)

    def test_in_models_that_are_not_extendable(self):
        page = PagedCollection[Location]
        self.assertEqual(self.find(page), [(page, Location)])
        self.assertEqual(self.find(list[page] | None), [(page, Location)])
        self.assertEqual(self.find(ExtendablePage[page]), [(page, Location)])

    def test_in_extendable_models(self):
        for model in (Location, dict[str, Location], ExtendablePage[Location], Shop):
            with self.subTest(model):
                self.assertEqual(self.find(model), [])

    def test_no_extensions(self):
        self.assertEqual(self.find(PagedCollection[Shop]), [])

    def test_log_names_models(self):
        endpoint = self.env["fastapi.endpoint"].create(
            {
                "name": "Nested",
                "app": "test_extendable_plain",
                "root_path": "/nested",
            }
        )
        logger = "odoo.addons.extendable_fastapi.models.fastapi_endpoint"
        with self.assertLogs(logger, "WARNING") as log:
            endpoint.get_app("/nested")
        self.assertEqual(len(log.output), 1, log.output)
        self.assertRegex(
            log.output[0], "/nested: extensions of .*Location.* not seen in .*Plain"
        )


@tagged("post_install", "-at_install")
class TestControllers(HttpCase):
    def test_http(self):
        response = self.url_open("/test_extendable_fastapi/http")
        self.assertEqual(response.json(), {"name": "Http", "code": "-", "zip": "-"})

    def test_jsonrpc(self):
        response = self.url_open(
            "/test_extendable_fastapi/jsonrpc", json={"params": {}}
        )
        self.assertEqual(
            response.json()["result"], {"name": "Rpc", "code": "-", "zip": "-"}
        )


class TestMixin(ExtendableMixin, ExtendableHttpCase):
    """Requests use the classes of a test, then those of the database again."""

    def test_classes_of_the_test(self):
        extended = {**LOCATION, "in_tests": True}
        before = _extendable_registries_database[self.env.cr.dbname]
        token = extendable_registry.get()
        for _turn in range(2):
            response = self.post("/extendable/location", json=LOCATION)
            self.assertEqual(response.json(), LOCATION)
            self.init_extendable_registry()
            try:
                self.assertEqual(Location(**LOCATION).model_dump(), extended)
                response = self.post("/extendable/location", json=LOCATION)
                self.assertEqual(response.json(), extended)
            finally:
                self.reset_extendable_registry()
            self.assertIs(_extendable_registries_database[self.env.cr.dbname], before)
            self.assertIs(extendable_registry.get(), token)

    def test_apps_share_routes_only_with_the_same_classes(self):
        domain = [("root_path", "=", "/extendable")]
        endpoint = self.env["fastapi.endpoint"].search(domain)
        other = self._create_endpoint("/extendable2", app="test_extendable")
        in_use = [endpoint._get_built_app(), other._get_built_app()]
        self.assertIs(in_use[0].routes[-1], in_use[1].routes[-1])
        self.init_extendable_registry()
        try:
            in_use.append(endpoint._get_built_app())
            response = self.post("/extendable/location", json=LOCATION)
            self.assertEqual(response.json(), {**LOCATION, "in_tests": True})
        finally:
            self.reset_extendable_registry()
        self.assertIsNot(in_use[2].routes[-1], in_use[0].routes[-1])
        for path in ("/extendable", "/extendable2"):
            response = self.post(f"{path}/location", json=LOCATION)
            self.assertEqual(response.json(), LOCATION)
