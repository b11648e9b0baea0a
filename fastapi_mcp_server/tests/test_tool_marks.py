# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which routes of an app are tools, and what they are called."""

import logging
import warnings
from collections.abc import AsyncIterator
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, FastAPI, File, UploadFile, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel

from odoo.tests import BaseCase
from odoo.tools import mute_logger

from odoo.addons.fastapi.app.prepare import EndpointFastAPI, copy_app, prepare_app
from odoo.addons.fastapi.message_routes import MessageRoute
from odoo.addons.fastapi.records import CrudRouter, RecordSchema

from ..tools import collect_tools, mcp_tool, no_mcp_tool
from ..tools.marks import ToolMark

COLLECT = "odoo.addons.fastapi_mcp_server.tools.collect"


class Category(RecordSchema):
    name: str


def handle() -> str:
    return ""


def make_handler(name):
    def handler() -> str:
        return name

    handler.__name__ = name
    return handler


def get_hints(app):
    return {
        name: [
            hint
            for hint in ("read_only", "destructive", "idempotent")
            if getattr(tool, hint)
        ]
        for name, tool in collect_tools(app).tools.items()
    }


class TestToolMarks(BaseCase):
    def test_only_marked_routes(self):
        app = EndpointFastAPI()
        app.get("/orders", dependencies=[mcp_tool()])(make_handler("orders"))
        app.get("/tagged", tags=["mcp"])(make_handler("tagged"))
        app.get("/other")(make_handler("other"))
        found = collect_tools(app)
        self.assertEqual(list(found.tools), ["orders", "tagged"])
        self.assertEqual(found.refused, [])
        self.assertEqual(found.tools["orders"].path, "/orders")

    def test_hints_of_methods(self):
        app = EndpointFastAPI(dependencies=[mcp_tool(read_only=False)])
        for method in ("get", "post", "put", "patch", "delete"):
            getattr(app, method)("/x")(make_handler(method))
        self.assertEqual(
            get_hints(app),
            {
                "get": ["read_only", "idempotent"],
                "post": [],
                "put": ["destructive", "idempotent"],
                "patch": ["destructive"],
                "delete": ["destructive", "idempotent"],
            },
        )

    def test_told_hints(self):
        app = EndpointFastAPI()
        for path, mark in {
            "/search": mcp_tool(read_only=True),
            "/cancel": mcp_tool(read_only=False, destructive=True, idempotent=True),
            "/nothing": mcp_tool(),
        }.items():
            app.post(path, dependencies=[mark])(make_handler(path[1:]))
        self.assertEqual(
            get_hints(app),
            {
                "search": ["read_only", "idempotent"],
                "cancel": ["destructive", "idempotent"],
            },
        )
        ((label, reason),) = collect_tools(app).refused
        self.assertEqual(label, "POST /nothing")
        self.assertIn("mcp_tool(read_only=False)", reason)

    def test_inner_marks_take_precedence(self):
        inner = APIRouter(dependencies=[mcp_tool(title="Inner")])
        inner.post("/a")(make_handler("a"))
        inner.post("/b", dependencies=[mcp_tool(title="Own")])(make_handler("b"))
        inner.post("/c", dependencies=[no_mcp_tool()])(make_handler("c"))
        inner.post("/d", tags=["mcp"], dependencies=[no_mcp_tool()])(make_handler("d"))
        excluded = APIRouter(dependencies=[no_mcp_tool()])
        excluded.get("/e")(make_handler("e"))
        excluded.get("/f", dependencies=[mcp_tool()])(make_handler("f"))
        outer = APIRouter(dependencies=[mcp_tool(read_only=False, title="Outer")])
        outer.include_router(inner, prefix="/inner")
        outer.include_router(excluded, prefix="/excluded")
        app = EndpointFastAPI()
        app.include_router(outer, prefix="/v1")
        found = collect_tools(app)
        self.assertEqual(
            {name: (tool.path, tool.title) for name, tool in found.tools.items()},
            {
                "a": ("/v1/inner/a", "Inner"),
                "b": ("/v1/inner/b", "Own"),
                # without what the outer router says
                "f": ("/v1/excluded/f", "F"),
            },
        )
        self.assertEqual(found.refused, [])

    def test_generated_routes(self):
        router = CrudRouter(
            "res.partner.category",
            prefix="/tags",
            schema=Category,
            create=Category,
            delete=True,
            name="tag",
            dependencies=[mcp_tool(read_only=False)],
        )
        app = EndpointFastAPI()
        app.include_router(router)
        found = collect_tools(app)
        self.assertEqual(found.refused, [])
        self.assertEqual(
            {(tool.method, tool.path) for tool in found.tools.values()},
            {
                ("GET", "/tags"),
                ("POST", "/tags"),
                ("GET", "/tags/{id}"),
                ("DELETE", "/tags/{id}"),
            },
        )
        for tool in found.tools.values():
            if "{id}" in tool.path:
                # not the headers of conditional requests that a cache sends
                self.assertIn("id", tool.input_schema["required"])
                self.assertNotIn("if_none_match", tool.input_schema["properties"])

    def test_app_of_another_server(self):
        """An app as an instance, copied for an endpoint; routers that apps share."""
        router = APIRouter()
        router.get("/a", dependencies=[mcp_tool()])(make_handler("a"))
        original = FastAPI()
        original.include_router(router, prefix="/p")
        self.assertEqual(list(collect_tools(original).tools), ["a_p_a_get"])
        for _number in range(2):
            app = copy_app(original)
            prepare_app(app)
            self.assertEqual(collect_tools(app).tools["a_p_a_get"].path, "/p/a")

    def test_mounted_apps_are_left_out(self):
        mounted = FastAPI(dependencies=[mcp_tool()])
        mounted.get("/a")(handle)
        app = EndpointFastAPI()
        app.mount("/mounted", mounted)
        found = collect_tools(app)
        self.assertEqual((found.tools, found.refused), ({}, []))

    def test_requests_skip_marks(self):
        app = EndpointFastAPI(dependencies=[mcp_tool()])
        app.get("/a", dependencies=[mcp_tool()])(handle)
        with patch.object(ToolMark, "__call__", side_effect=AssertionError):
            with TestClient(app) as client:
                self.assertEqual(client.get("/a").status_code, 200)

    def test_several_methods(self):
        app = EndpointFastAPI(dependencies=[mcp_tool(read_only=False)])
        app.api_route("/a", methods=["GET", "HEAD", "POST"])(make_handler("a"))
        app.head("/b")(make_handler("b"))
        with warnings.catch_warnings():
            # FastAPI's, before there are short ids
            warnings.filterwarnings("ignore", "Duplicate Operation ID")
            found = collect_tools(app)
        self.assertEqual(list(found.tools), ["a_get", "a_post"])
        self.assertEqual(
            found.refused, [("HEAD /b", "A response to HEAD has no content.")]
        )

    def test_texts(self):
        app = EndpointFastAPI()

        @app.get("/orders", dependencies=[mcp_tool(title="Sale orders")])
        def list_orders() -> list[int]:
            """List the orders.

            Drafts are orders, too.
            """
            return []

        @app.get("/old", tags=["mcp"], deprecated=True)
        def old() -> int:
            return 1

        tools = collect_tools(app).tools
        tool = tools["list_orders"]
        self.assertEqual(tool.title, "Sale orders")
        self.assertEqual(
            tool.description, "List the orders.\n\nDrafts are orders, too."
        )
        self.assertEqual(tools["old"].title, "Old")
        self.assertTrue(tools["old"].description.startswith("Old\n\nDeprecated"))

    def test_routes_that_write_below_a_marked_router(self):
        """They are left out without a warning: the router says nothing of them."""
        router = APIRouter(dependencies=[mcp_tool()])
        router.get("/a")(make_handler("a"))
        router.post("/a")(make_handler("b"))
        app = EndpointFastAPI()
        app.include_router(router)
        app.post("/tagged", tags=["mcp"])(make_handler("c"))
        app.post("/own", dependencies=[mcp_tool()])(make_handler("d"))
        found = collect_tools(app)
        self.assertEqual(list(found.tools), ["a"])
        self.assertEqual([label for label, _reason in found.refused], ["POST /own"])


