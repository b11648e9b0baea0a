# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import Body, Depends, FastAPI, Query
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, create_model

from odoo.tests import BaseCase, tagged

from ..cli._breaking_changes import find_breaking_changes


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


class OtherTree(BaseModel):
    name: int
    children: list[OtherTree] = []


class Node(BaseModel):
    name: str
    parent: Node | None = None


def make_model(name: str, /, **fields: Any) -> Any:
    """Return a model with required fields, or with given defaults of fields."""
    given = {key: x if isinstance(x, tuple) else (x, ...) for key, x in fields.items()}
    return create_model(name, **given)


Cat = make_model("Cat", kind=Literal["cat"], age=int)
Dog = make_model("Dog", kind=Literal["dog"], age=int)
Bird = make_model("Bird", kind=Literal["bird"], wings=int)
Plain = make_model("Plain", a=int, b=int)
Other = make_model("Other", a=int, b=(int, 0), c=(int, 0))


def make_document(handler: Any = None, path: str = "/books", **options: Any) -> Any:
    """Return the document of an app with one operation."""
    app = FastAPI()
    options.setdefault("methods", ["GET"])
    options.setdefault("operation_id", "call")
    app.add_api_route(path, handler or (lambda: None), **options)
    return app.openapi()


def sent(annotation: Any, **options: Any) -> Any:
    """Return the document of an operation with a query parameter ``x``."""

    def handler(x: Any) -> None:
        pass

    handler.__annotations__ = {"x": annotation}
    return make_document(handler, **options)


def received(annotation: Any) -> Any:
    """Return the document of an operation that returns a value."""
    return make_document(response_model=annotation)


def sent_body(annotation: Any) -> Any:
    """Return the document of an operation with a body."""

    def handler(x: Any) -> None:
        pass

    handler.__annotations__ = {"x": Annotated[annotation, Body()]}
    return make_document(handler, methods=["POST"])


