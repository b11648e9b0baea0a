# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import warnings
from types import SimpleNamespace

from fastapi import FastAPI
from pydantic import BaseModel, ValidationError

from ..schemas import DemoEndpointAppInfo, DemoExceptionType, PagedCollection, Paging
from .bridge_case import JSON_TYPE, BridgeCase


class Item(BaseModel):
    name: str


class TestPagedCollection(BridgeCase):
    def test_count(self):
        page = PagedCollection[str](count=7, items=["a"])
        self.assertEqual(page.count, 7)
        self.assertEqual(page.items, ["a"])

    def test_total_is_accepted_for_count(self):
        self.assertEqual(PagedCollection[str](total=7, items=[]).count, 7)
        page = PagedCollection[str].model_validate({"total": 7, "items": []})
        self.assertEqual(page.count, 7)

    def test_count_goes_before_total(self):
        page = PagedCollection[str].model_validate(
            {"count": 7, "total": 8, "items": []}
        )
        self.assertEqual(page.count, 7)

    def test_neither_count_nor_total(self):
        with self.assertRaises(ValidationError):
            PagedCollection[str](items=[])

    def test_total_can_be_read(self):
        page = PagedCollection[str](count=7, items=[])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.assertEqual(page.total, 7)

    def test_setting_total_sets_count_and_warns(self):
        page = PagedCollection[str](count=7, items=[])
        with self.assertWarnsRegex(DeprecationWarning, "total.*count") as catcher:
            page.total = 8
        self.assertEqual(page.count, 8)
        self.assertEqual(catcher.filename, __file__)

    def test_total_follows_count(self):
        page = PagedCollection[str](count=7, items=[])
        page.count = 8
        self.assertEqual(json.loads(page.model_dump_json())["total"], 8)

    def test_json_contains_both(self):
        page = PagedCollection[str](count=7, items=["a"])
        expected = {"count": 7, "total": 7, "items": ["a"]}
        self.assertEqual(json.loads(page.model_dump_json()), expected)
        self.assertEqual(page.model_dump(), expected)

    def test_json_is_read_back(self):
        page = PagedCollection[str](count=7, items=["a"])
        again = PagedCollection[str].model_validate_json(page.model_dump_json())
        self.assertEqual(again, page)

    def test_items_are_of_the_type(self):
        page = PagedCollection[Item](count=1, items=[{"name": "a"}])
        self.assertEqual(page.items, [Item(name="a")])
        with self.assertRaises(ValidationError):
            PagedCollection[Item](count=1, items=[{"label": "a"}])

    def test_output_of_a_route(self):
        app = FastAPI()

        @app.get("/")
        def handler() -> PagedCollection[Item]:
            return PagedCollection[Item](count=7, items=[Item(name="a")])

        self.assertEqual(
            json.loads(self.call(app).body),
            {"count": 7, "total": 7, "items": [{"name": "a"}]},
        )

    def test_input_of_a_route(self):
        app = FastAPI()

        @app.post("/")
        def handler(page: PagedCollection[Item]) -> int:
            return page.count

        for name in ("count", "total"):
            with self.subTest(name):
                body = json.dumps({name: 7, "items": []}).encode()
                result = self.call(app, method="POST", body=body, **JSON_TYPE)
                self.assertEqual((result.code, result.body), (200, b"7"))

    def test_documentation_shows_total_as_deprecated(self):
        schema = PagedCollection[str].model_json_schema(mode="serialization")
        self.assertTrue(schema["properties"]["total"]["deprecated"])
        self.assertNotIn("deprecated", schema["properties"]["count"])
        self.assertIn("count", schema["required"])

    def test_no_warning_if_total_is_not_used(self):
        app = FastAPI()

        @app.get("/")
        def handler() -> PagedCollection[str]:
            return PagedCollection[str](count=7, items=["a"])

        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            self.assertEqual(self.call(app).code, 200)


class TestPaging(BridgeCase):
    def test_limit_and_offset(self):
        paging = Paging(limit=80, offset=160)
        self.assertEqual((paging.limit, paging.offset), (80, 160))

    def test_no_limit(self):
        paging = Paging(limit=None, offset=None)
        self.assertEqual(paging.model_dump(), {"limit": None, "offset": None})

    def test_both_are_required(self):
        with self.assertRaises(ValidationError):
            Paging(limit=80)


class TestDemoSchemas(BridgeCase):
    def test_endpoint_app_info_of_a_record(self):
        record = SimpleNamespace(
            id=1, name="Demo", app="demo", demo_auth_method="api_key", root_path="/demo"
        )
        info = DemoEndpointAppInfo.model_validate(record)
        self.assertEqual(info.auth_method, "api_key")
        self.assertEqual(info.model_dump(by_alias=True), vars(record))

    def test_exception_types(self):
        self.assertEqual(
            {member.value for member in DemoExceptionType},
            {
                "UserError",
                "ValidationError",
                "AccessError",
                "MissingError",
                "HTTPException",
                "BareException",
            },
        )