class TestToolNames(BaseCase):
    def collect(self, *marks, **operation_ids):
        app = EndpointFastAPI()
        for number, mark in enumerate(marks):
            app.get(f"/{number}", dependencies=[mark])(make_handler(f"r{number}"))
        for path, operation_id in operation_ids.items():
            app.get(f"/{path}", operation_id=operation_id, tags=["mcp"])(handle)
        return collect_tools(app)

    def test_told_name(self):
        self.assertEqual(
            list(self.collect(mcp_tool(name="find-1_A")).tools), ["find-1_A"]
        )
        for name in ("find orders", "größe", "a.b", "x" * 65, "a\n"):
            with self.subTest(name):
                found = self.collect(mcp_tool(name=name))
                self.assertFalse(found.tools)
                self.assertIn(repr(name), found.refused[0][1])

    def test_second_name(self):
        found = self.collect(mcp_tool(name="a"), mcp_tool(name="a"), a="b")
        self.assertEqual(
            {name: tool.path for name, tool in found.tools.items()},
            {"a": "/0", "b": "/a"},
        )
        self.assertEqual(found.refused, [("GET /1", "GET /0 is already called a.")])

    def test_operation_ids_of_any_text(self):
        found = self.collect(a="orders.list", b="größe ändern", c="l" * 80, d="!!")
        names = list(found.tools)
        self.assertEqual(names[:2], ["orders_list", "gr_e_ndern"])
        self.assertRegex(names[2], r"^l{55}_[0-9a-f]{8}$")
        self.assertEqual(
            names,
            list(self.collect(a="orders.list", b="größe ändern", c="l" * 80).tools),
        )
        self.assertEqual([label for label, _reason in found.refused], ["GET /d"])


