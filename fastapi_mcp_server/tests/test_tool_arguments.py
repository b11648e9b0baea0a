# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From the arguments of an agent to a request, and what the app makes of it."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import anyio
from fastapi import Body, Cookie, Form, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Json, RootModel

from odoo.tests import BaseCase

from odoo.addons.fastapi.app.prepare import EndpointFastAPI

from ..server.texts import hint_at_less
from ..tools import ArgumentError, collect_tools, mcp_tool


class Line(BaseModel):
    product: str
    quantity: float = 1


class Order(BaseModel):
    ref: str
    lines: list[Line] = []
    note: str | None = "none"
    priority: int = 0


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 0


class Tags(RootModel[list[str]]):
    pass


class CallCase(BaseCase):
    def make(self, handler, path="/call", method="post", **options):
        app = EndpointFastAPI(dependencies=[mcp_tool(read_only=False)])
        getattr(app, method)(path, **options)(handler)
        found = collect_tools(app)
        self.assertEqual(found.refused, [])
        ((_name, self.tool),) = found.tools.items()
        self.app = app
        return self.tool

    def send(self, **arguments):
        """Return status and content of the response, as ASGI has them."""
        request = self.tool.make_request(arguments)
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": quote(request.path).encode(),
            "query_string": request.query_string,
            "headers": request.headers,
            "root_path": "",
        }
        messages = []

        async def receive():
            return {"type": "http.request", "body": request.body}

        async def send(message):
            messages.append(message)

        anyio.run(self.app, scope, receive, send)
        content = b"".join(message.get("body", b"") for message in messages)
        return messages[0]["status"], json.loads(content)

    def call(self, **arguments):
        status, content = self.send(**arguments)
        self.assertEqual(status, 200, content)
        return content

    def refuse(self, **arguments):
        with self.assertRaises(ArgumentError) as caught:
            self.tool.make_request(arguments)
        return str(caught.exception)


