# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The JSON schemas of tools, and resources and prompts."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Query, Response
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from odoo.tests import BaseCase

from odoo.addons.fastapi.app.prepare import EndpointFastAPI

from ..tools import (
    ArgumentError,
    PromptMessages,
    collect_tools,
    mcp_prompt,
    mcp_resource,
    mcp_tool,
)
from ..tools.schemas import Schemas


class Product(BaseModel):
    name: str
    day: date
    at: datetime = None


class Cat(BaseModel):
    kind: Literal["cat"]
    friends: list["Cat | Dog"] = []


class Dog(BaseModel):
    kind: Literal["dog"]
    price: Decimal = Decimal(1)


class Owner(BaseModel):
    """Someone with a pet."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    title: str = Field("x", title="Title")
    salutation: str = Field("x", title="How to address")
    properties: dict[str, Any] = Field({}, examples=[{"$ref": "#/nowhere"}])


class Tea(BaseModel):
    kind: Literal["tea"] = "tea"
    price: int = 1


class Cake(BaseModel):
    kind: Literal["cake"] = "cake"
    price: int = 1


class Menu(BaseModel):
    items: list[Annotated[Tea | Cake, Field(discriminator="kind")]]


class Unused(BaseModel):
    a: int


def make_tool(handler, method="post", **options):
    app = EndpointFastAPI(dependencies=[mcp_tool(read_only=False)])
    app.get("/unused", dependencies=[])(lambda: Unused(a=1))
    getattr(app, method)("/call", operation_id="call", **options)(handler)
    tool = collect_tools(app).tools["call"]
    for schema in (tool.input_schema, tool.output_schema):
        if schema is not None:
            Draft202012Validator.check_schema(schema)
            json.dumps(schema)
            assert schema["type"] == "object"
    return tool


class TestInputSchemas(BaseCase):
    def test_complete_in_itself(self):
        def handler(owner: Owner) -> None:
            pass

        schema = make_tool(handler).input_schema
        self.assertEqual(sorted(schema["$defs"]), ["Cat", "Dog"])
        validator = Draft202012Validator(schema)
        cat = {"kind": "cat", "friends": [{"kind": "dog", "price": "1.5"}]}
        self.assertTrue(validator.is_valid({"pet": cat}))
        self.assertFalse(validator.is_valid({"pet": {"kind": "cow"}}))
        self.assertFalse(validator.is_valid({"pet": cat, "other": 1}))
        text = json.dumps(schema)
        self.assertNotIn("#/components", text)
        self.assertNotIn("mapping", text)

    def test_what_is_not_a_schema_is_not_changed(self):
        def handler(owner: Owner) -> None:
            pass

        properties = make_tool(handler).input_schema["properties"]
        self.assertEqual(properties["properties"]["examples"], [{"$ref": "#/nowhere"}])
        # titles that say something are kept
        self.assertNotIn("title", properties["title"])
        self.assertEqual(properties["salutation"]["title"], "How to address")

    def test_what_a_parameter_says(self):
        def handler(
            state: Annotated[
                str | None,
                Query(description="Of the order.", deprecated=True, max_length=9),
            ] = None,
        ) -> None:
            pass

        tool = make_tool(handler, "get")
        self.assertEqual(
            tool.input_schema,
            {
                "type": "object",
                "properties": {
                    "state": {
                        "anyOf": [
                            {"type": "string", "maxLength": 9},
                            {"type": "null"},
                        ],
                        "description": "Of the order.",
                        "deprecated": True,
                    }
                },
                "additionalProperties": False,
            },
        )

    def test_without_arguments(self):
        schema = make_tool(lambda: None, "get").input_schema
        self.assertEqual(
            schema, {"type": "object", "properties": {}, "additionalProperties": False}
        )

    def test_the_document_stays_as_it_is(self):
        app = EndpointFastAPI(dependencies=[mcp_tool(read_only=False)])

        @app.post("/a")
        def handler(owner: Owner) -> Owner:
            return owner

        before = json.dumps(app.openapi())
        collect_tools(app)
        self.assertEqual(json.dumps(app.openapi()), before)

    def test_written_by_hand(self):
        body = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "a": {"$ref": "https://example.com/schema"},
                            "b": {"$ref": "#/components/schemas/No~1where"},
                            "c": {"example": 3, "$id": "https://example.com"},
                            "d": True,
                        },
                    }
                }
            },
        }
        tool = make_tool(lambda: None, openapi_extra={"requestBody": body})
        schema = tool.input_schema
        self.assertEqual(
            schema["properties"],
            {
                "a": {},
                "b": {"$ref": "#/$defs/No~1where"},
                "c": {"examples": [3]},
                "d": True,
            },
        )
        self.assertEqual(schema["$defs"], {"No/where": {}})
        self.assertTrue(Draft202012Validator(schema).is_valid({"a": 1, "b": 2}))
        self.assertEqual(json.loads(tool.make_request({"a": 1}).body), {"a": 1})

    def test_types(self):
        document = {
            "components": {
                "schemas": {
                    "Loop": {"$ref": "#/components/schemas/Loop"},
                    "Text": {"type": ["string", "null"]},
                }
            }
        }
        schemas = Schemas(document)
        for schema, types in {
            '{"type": "array"}': {"array"},
            '{"$ref": "#/components/schemas/Text"}': {"string", "null"},
            '{"anyOf": [{"type": "object"}, {"const": 3}]}': {"object", "integer"},
            '{"allOf": [{"type": ["object", "array"]}, {"type": "array"}]}': {"array"},
            '{"enum": ["a", null, true]}': {"string", "null", "boolean"},
        }.items():
            self.assertEqual(schemas.get_types(json.loads(schema)), types, schema)
        loop = {"$ref": "#/components/schemas/Loop"}
        self.assertEqual(len(schemas.get_types(loop)), 7)
        self.assertEqual(schemas.resolve(loop), {})


class TestOutputSchemas(BaseCase):
    def test_object(self):
        def handler() -> Product:
            return None

        tool = make_tool(handler)
        self.assertFalse(tool.wraps_output)
        self.assertEqual(list(tool.output_schema["properties"]), ["name", "day", "at"])
        # a client would refuse a time without a time zone
        self.assertNotIn("format", json.dumps(tool.output_schema))

    def test_other_content_is_wrapped(self):
        for annotation in (list[Product], int, Product | None, Product | str):
            with self.subTest(annotation):

                def handler() -> annotation:
                    return None

                tool = make_tool(handler)
                self.assertTrue(tool.wraps_output)
                self.assertEqual(list(tool.output_schema["properties"]), ["result"])

    def test_recursive_object(self):
        def handler() -> Cat:
            return None

        schema = make_tool(handler).output_schema
        cat = {"kind": "cat", "friends": [{"kind": "cat", "friends": []}]}
        self.assertTrue(Draft202012Validator(schema).is_valid(cat))
        self.assertFalse(Draft202012Validator(schema).is_valid({"kind": "x"}))

    def test_none(self):
        for options in (
            {"status_code": 204, "response_model": None},
            {"response_class": Response},
            {"responses": {202: {"description": "Later."}}},
            {"response_model": None},
        ):
            with self.subTest(options):
                self.assertIsNone(make_tool(lambda: None, **options).output_schema)

    def test_response_with_other_names(self):
        """The OpenAPI document has the aliases in any case."""

        class Aliased(BaseModel):
            name: str = Field(serialization_alias="fullName")

        def handler() -> Aliased:
            return None

        schema = make_tool(handler).output_schema
        self.assertEqual(list(schema["properties"]), ["fullName"])
        tool = make_tool(handler, response_model_by_alias=False)
        self.assertIsNone(tool.output_schema)

    def test_response_that_lacks_properties(self):
        for option in (
            "response_model_exclude_unset",
            "response_model_exclude_none",
            "response_model_exclude_defaults",
        ):

            def handler() -> list[Product]:
                return []

            schema = make_tool(handler, **{option: True}).output_schema
            self.assertNotIn("required", schema["$defs"]["Product"])

    def test_response_that_lacks_the_kind(self):
        """Without its kind, an item is valid as any of them."""

        def handler() -> Menu:
            return Menu(items=[Tea(price=3), Cake(price=4)])

        for option in ("exclude_unset", "exclude_defaults"):
            tool = make_tool(handler, **{f"response_model_{option}": True})
            validator = Draft202012Validator(tool.output_schema)
            content = handler().model_dump(**{option: True})
            self.assertEqual(content, {"items": [{"price": 3}, {"price": 4}]})
            validator.validate(content)
            self.assertFalse(validator.is_valid({"items": [{"kind": "soup"}]}))

    def test_written_by_hand(self):
        schemas = Schemas({})
        for schema in (
            {"not": {"required": ["a", "b"]}},
            {"if": {"required": ["a"]}, "then": {"properties": {"b": {"const": 1}}}},
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        ):
            validator = Draft202012Validator(schemas.complete(schema, is_partial=True))
            self.assertTrue(validator.is_valid({"b": 2}), schema)


class TestResources(BaseCase):
    def collect(self, **paths):
        app = EndpointFastAPI()
        for name, (path, mark) in paths.items():

            def handler(request_id: Annotated[str | None, Header()] = None) -> Product:
                return None

            if "{" in path:
                for part in path.split("/"):
                    if part.startswith("{"):
                        handler.__annotations__[part.strip("{}").partition(":")[0]] = (
                            str
                        )
            app.get(path, operation_id=name, dependencies=[mark])(handler)
        return collect_tools(app, "/demo/v1")

    def test_default_uri(self):
        found = self.collect(
            orders=("/orders", mcp_resource()),
            order=("/orders/{id}", mcp_resource(title="One", mime_type="text/plain")),
            files=("/files/{name:path}", mcp_resource()),
        )
        self.assertEqual(found.refused, [])
        self.assertEqual(
            list(found.resources),
            [
                "odoo://demo/v1/orders",
                "odoo://demo/v1/orders/{id}",
                "odoo://demo/v1/files/{+name}",
            ],
        )
        resource, arguments = found.find_resource("odoo://demo/v1/orders")
        self.assertEqual((resource.name, arguments), ("orders", {}))
        self.assertFalse(resource.is_template)
        self.assertEqual(resource.mime_type, "application/json")
        resource, arguments = found.find_resource("odoo://demo/v1/orders/a%2Fb")
        self.assertEqual((resource.title, arguments), ("One", {"id": "a/b"}))
        self.assertEqual(resource.mime_type, "text/plain")
        with self.assertRaises(ArgumentError):
            resource.make_request(arguments)
        resource, arguments = found.find_resource("odoo://demo/v1/files/a/%C3%A4")
        self.assertEqual(resource.make_request(arguments).path, "/files/a/ä")
        for uri in ("odoo://demo/v1/orders/", "odoo://demo/v1/orders/1/2", "", "x:"):
            self.assertIsNone(found.find_resource(uri))

    def test_told_uri(self):
        found = self.collect(
            first=("/a/{x}/{y}", mcp_resource("erp://{y}/of.{x}")),
            wrong=("/b/{x}", mcp_resource("erp://{z}")),
            relative=("/c", mcp_resource("/c")),
            double=("/d/{x}/{y}", mcp_resource("erp://{y}/of.{x}")),
        )
        resource, arguments = found.find_resource("erp://1/of.2")
        self.assertEqual(resource.make_request(arguments).path, "/a/2/1")
        self.assertIsNone(found.find_resource("erp://1/of-2"))
        self.assertEqual(
            [label for label, _reason in found.refused],
            ["GET /b/{x}", "GET /c", "GET /d/{x}/{y}"],
        )

    def test_refused(self):
        app = EndpointFastAPI()
        app.post("/a", dependencies=[mcp_resource()])(lambda: "")

        @app.get("/b", dependencies=[mcp_resource()])
        def needs(q: str) -> str:
            return q

        refused = collect_tools(app).refused
        self.assertEqual([label for label, _reason in refused], ["POST /a", "GET /b"])
        self.assertIn("q", refused[1][1])

    def test_also_a_tool(self):
        app = FastAPI()
        app.get("/a", dependencies=[mcp_resource(), mcp_tool(name="t")])(lambda: "")
        found = collect_tools(app)
        self.assertEqual(list(found.tools), ["t"])
        self.assertEqual(list(found.resources), ["odoo://a"])


class TestPrompts(BaseCase):
    def test_arguments(self):
        app = EndpointFastAPI()

        @app.get("/orders/{id}/review", dependencies=[mcp_prompt(name="review")])
        def review_order(
            id: int, tone: Annotated[str, Query(description="Of the text.")] = "polite"
        ) -> PromptMessages:
            """Review an order."""
            return PromptMessages(messages=[{"text": f"{tone} {id}"}])

        app.post("/other", dependencies=[mcp_prompt()])(lambda: "")
        found = collect_tools(app)
        prompt = found.prompts["review"]
        self.assertEqual(prompt.description, "Review an order.")
        self.assertEqual(
            [(a.name, a.description, a.required) for a in prompt.prompt_arguments],
            [("id", None, True), ("tone", "Of the text.", False)],
        )
        request = prompt.make_request({"id": "3", "tone": "ü"})
        self.assertEqual(
            (request.path, request.query_string), ("/orders/3/review", b"tone=%C3%BC")
        )
        self.assertEqual([label for label, _reason in found.refused], ["POST /other"])