class Line(BaseModel):
    quantity: int


class TestRefusedTools(BaseCase):
    def assertRefused(self, app, label, part):
        found = collect_tools(app)
        self.assertNotIn(label, [f"{t.method} {t.path}" for t in found.tools.values()])
        self.assertEqual([item for item, _reason in found.refused], [label])
        self.assertIn(part, found.refused[0][1])

    def test_files(self):
        for annotation in (UploadFile, Annotated[bytes, File()], list[UploadFile]):
            app = EndpointFastAPI()

            def upload(file: annotation) -> str:
                return ""

            app.post("/file", dependencies=[mcp_tool(read_only=False)])(upload)
            self.assertRefused(app, "POST /file", "files")

    def test_another_body(self):
        app = EndpointFastAPI()
        body = {"content": {"text/csv": {"schema": {"type": "string"}}}}
        app.post(
            "/csv",
            dependencies=[mcp_tool(read_only=False)],
            openapi_extra={"requestBody": body},
        )(handle)
        self.assertRefused(app, "POST /csv", "text/csv")

    def test_websockets(self):
        app = EndpointFastAPI()

        @app.websocket("/ws", dependencies=[mcp_tool()])
        async def talk(websocket: WebSocket):
            pass

        self.assertRefused(app, "WS /ws", "WebSocket")

    def test_message_routes(self):
        router = APIRouter(dependencies=[mcp_tool()])
        route = MessageRoute(router, "/chat", receive=Line)

        @route.on_message
        def talk(message: Line) -> None:
            pass

        app = EndpointFastAPI()
        app.include_router(router)
        self.assertRefused(app, "WS /chat", "WebSocket")

    def test_not_in_the_document(self):
        app = EndpointFastAPI()
        app.get("/a", tags=["mcp"], include_in_schema=False)(handle)
        self.assertRefused(app, "GET /a", "include_in_schema")

    def test_twice_at_a_path(self):
        """The first one is called, the last one is documented."""
        app = EndpointFastAPI()
        app.get("/a", tags=["mcp"])(make_handler("first"))
        app.get("/a")(make_handler("second"))
        self.assertRefused(app, "GET /a", "same method and path")

    def test_hidden_by_another_route(self):
        app = EndpointFastAPI()
        app.get("/{id}")(handle)
        app.post("/b")(handle)
        app.get("/a", tags=["mcp"])(make_handler("a"))
        self.assertRefused(app, "GET /a", "before it")

    def test_a_schema_that_nobody_can_read(self):
        app = EndpointFastAPI()
        app.get("/good", tags=["mcp"])(make_handler("good"))
        app.get("/bad", tags=["mcp"], openapi_extra={"parameters": [{"in": "query"}]})(
            make_handler("bad")
        )
        with mute_logger(COLLECT):
            found = collect_tools(app)
        self.assertEqual(list(found.tools), ["good"])
        self.assertEqual([label for label, _reason in found.refused], ["GET /bad"])

    def test_no_document(self):
        app = EndpointFastAPI(dependencies=[mcp_tool()])
        app.get("/a")(handle)
        with (
            patch.object(FastAPI, "openapi", side_effect=ValueError("no schema")),
            self.assertLogs(COLLECT, logging.ERROR),
        ):
            self.assertRefused(app, "GET /a", "no schema")


class TestStreams(BaseCase):
    def test_streams(self):
        app = EndpointFastAPI(dependencies=[mcp_tool()])

        @app.get("/annotated")
        def annotated() -> StreamingResponse:
            return StreamingResponse(iter(()))

        app.get("/class", response_class=StreamingResponse)(make_handler("classed"))
        app.get("/no")(make_handler("no"))

        @app.get("/lines")
        async def lines() -> AsyncIterator[Line]:
            yield Line(quantity=1)

        tools = collect_tools(app).tools
        streams = {name: tool.streams for name, tool in tools.items()}
        self.assertEqual(
            streams, {"annotated": True, "classed": True, "no": False, "lines": True}
        )