def document_of(schema: Any, *, is_sent: bool, **schemas: Any) -> Any:
    """Return a document with a given schema of a body or a response."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content} if is_sent else {"responses": {"200": content}}
    return {
        "openapi": "3.1.0",
        "paths": {"/books": {"post": operation}},
        "components": {"schemas": schemas},
    }


@tagged("post_install", "-at_install")
class TestBreakingChanges(BaseCase):
    def check(self, old: Any, new: Any, *changes: str) -> None:
        self.assertEqual(find_breaking_changes(old, new), list(changes))

    def check_schemas(self, old: Any, new: Any, is_sent: bool, *changes: str) -> None:
        """Compare schemas. Each change starts with the place of the value."""
        place = "POST /books: " + ("body" if is_sent else "response 200")
        self.check(
            document_of(old, is_sent=is_sent),
            document_of(new, is_sent=is_sent),
            *(f"{place}{change}" for change in changes),
        )

    def test_same_document(self):
        document = received(Tree)
        self.check(document, document)
        self.check(document, received(Tree))
        self.check({"openapi": "3.1.0"}, document)

    def test_operations(self):
        old = make_document()
        post = make_document(methods=["POST"])
        old["paths"]["/books"] |= post["paths"]["/books"]
        self.check(old, make_document(), "POST /books is gone")
        self.check(
            old,
            make_document(path="/writings"),
            "GET /books is gone",
            "POST /books is gone",
        )
        self.check(make_document(), old)
        self.check(
            make_document(),
            make_document(operation_id="list_books"),
            "GET /books: operation id call is gone",
        )

    def test_parameters(self):
        none, required = make_document(), sent(int)
        optional = make_document(self._take_optional)
        place = "GET /books: query parameter x"
        self.check(none, optional)
        self.check(none, required, f"{place} is new and required")
        self.check(
            optional, none, f"{place} is gone", "GET /books: response 422 is gone"
        )
        self.check(required, optional)
        self.check(optional, required, f"{place} is required")

    @staticmethod
    def _take_optional(x: int = 0) -> None:
        pass

    def test_names_of_path_parameters(self):
        old = sent(int, path="/books/{x}")

        def handler(book_id: int) -> None:
            pass

        def typed_handler(book_id: bool) -> None:
            pass

        self.check(old, make_document(handler, path="/books/{book_id}"))
        self.check(
            old,
            make_document(typed_handler, path="/books/{book_id}"),
            "GET /books/{x}: path parameter 1 must not be integer",
        )

    def test_values_that_are_sent(self):
        place = "GET /books: query parameter x"
        cases = [
            (int, float, None),
            (float, int, "must not be number"),
            (str, int, "must not be string"),
            (int, str, "must not be integer"),
            (Literal["a", "b"], Literal["a", "b", "c"], None),
            (Literal["a", "b"], Literal["a"], 'must not be "b"'),
            (Literal["a", "b"], str, None),
            (str, Literal["a"], "must not be anything"),
            (Annotated[int, Query(le=5)], int, None),
            (int, Annotated[int, Query(le=5)], "must have maximum 5"),
            (
                Annotated[int, Query(ge=1)],
                Annotated[int, Query(ge=2)],
                "must have minimum 2",
            ),
            (Annotated[int, Query(ge=2)], Annotated[int, Query(ge=1)], None),
            (str, Annotated[str, Query(pattern="^a")], "must have pattern ^a"),
            (Annotated[int, Query(ge=1)], Annotated[int, Query(gt=0)], None),
            (Annotated[int, Query(gt=0)], Annotated[int, Query(ge=1)], None),
            (
                Annotated[int, Query(lt=9)],
                Annotated[int, Query(lt=8)],
                "must have maximum 7",
            ),
            (
                Annotated[int, Query(multiple_of=10)],
                Annotated[int, Query(multiple_of=5)],
                None,
            ),
            (
                Annotated[int, Query(multiple_of=5)],
                Annotated[int, Query(multiple_of=10)],
                "must have multipleOf 10",
            ),
        ]
        for old, new, change in cases:
            with self.subTest(f"{old} -> {new}"):
                expected = [f"{place} {change}"] if change else []
                self.check(sent(old), sent(new), *expected)

    def check_bodies(self, *cases: Any) -> None:
        """Compare the bodies of each case: old, new, changes."""
        for old, new, *changes in cases:
            with self.subTest(f"{old} -> {new}"):
                expected = [f"POST /books: body{change}" for change in changes]
                self.check(sent_body(old), sent_body(new), *expected)

    def check_responses(self, *cases: Any) -> None:
        """Compare the responses of each case: old, new, changes."""
        for old, new, *changes in cases:
            with self.subTest(f"{old} -> {new}"):
                expected = [f"GET /books: response 200{change}" for change in changes]
                self.check(received(old), received(new), *expected)

    def test_unions_that_are_sent(self):
        old_dog = make_model("Dog", kind=Literal["dog"], age=str)
        renamed = make_model("Kitten", kind=Literal["cat"], age=int)
        older = make_model("Kitten", kind=Literal["cat"], age=int, name=str)
        stricter = make_model("Other", a=int, b=int, c=(int, 0))
        self.check_bodies(
            (Cat | Dog, Cat | old_dog, " (Dog).age must not be integer"),
            (Cat | Dog, Cat, " must not be Dog"),
            (Cat | Dog, int, " must not be object"),
            (Cat | Dog, Dog | Cat),
            (Cat | Dog, renamed | Dog),
            (Cat | Dog, older | Dog, " (Cat).name is new and required"),
            (Cat | Dog, Any),
            (Cat, Cat | Bird),
            (Cat | None, Cat | Bird | None),
            (Cat | None, Cat, " must not be null"),
            (Plain | Other, Plain | stricter, " (Other).b is required"),
            (Plain | Other, make_model("A", a=int, b=(int, 0)) | Other),
            (Literal["a"] | int, Literal["b"] | int, ' must not be "a"'),
            (int | str, bool, " must not be integer or string"),
            (str, date | str),
            (date | str, date, " must have format date"),
            (list[int] | list[str], list[str] | list[int]),
            (list[int] | list[str], list[int], " must not be array"),
        )

    def test_unions_that_are_received(self):
        old_dog = make_model("Dog", kind=Literal["dog"], age=str)
        ageless = make_model("Dog", kind=Literal["dog"])
        by_kind = Field(discriminator="kind")
        self.check_responses(
            (Cat | Dog, Cat | old_dog, " (Dog).age can be string"),
            (
                Annotated[Cat | Dog, by_kind],
                Annotated[Cat | old_dog, by_kind],
                " (Dog).age can be string",
            ),
            (Cat | Dog, Cat | ageless, " (Dog).age is gone"),
            (Plain | Other, Other | Plain),
            (Cat | Dog, Cat),
            (Cat, Cat | Dog, " can be Dog"),
            (Cat, Cat | None, " can be null"),
            (date, date | str, " has not the format date"),
        )

    def test_open_and_closed_objects(self):
        closed = create_model("A", __config__=ConfigDict(extra="forbid"), a=(int, ...))
        open_ = create_model("A", __config__=ConfigDict(extra="allow"), a=(int, ...))
        model = make_model("A", a=int)
        self.check_bodies(
            (dict[str, int], dict[str, Any]),
            (dict[str, Any], dict[str, int], ".* must not be anything"),
            (dict[str, int], model, ".a is required", ".* is gone"),
            (model, dict),
            (model, dict[str, str], ".a must not be integer"),
            (make_model("B", a=int, b=(int, 0)), open_),
            (make_model("B", a=int, b=(int, 0)), model, ".b is gone"),
            (model, closed, " must not have other properties"),
            (closed, model),
            (closed, closed),
            (make_model("A"), make_model("A", a=(int, 0))),
            (dict, make_model("A", a=(int, 0)), ".a must not be anything"),
        )
        self.check_responses(
            (dict[str, int], dict[str, Any], ".* can be anything"),
            (dict[str, Any], dict[str, int]),
            (dict[str, Any], model),
            (dict[str, str], model, ".a can be integer"),
            (model, dict[str, Any], ".a is gone"),
            (model, closed),
        )

    def test_arrays(self):
        self.check_bodies(
            (list[int], Any),
            (list[int], list),
            (list, list[int], "[] must not be anything"),
            (tuple[int, str], tuple[int, int], "[1] must not be string"),
            (tuple[int, int], list[int]),
        )
        self.check_responses(
            (tuple[int, str], tuple[int, int], "[1] can be integer"),
            (list[int], list, "[] can be anything"),
        )

    def test_values_that_are_received(self):
        cases = [
            (float, int, None),
            (int, float, "can be number"),
            (str, str | None, "can be null"),
            (str | None, str, None),
            (str, Any, "can be anything"),
            (Any, str, None),
            (Literal["a"], Literal["a", "b"], 'can be "b"'),
            (Literal["a", "b"], Literal["a"], None),
            (Literal["a"], str, "can be anything"),
            (Literal["a"], Literal["a"] | None, "can be null"),
            (int, Annotated[int, Field(le=5)], None),
            (Annotated[int, Field(le=5)], int, None),
        ]
        for old, new, change in cases:
            with self.subTest(f"{old} -> {new}"):
                expected = [f"GET /books: response 200 {change}"] if change else []
                self.check(received(old), received(new), *expected)

    def test_properties(self):
        old = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
        renamed = {"properties": {"a": {"type": "string"}, "c": {"type": "string"}}}
        required = {**old, "required": ["b"]}
        new_required = {**renamed, "required": ["c"]}
        self.check_schemas(old, renamed, False, ".b is gone")
        self.check_schemas(old, renamed, True, ".b is gone")
        self.check_schemas(old, required, False)
        self.check_schemas(required, old, False, ".b can be missing")
        self.check_schemas(old, required, True, ".b is required")
        self.check_schemas(
            old, new_required, True, ".b is gone", ".c is new and required"
        )

    def test_nested_schemas(self):
        def wrap(schema: Any) -> Any:
            return {"properties": {"list": {"type": "array", "items": schema}}}

        def in_object(schema: Any) -> Any:
            return {"type": "object", "additionalProperties": schema}

        integer, text = {"type": "integer"}, {"type": "string"}
        for is_sent, word in ((False, "can be string"), (True, "must not be integer")):
            self.check_schemas(wrap(integer), wrap(integer), is_sent)
            self.check_schemas(wrap(integer), wrap(text), is_sent, f".list[] {word}")
            self.check_schemas(
                in_object(integer), in_object(text), is_sent, f".* {word}"
            )

    def test_spellings_of_a_schema(self):
        union = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        types = {"type": ["string", "null"]}
        one_of = {"oneOf": [{"enum": ["a"]}, {"const": "b"}]}
        enum = {"enum": ["a", "b"]}
        named = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
        merged = {"allOf": [named, {"properties": {"b": {}}}]}
        both = {"properties": {**named["properties"], "b": {}}, "required": ["a"]}
        for old, new in ((union, types), (one_of, enum), (merged, both)):
            for is_sent in (True, False):
                self.check_schemas(old, new, is_sent)
                self.check_schemas(new, old, is_sent)
        self.check_schemas(named, {"allOf": [{}]}, False, " can be anything")

    def test_bodies(self):
        json = make_document(self._take_body, methods=["POST"])
        optional = make_document(self._take_optional_body, methods=["POST"])
        self.check(json, json)
        self.check(optional, json, "POST /books: body is required")
        old = document_of({}, is_sent=True)
        new = document_of({}, is_sent=True)
        body = new["paths"]["/books"]["post"]["requestBody"]
        body["content"] = {"text/csv": body["content"]["application/json"]}
        self.check(old, new, "POST /books: body is gone")
        self.check(new, old, "POST /books: body as text/csv is gone")
        body["required"] = True
        required = document_of({}, is_sent=True)
        both = required["paths"]["/books"]["post"]["requestBody"]
        both["required"] = True
        both["content"] = {**both["content"], **body["content"]}
        self.check(new, required)
        self.check(old, required, "POST /books: body is required")

    @staticmethod
    def _take_body(body: Annotated[int, Body()]) -> None:
        pass

    @staticmethod
    def _take_optional_body(body: Annotated[int, Body()] = 0) -> None:
        pass

    def test_statuses(self):
        old = make_document(responses={409: {"description": "Taken"}})
        self.check(old, make_document(), "GET /books: response 409 is gone")
        self.check(make_document(), old)

    def test_security(self):
        basic, bearer = HTTPBasic(), HTTPBearer()
        renamed = HTTPBasic(scheme_name="Password", description="A password")
        open_, closed, either, other = (
            make_document(dependencies=[Depends(scheme) for scheme in schemes])
            for schemes in ((), (basic,), (basic, bearer), (renamed,))
        )
        self.check(closed, closed)
        self.check(closed, open_)
        self.check(closed, other)
        needs = "GET /books: needs"
        self.check(open_, closed, f"{needs} HTTPBasic, not no authentication")
        optional = document_of({}, is_sent=False)
        operation = optional["paths"]["/books"]["post"]
        operation["security"] = [{}, {"OAuth": ["read"]}]
        wider = document_of({}, is_sent=False)
        wider["paths"]["/books"]["post"]["security"] = [{"OAuth": ["read", "write"]}]
        self.check(optional, optional)
        self.check(
            optional,
            wider,
            "POST /books: needs OAuth, not no authentication",
            "POST /books: needs OAuth, not OAuth",
        )
        self.check(closed, either)

    def test_cycles(self):
        old, new = received(Tree), received(OtherTree)
        self.check(old, new, "GET /books: response 200.name can be integer")
        self.check(received(Node), received(Node))
        new_node = make_model("Node", name=str, parent=(Tree | None, None))
        self.check(
            received(Node),
            received(new_node),
            "GET /books: response 200.parent.parent is gone",
        )
        loop = {
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"$ref": "#/components/schemas/A"},
            "C": {"anyOf": [{"$ref": "#/components/schemas/C"}, {"type": "string"}]},
        }
        for name in loop:
            schema = {"$ref": f"#/components/schemas/{name}"}
            document = document_of(schema, is_sent=True, **loop)
            self.check(document, document)

    def test_change_is_named_once(self):
        def documents(code: Any, mood: Any) -> Any:
            address, mood = make_model("Address", zip=code), Enum("Mood", mood)
            fields = {"a": address | None, "b": address | None, "c": address}
            return received(make_model("A", **fields, d=mood | None, e=mood | None))

        self.check(
            documents(str, "good"),
            documents(int, "good bad"),
            "GET /books: response 200.a.zip can be integer",
            "GET /books: response 200.d can be 2",
        )

    def test_malformed_documents(self):
        for schema in (
            *(True, {"$ref": "#/nowhere"}, {"type": "array", "items": True}),
            *({"anyOf": [True, {"$ref": "#/nowhere"}]}, {"allOf": [False]}),
        ):
            document = document_of(schema, is_sent=False)
            self.check(document, document)