class TestParameters(CallCase):
    def test_places(self):
        def handler(
            id: int,
            q: str,
            states: Annotated[list[str], Query(alias="state[]")],
            x_trace: Annotated[str, Header()],
            theme: Annotated[str, Cookie()] = "light",
            limit: int = 10,
        ) -> list[Any]:
            return [id, q, states, x_trace, theme, limit]

        tool = self.make(handler, "/orders/{id}", "get")
        self.assertEqual(tool.input_schema["required"], ["id", "q", "state"])
        self.assertEqual(
            self.call(id=3, q="ä&b=c d", state=["x", "y"], x_trace="t"),
            [3, "ä&b=c d", ["x", "y"], "t", "light", 10],
        )
        self.assertEqual(
            self.call(id=3, q="", state=["é"], x_trace="é", theme='a;b "c"\\', limit=5),
            [3, "", ["é"], "é", 'a;b "c"\\', 5],
        )

    def test_headers_that_the_client_sends(self):
        """They are no arguments of a call then."""

        def handler(
            x_api_key: Annotated[str, Header()],
            idempotency_key: Annotated[str, Header()],
            theme: Annotated[str, Cookie()],
        ) -> str:
            return x_api_key

        tool = self.make(handler)
        self.assertNotIn("required", tool.input_schema)
        self.assertEqual(tool.make_request({}).headers, [])
        status, content = self.send()
        self.assertEqual(status, 422)
        self.assertEqual(
            [tool.name_argument(error["loc"]) for error in content["detail"]],
            ["x_api_key", "idempotency_key", "theme"],
        )

    def test_values(self):
        def handler(
            flag: bool = False,
            number: float = 0,
            whole: int = 0,
            ids: Annotated[list[int], Query()] = (),
        ) -> list[Any]:
            return [flag, number, whole, ids]

        self.make(handler, method="get")
        self.assertEqual(
            self.call(flag=True, number=1.5, whole=2.0, ids=[1, 2]),
            [True, 1.5, 2, [1, 2]],
        )
        # mistakes of models
        self.assertEqual(self.call(ids=7), [False, 0, 0, [7]])
        self.assertEqual(self.call(ids="[7, 8]"), [False, 0, 0, [7, 8]])
        self.assertEqual(self.call(ids="7", whole="3", flag="true"), [True, 0, 3, [7]])
        self.assertEqual(self.call(flag=None, ids=None), [False, 0, 0, []])
        for wrong in (
            {"whole": [1]},
            {"whole": {"a": 1}},
            {"ids": [None]},
            {"ids": [[]]},
        ):
            with self.subTest(wrong):
                self.assertIn(*wrong, self.refuse(**wrong))
        self.assertIn("JSON", self.refuse(number=float("nan")))
        self.assertIn("surrogate", self.refuse(number="\ud800"))

    def test_lists_that_are_empty(self):
        def handler(
            needed: Annotated[list[str], Query()],
            default: Annotated[list[str], Query()] = ("draft",),
            optional: Annotated[list[str] | None, Query()] = None,
        ) -> list[Any]:
            return [needed, default, optional]

        self.make(handler, method="get")
        self.assertEqual(self.call(needed=["a"], optional=[]), [["a"], ["draft"], None])
        self.assertIn("needed", self.refuse(needed=[]))
        self.assertIn("default", self.refuse(needed=["a"], default=[]))

    def test_json_in_a_parameter(self):
        def handler(
            domain: Annotated[Json[list[Any]], Query()],
            other: Annotated[Json[list[int]], Query()],
        ) -> Any:
            return [domain, other]

        self.make(handler, method="get")
        self.assertEqual(self.call(domain=[["a"]], other=[]), [[["a"]], []])
        self.assertEqual(self.call(domain="[1]", other="[2]"), [[1], [2]])

    def test_names_of_arguments(self):
        def handler(
            id: int,
            query: Annotated[int, Query(alias="id")],
            header: Annotated[int, Header(alias="ID")],
            odd: Annotated[int, Query(alias="größe")],
            odder: Annotated[int, Query(alias="$")],
        ) -> list[int]:
            return [id, query, header, odd, odder]

        tool = self.make(handler, "/call/{id}", "get")
        self.assertEqual(
            list(tool.input_schema["properties"]),
            ["id", "query_id", "gr_e", "query", "header_id"],
        )
        self.assertEqual(
            self.call(id=1, query_id=2, header_id=3, gr_e=4, query=5), [1, 2, 3, 4, 5]
        )
        for location, name in {
            ("path", "id"): "id",
            ("query", "id"): "query_id",
            ("header", "id"): "header_id",
            ("query", "größe"): "gr_e",
            ("query", "other", 3): "other[3]",
        }.items():
            self.assertEqual(tool.name_argument(location), name)

    def test_hint_at_less_names_arguments(self):
        def handler(
            limit: Annotated[int, Query(alias="page[limit]")] = 10,
        ) -> list[int]:
            return []

        tool = self.make(handler, method="get")
        self.assertIn("`page_limit`", hint_at_less(tool))

    def test_headers_that_are_no_arguments(self):
        def handler(
            authorization: Annotated[str | None, Header()] = None,
            x_forwarded_for: Annotated[str | None, Header()] = None,
            if_none_match: Annotated[str | None, Header()] = None,
            idempotency_key: Annotated[str | None, Header()] = None,
        ) -> str | None:
            return idempotency_key

        tool = self.make(handler)
        self.assertEqual(list(tool.input_schema["properties"]), ["idempotency_key"])
        self.assertTrue(tool.takes_key)
        self.assertEqual(self.call(idempotency_key="k"), "k")
        self.assertIn("`authorization`", self.refuse(authorization="Bearer x"))

    def test_headers_and_cookies_that_can_not_be_sent(self):
        def handler(
            x_a: Annotated[str, Header()] = "", c: Annotated[str, Cookie()] = ""
        ) -> list[str]:
            return [x_a, c]

        self.make(handler, method="get")
        for value in ("a\r\nSet-Cookie: b", "a\0", "日"):
            self.assertIn("x-a", self.refuse(x_a=value))
        self.assertIn("cookie", self.refuse(c="日"))
        self.assertEqual(self.call(c="a\r\nb\0"), ["", "a\r\nb\0"])


