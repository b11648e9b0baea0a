# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""All routes of all apps in the database as tools, called with random arguments."""

import random
import warnings
from collections import Counter
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import quote

from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator

from odoo.tools import mute_logger

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.fastapi_mcp_server.tools import ArgumentError, collect_tools, marked
from odoo.addons.fastapi_mcp_server.tools.marks import ToolMark

#: Calls of each tool.
CALLS = 12
TEXTS = ("", "a", "1", "ä b", "%2F", "null", "[]", "x" * 50, "a;b=c&d", "true")
FORMATS = {
    "date": "2026-11-26",
    "date-time": "2026-11-26T10:00:00Z",
    "email": "a@example.com",
    "time": "10:00:00",
    "uri": "https://example.com/",
    "uuid": "5b9f9f5e-54ad-4ae8-a0f2-b8a4d5c2c4b7",
}


class Generator:
    """Makes values of a schema, most of them valid."""

    def __init__(self, root, seed):
        self.root = root
        self.random = random.Random(seed)

    def make(self, schema, depth=0):
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            return self.make(self.root["$defs"][name], depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self.make(self.random.choice(schema[keyword]), depth + 1)
        if "allOf" in schema:
            return self.make(schema["allOf"][0], depth + 1)
        kind = schema.get("type", "string")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        return getattr(self, f"make_{kind}")(schema, depth)

    def make_object(self, schema, depth):
        required = schema.get("required", ())
        result = {
            name: self.make(item, depth + 1)
            for name, item in schema.get("properties", {}).items()
            if name in required or (depth < 6 and self.random.random() < 0.5)
        }
        if isinstance(schema.get("additionalProperties"), dict) and depth < 6:
            result["other"] = self.make(schema["additionalProperties"], depth + 1)
        return result

    def make_array(self, schema, depth):
        if "prefixItems" in schema:
            return [self.make(item, depth + 1) for item in schema["prefixItems"]]
        low = schema.get("minItems", 0)
        number = low if depth > 6 else low + self.random.randrange(3)
        return [self.make(schema.get("items"), depth + 1) for _index in range(number)]

    def make_string(self, schema, _depth):
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        text = self.random.choice(TEXTS).ljust(schema.get("minLength", 0), "z")
        return text[: schema.get("maxLength")]

    def make_integer(self, schema, _depth):
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        return min(low + self.random.randrange(9), schema.get("maximum", low + 9))

    def make_number(self, schema, depth):
        return self.make_integer(schema, depth) + self.random.choice([0, 0.5])

    def make_boolean(self, _schema, _depth):
        return self.random.random() < 0.5

    def make_null(self, _schema, _depth):
        return None


@contextmanager
def all_routes_marked():
    get_marks = marked._get_marks

    def get_all_marks(route):
        if isinstance(route.original_route, APIRoute):
            return {ToolMark: ToolMark(read_only=False)}
        return get_marks(route)

    with patch.object(marked, "_get_marks", get_all_marks):
        yield


class TestToolCalls(FastAPITransactionCase):
    def setUp(self):
        super().setUp()
        self.endpoints = self.env["fastapi.endpoint"]
        self.patch(type(self.endpoints), "_may_choose_demo", lambda _endpoints: True)

    def get_keys(self):
        """Return the keys of the apps, except one that needs a library."""
        selection = self.endpoints.fields_get(["app"])["app"]["selection"]
        return [key for key, _label in selection if key != "test_library"]

    def collect(self, key):
        endpoint = self.endpoints.search([("app", "=", key)], limit=1)
        if not endpoint:
            endpoint = self.endpoints.create(
                {
                    "name": key,
                    "app": key,
                    "root_path": f"/tools_of_{key}",
                    "demo_auth_method": "api_key",
                }
            )
        app = endpoint._get_app()
        with all_routes_marked(), warnings.catch_warnings():
            # FastAPI's, before there are short ids
            warnings.filterwarnings("ignore", "Duplicate Operation ID")
            return app, collect_tools(app).tools

    def test_schemas(self):
        found = 0
        for key in self.get_keys():
            for tool in self.collect(key)[1].values():
                with self.subTest(app=key, tool=tool.name):
                    found += 1
                    Draft202012Validator.check_schema(tool.input_schema)
                    if tool.output_schema is not None:
                        Draft202012Validator.check_schema(tool.output_schema)
                        self.assertEqual(tool.output_schema["type"], "object")
        self.assertGreater(found, 0)

    @mute_logger("odoo.addons.fastapi", "odoo.sql_db", "odoo.http", "httpx2", "httpx")
    def test_calls(self):
        found = Counter()
        for key in self.get_keys():
            if not key.startswith(("demo", "my_demo")):
                continue  # it has routes that wait, or fail
            app, tools = self.collect(key)
            with self._create_test_client(
                app,
                partner=self.user_demo.partner_id,
                raise_server_exceptions=False,
            ) as client:
                for tool in tools.values():
                    for seed in range(0 if tool.streams else CALLS):
                        with self.subTest(app=key, tool=tool.name, seed=seed):
                            found[self.call(client, tool, seed)] += 1
        self.assertGreater(found["2xx"], 0, found)

    def call(self, client, tool, seed):
        arguments = Generator(tool.input_schema, seed).make(tool.input_schema)
        try:
            request = tool.make_request(arguments)
        except ArgumentError:
            return "refused"
        with self.env.cr.savepoint(flush=False) as savepoint:
            response = client.request(
                request.method,
                quote(request.path) + "?" + request.query_string.decode(),
                headers=request.headers,
                content=request.body,
                follow_redirects=False,
            )
            savepoint.rollback()
            self.env.invalidate_all()
        text = f"{tool.method} {tool.path} {arguments}: {response.text[:2000]}"
        self.assertLess(response.status_code, 500, text)
        if response.status_code == 422 and isinstance(response.json()["detail"], list):
            for error in response.json()["detail"]:
                if error["type"] == "missing":
                    name = tool.name_argument(error["loc"])
                    self.assertNotIn(name, arguments, text)
        if response.is_success and tool.output_schema is not None:
            data = response.json()
            data = {"result": data} if tool.wraps_output else data
            Draft202012Validator(tool.output_schema).validate(data)
        return f"{response.status_code // 100}xx"