class TestPaths(CallCase):
    def test_quoted(self):
        def handler(ref: str, request: Request) -> list[str]:
            return [ref, request.scope["path"]]

        self.make(handler, "/orders/{ref}/lines", "get")
        for ref in ("ä b", "%2F", "?a=b#c", "..", "a\\b", "日本", "+", "a;b"):
            self.assertEqual(self.call(ref=ref), [ref, f"/orders/{ref}/lines"])
        request = self.tool.make_request({"ref": "ä%"})
        self.assertEqual(request.path, "/orders/ä%/lines")

    def test_lists(self):
        """A path has one value, also of a parameter without a type."""

        def handler(ref) -> str:
            return ref

        self.make(handler, "/orders/{ref}", "get")
        for value, error in (([1, 2], "takes one"), ([], "needs at least one")):
            with self.assertRaisesRegex(ArgumentError, f"ref {error} value"):
                self.call(ref=value)
        self.assertEqual(self.call(ref=[1]), "1")

    def test_another_path(self):
        """A value does not lead to another route."""

        def handler(ref: str) -> str:
            return ref

        self.make(handler, "/orders/{ref}", "get")
        for ref in ("", "a/lines", "/", "../users"):
            with self.subTest(ref):
                self.assertIn("`ref`", self.refuse(ref=ref))

    def test_another_route(self):
        app = EndpointFastAPI()
        app.get("/orders/export")(lambda: "secret")
        app.post("/orders/search")(lambda: "")
        app.mount("/orders/sub", EndpointFastAPI())
        app.get("/orders/{id}", tags=["mcp"], operation_id="get")(lambda id: id)
        app.get("/orders/last")(lambda: "")
        tool = collect_tools(app).tools["get"]
        with self.assertRaisesRegex(ArgumentError, "something else"):
            tool.make_request({"id": "export"})
        for ref in ("sub", "search", "last", "exports", "3"):
            self.assertEqual(tool.make_request({"id": ref}).path, f"/orders/{ref}")

    def test_with_slashes(self):
        def handler(name: str, number: int) -> list[Any]:
            return [name, number]

        self.make(handler, "/files/{number:int}/{name:path}", "get")
        self.assertEqual(self.call(name="a/ä b/c", number=1), ["a/ä b/c", 1])
        self.assertIn("number", self.refuse(name="a", number=-1))
        self.assertIn("number", self.refuse(name="a", number="x"))

    def test_uuid(self):
        def handler(id: UUID) -> str:
            return str(id)

        self.make(handler, "/x/{id:uuid}", "get")
        text = "5b9f9f5e-54ad-4ae8-a0f2-b8a4d5c2c4b7"
        self.assertEqual(self.call(id=text), text)
        self.assertIn("id", self.refuse(id="5b9f"))

    def test_parameters_that_are_not_documented(self):
        def handler(ref: Annotated[str, Path(include_in_schema=False)]) -> str:
            return ref

        self.make(handler, "/orders/{ref}", "get")
        self.assertEqual(self.call(ref="a"), "a")


class TestBodies(CallCase):
    def test_properties_are_arguments(self):
        def handler(id: int, order: Order) -> Any:
            return [id, order, sorted(order.model_fields_set)]

        tool = self.make(handler, "/orders/{id}")
        self.assertEqual(
            list(tool.input_schema["properties"]),
            ["id", "ref", "lines", "note", "priority"],
        )
        self.assertEqual(tool.input_schema["required"], ["id", "ref"])
        self.assertEqual(list(tool.input_schema["$defs"]), ["Line"])
        lines = [{"product": "ä", "quantity": 2}]
        self.assertEqual(self.call(id=1, ref="a", lines=lines)[1]["lines"], lines)
        self.assertEqual(
            self.call(id=1, ref="a", lines=json.dumps(lines))[1]["lines"], lines
        )
        # null is a value where the schema has it
        self.assertEqual(
            self.call(id=1, ref="a", note=None, priority=None, lines=None)[2],
            ["note", "ref"],
        )
        self.assertEqual(
            tool.name_argument(["body", "lines", 0, "quantity"]), "lines[0].quantity"
        )
        status, content = self.send(id=1, ref="a", lines=[{}])
        self.assertEqual(status, 422)
        (error,) = content["detail"]
        self.assertEqual(tool.name_argument(error["loc"]), "lines[0].product")

    def test_refused_names(self):
        def handler(order: Order) -> None:
            pass

        self.make(handler)
        self.assertEqual(
            self.refuse(reff="a", lines=[]),
            "There is no argument `reff`. The arguments are `ref`, `lines`, `note`, "
            "`priority`.",
        )
        self.assertEqual(self.refuse(lines=[]), "An argument is missing: `ref`.")
        self.assertLess(
            len(self.refuse(**{"x" * 10**6: 1, **{str(i): 1 for i in range(999)}})),
            9999,
        )
        self.assertEqual(self.send(ref=None)[0], 422)

    def test_same_name_as_a_parameter(self):
        def handler(ref: str, body: str, order: Order) -> Any:
            return [ref, body, order.ref]

        tool = self.make(handler, "/orders/{ref}")
        self.assertEqual(
            list(tool.input_schema["properties"]), ["ref", "body", "request_body"]
        )
        self.assertEqual(
            self.call(ref="a", body="b", request_body={"ref": "c"}), ["a", "b", "c"]
        )
        text = json.dumps({"ref": "c"})
        self.assertEqual(self.call(ref="a", body="b", request_body=text)[2], "c")
        self.assertEqual(tool.name_argument(["body", "ref"]), "request_body.ref")

    def test_optional_body(self):
        def handler(order: Order | None = None) -> Any:
            return order

        tool = self.make(handler)
        self.assertNotIn("required", tool.input_schema)
        self.assertIsNone(self.call())
        self.assertIsNone(self.call(body=None))
        self.assertEqual(self.call(body={"ref": "a"})["ref"], "a")

    def test_other_bodies(self):
        for annotation, value in {
            Tags: ["a"],
            list[Line]: [{"product": "a", "quantity": 1.0}],
            dict[str, int]: {"a": 1},
            Annotated[str, Body()]: "[1]",
            Annotated[int, Body()]: 3,
            Line | Order: {"product": "a", "quantity": 1.0},
        }.items():
            with self.subTest(annotation):

                def handler(value: annotation) -> Any:
                    return value

                tool = self.make(handler)
                self.assertEqual(list(tool.input_schema["properties"]), ["body"])
                self.assertEqual(self.call(body=value), value)
                self.assertIn("`body`", self.refuse())

    def test_several_bodies(self):
        def handler(line: Line, order: Order, number: Annotated[int, Body()]) -> Any:
            return [line.product, order.ref, number]

        tool = self.make(handler)
        self.assertEqual(
            list(tool.input_schema["properties"]), ["line", "order", "number"]
        )
        arguments = {"line": {"product": "a"}, "order": '{"ref": "b"}', "number": 3}
        self.assertEqual(self.call(**arguments), ["a", "b", 3])

    def test_other_properties(self):
        def handler(value: Open) -> Any:
            return value

        self.make(handler)
        self.assertEqual(self.call(a=1, b=[2], c=None), {"a": 1, "b": [2], "c": None})

        def with_parameter(value: Open, q: int = 0) -> Any:
            return value

        tool = self.make(with_parameter)
        self.assertEqual(list(tool.input_schema["properties"]), ["q", "body"])
        self.assertEqual(self.call(body={"q": 1})["q"], 1)

    def test_names_that_models_can_not_send(self):
        class Odd(BaseModel):
            model_config = ConfigDict(alias_generator=lambda name: f"ä {name}")
            a: int

        def handler(value: Odd) -> int:
            return value.a

        self.make(handler)
        self.assertEqual(self.call(body={"ä a": 1}), 1)

    def test_values_that_are_not_json(self):
        def handler(value: dict[str, float]) -> Any:
            return value

        self.make(handler)
        self.assertIn("JSON", self.refuse(body={"a": float("inf")}))
        deep: Any = 1
        for _number in range(100_000):
            deep = [deep]
        self.assertIn("JSON", self.refuse(body=deep))
        self.assertEqual(self.send(body="[" * 100_000)[0], 422)

    def test_other_media_types(self):
        def handler(
            value: Annotated[Line, Body(media_type="application/x+json")],
        ) -> Any:
            return value.product

        self.make(handler)
        self.assertEqual(self.call(product="a"), "a")


class TestHostileValues(CallCase):
    VALUES = (
        *(None, True, -1, 10**400, 10**5000, 1e308, float("nan"), float("-inf"), 0.5),
        *("", " ", "\0", "\n", "\ud800", "\U0001f600", "a" * 100_000, "{", "[1]", "{}"),
        *("../..", "//", "a/b", "%2e%2e", "%00", "..;/", "null", '"', "=;,&?#"),
        *(
            [],
            {},
            [None],
            [[[]]],
            {"": {}},
            {"$ref": "#"},
            ["a"] * 1000,
            {"a": "\ud800"},
        ),
    )

    def test_any_value_anywhere(self):
        """Each call is refused in words, or the app responds without an error."""

        def handler(
            path: str,
            rest: str,
            lines: list[Line],
            number: Annotated[int, Body()] = 0,
            anything: Annotated[Any, Body()] = None,
            q: str = "",
            ids: Annotated[list[int], Query()] = (),
            x_header: Annotated[str, Header()] = "",
            cookie: Annotated[str, Cookie()] = "",
        ) -> str:
            return "done"

        def form(
            name: Annotated[str, Form()] = "",
            tags: Annotated[list[str], Form()] = (),
        ) -> str:
            return "done"

        for function, path, valid in (
            (handler, "/a/{path}/{rest:path}", {"path": "a", "rest": "b", "lines": []}),
            (form, "/form", {}),
        ):
            tool = self.make(function, path)
            for name in tool.input_schema["properties"]:
                for number, value in enumerate(self.VALUES):
                    with self.subTest(name=name, number=number):
                        try:
                            status, _content = self.send(**{**valid, name: value})
                        except ArgumentError as err:
                            self.assertLess(len(str(err)), 1000)
                        else:
                            self.assertIn(status, (200, 404, 422))


class Contact(BaseModel):
    name: str
    tags: list[str] = []
    kind: Literal["a", "b"] = "a"


class TestForms(CallCase):
    def test_fields_are_arguments(self):
        def handler(
            id: int,
            name: Annotated[str, Form()],
            tags: Annotated[list[str], Form()] = (),
            active: Annotated[bool, Form()] = True,
        ) -> Any:
            return [id, name, tags, active]

        tool = self.make(handler, "/contacts/{id}")
        self.assertEqual(tool.input_schema["required"], ["id", "name"])
        self.assertEqual(
            self.call(id=1, name="ä&=", tags=["a", "b c"], active=False),
            [1, "ä&=", ["a", "b c"], False],
        )
        self.assertEqual(self.call(id=1, name="a", tags=None), [1, "a", [], True])
        self.assertEqual(self.call(id=1, name="a", tags='["b"]')[2], ["b"])
        self.assertEqual(self.refuse(id=1, name=""), "name must not be empty.")
        self.assertIn("name", self.refuse(id=1, name={}))

    def test_model(self):
        def handler(name: str, contact: Annotated[Contact, Form()]) -> Any:
            return [name, contact]

        tool = self.make(handler)
        self.assertEqual(list(tool.input_schema["properties"]), ["name", "body"])
        contact = {"name": "x", "tags": ["t"], "kind": "b"}
        self.assertEqual(self.call(name="a", body=contact), ["a", contact])
        self.assertIn("body", self.refuse(name="a", body="x"))

    def test_multipart_without_files(self):
        def handler(
            name: Annotated[str, Form(media_type="multipart/form-data")],
        ) -> str:
            return name

        self.make(handler)
        self.assertEqual(self.call(name="a"), "a")
