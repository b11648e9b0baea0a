# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests and responses of an ASGI app."""

import io
import json
import os
from typing import Annotated

from fastapi import APIRouter, Body, Cookie, FastAPI, Form, Header, Request, UploadFile
from starlette.responses import Response
from werkzeug.exceptions import BadRequest

from ...bridge.body import CHUNK_SIZE
from ..bridge_case import JSON_TYPE, BridgeCase, make_environ
from .wsgi_case import MEGABYTE, START, respond


class TestResponse(BridgeCase):
    def test_status_headers_and_body(self):
        result = self.call(respond(201, [(b"x-one", b"1")], b"created"))
        self.assertEqual(result.status, "201 Created")
        self.assertEqual(result.headers, [("x-one", "1")])
        self.assertEqual(result.body, b"created")
        self.assertTrue(result.handled)
        self.assertIsNone(result.exc_info)

    def test_unusual_status(self):
        for status, expected in (
            (418, "418 I'm a Teapot"),
            (207, "207 Multi-Status"),
            (299, "299 Unknown Status Code"),
            (599, "599 Unknown Status Code"),
        ):
            with self.subTest(status):
                # Python has changed the case of the teapot's name
                result = self.call(respond(status))
                self.assertEqual(result.status.lower(), expected.lower())

    def test_repeated_headers(self):
        headers = [
            (b"set-cookie", b"a=1; Path=/"),
            (b"x-other", b"between"),
            (b"set-cookie", b"b=2; HttpOnly"),
        ]
        result = self.call(respond(headers=headers))
        self.assertEqual(result.header("set-cookie"), ["a=1; Path=/", "b=2; HttpOnly"])
        self.assertEqual(
            [name for name, _value in result.headers],
            ["set-cookie", "x-other", "set-cookie"],
        )

    def test_cookies_of_a_handler(self):
        app = FastAPI()

        @app.get("/")
        def handler(response: Response) -> None:
            response.set_cookie("first", "1")
            response.set_cookie("second", "2")

        response = self.client(app).get("/")
        self.assertEqual(len(response.headers.get_list("set-cookie")), 2)
        self.assertEqual(dict(response.cookies), {"first": "1", "second": "2"})

    def test_header_value_that_is_not_ascii(self):
        result = self.call(respond(headers=[(b"x-latin", b"caf\xe9")]))
        self.assertEqual(result.header("x-latin"), ["caf\xe9"])

    def test_empty_body(self):
        for status in (200, 204, 304):
            with self.subTest(status):
                result = self.call(respond(status))
                self.assertEqual(result.code, status)
                self.assertEqual(result.body, b"")

    def test_body_sent_in_parts(self):
        async def app(scope, receive, send):
            await send(START)
            for part in (b"a", b"", b"b"):
                await send(
                    {"type": "http.response.body", "body": part, "more_body": True}
                )
            await send({"type": "http.response.body"})

        self.assertEqual(self.call(app).body, b"ab")

    def test_large_body(self):
        content = os.urandom(3 * MEGABYTE)
        self.assertEqual(self.call(respond(body=content)).body, content)

    def test_head(self):
        app = FastAPI()

        @app.api_route("/", methods=["GET", "HEAD"])
        def handler() -> str:
            return "content"

        get, head = (self.client(app).request(m, "/") for m in ("GET", "HEAD"))
        self.assertEqual(head.status_code, 200)
        self.assertEqual(head.headers["content-length"], "9")
        self.assertEqual(head.headers, get.headers)

    def test_options(self):
        app = FastAPI()

        @app.options("/")
        def handler() -> Response:
            return Response(status_code=204, headers={"allow": "GET"})

        response = self.client(app).options("/")
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response.headers["allow"], "GET")

    def test_all_methods(self):
        app = FastAPI()
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

        @app.api_route("/", methods=methods)
        def handler(request: Request) -> str:
            return request.method

        client = self.client(app)
        for method in methods:
            with self.subTest(method):
                self.assertEqual(client.request(method, "/").json(), method)


class TestRequest(BridgeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = FastAPI()

        @cls.app.post("/json")
        async def read_json(lines: Annotated[list[int], Body()]) -> int:
            return sum(lines)

        @cls.app.post("/raw")
        async def read_raw(request: Request) -> Response:
            return Response(await request.body())

        @cls.app.post("/stream")
        async def read_stream(request: Request) -> dict[str, int]:
            sizes = [len(chunk) async for chunk in request.stream()]
            return {"total": sum(sizes), "largest": max(sizes)}

        @cls.app.post("/form")
        def read_form(
            name: Annotated[str, Form()], file: UploadFile
        ) -> list[str | int]:
            return [name, file.filename, len(file.file.read())]

        @cls.app.post("/async_form")
        async def read_form_async(file: UploadFile) -> int:
            return len(await file.read())

        @cls.app.get("/header")
        def read_header(
            x_token: Annotated[str, Header()], session: Annotated[str, Cookie()]
        ) -> list[str]:
            return [x_token, session]

        @cls.app.get("/query")
        def read_query(q: str) -> str:
            return q

    def test_json_body(self):
        response = self.client(self.app).post("/json", json=[1, 2, 3])
        self.assertEqual(response.json(), 6)

    def test_body_without_content_length(self):
        body = json.dumps(list(range(50_000))).encode()
        self.assertGreater(len(body), 2 * CHUNK_SIZE)
        result = self.call(
            self.app,
            "/json",
            method="POST",
            body=body,
            HTTP_TRANSFER_ENCODING="chunked",
            **JSON_TYPE,
        )
        self.assertEqual(json.loads(result.body), sum(range(50_000)))

    def test_large_body(self):
        content = os.urandom(3 * MEGABYTE + 7)
        response = self.client(self.app).post("/raw", content=content)
        self.assertEqual(response.content, content)

    def test_large_body_is_not_given_to_the_app_at_once(self):
        response = self.client(self.app).post("/stream", content=b"x" * 3 * MEGABYTE)
        self.assertEqual(response.json()["total"], 3 * MEGABYTE)
        self.assertLess(response.json()["largest"], MEGABYTE)

    def test_no_input(self):
        environ = make_environ("/raw", method="POST")
        for empty in (io.BytesIO(), None):
            with self.subTest(empty=empty):
                environ["wsgi.input"] = empty
                result = self.call(self.app, environ=environ)
                self.assertEqual((result.code, result.body), (200, b""))

    def test_upload(self):
        for path in ("/form", "/async_form"):
            # beyond 1 MB starlette writes it to a file, on a thread of its own
            for size in (10, 3 * MEGABYTE):
                with self.subTest(path, size=size):
                    response = self.client(self.app).post(
                        path,
                        data={"name": "some"},
                        files={"file": ("data.bin", b"x" * size)},
                    )
                    expected = ["some", "data.bin", size] if path == "/form" else size
                    self.assertEqual(response.json(), expected)

    def test_header_and_cookie(self):
        response = self.client(self.app).get(
            "/header", headers={"X-Token": "secret", "Cookie": "session=abc"}
        )
        self.assertEqual(response.json(), ["secret", "abc"])

    def test_query_of_raw_bytes(self):
        result = self.call(self.app, "/query", query="q=\xc3\xa9t\xc3\xa9")
        self.assertEqual(json.loads(result.body), "été")

    def test_path_that_is_not_utf8(self):
        environ = make_environ()
        environ["PATH_INFO"] = "/\xff"
        with self.assertRaises(BadRequest):
            self.call(self.app, environ=environ)

    def test_environ_stays_as_it_is(self):
        environ = make_environ("/api/query", query="q=1")
        before = dict(environ)
        self.call(self.app, root_path="/api", environ=environ)
        self.assertEqual(environ, before)


class TestRootPath(BridgeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = FastAPI()
        router = APIRouter(prefix="/items")

        @router.get("/")
        def items(request: Request) -> str:
            return str(request.url_for("item", name="one"))

        @router.get("/{name}")
        def item(name: str) -> str:
            return name

        cls.app.include_router(router)

    def test_routes_are_below_the_root_path(self):
        client = self.client(self.app, "/api/v1")
        self.assertEqual(client.get("/api/v1/items/one").json(), "one")

    def test_unknown_path_below_the_root_path(self):
        response = self.client(self.app, "/api/v1").get("/api/v1/nothing")
        self.assertEqual(response.status_code, 404)
        self.assertEqual(response.json(), {"detail": "Not Found"})

    def test_root_path_alone(self):
        client = self.client(self.app, "/api/v1")
        for path in ("/api/v1", "/api/v1/"):
            self.assertEqual(client.get(path).status_code, 404)

    def test_non_ascii_root_path_and_path(self):
        result = self.call(self.app, "/café/items/日本", root_path="/café")
        self.assertEqual(json.loads(result.body), "日本")

    def test_redirect_keeps_the_root_path(self):
        response = self.client(self.app, "/api/v1").get("/api/v1/items")
        self.assertEqual(response.status_code, 307)
        self.assertEqual(
            response.headers["location"], "http://odoo.example/api/v1/items/"
        )

    def test_redirect_behind_a_proxy_with_a_prefix(self):
        client = self.client(self.app, "/api", script_name="/proxy")
        response = client.get("/api/items")
        self.assertEqual(
            response.headers["location"], "http://odoo.example/proxy/api/items/"
        )

    def test_url_for(self):
        response = self.client(self.app, "/api/v1").get("/api/v1/items/")
        self.assertEqual(response.json(), "http://odoo.example/api/v1/items/one")

    def test_url_for_behind_a_proxy_with_a_prefix(self):
        client = self.client(self.app, "/api", script_name="/proxy")
        self.assertEqual(
            client.get("/api/items/").json(), "http://odoo.example/proxy/api/items/one"
        )

    def test_server_url_of_openapi(self):
        for script_name in ("", "/proxy"):
            with self.subTest(script_name):
                client = self.client(self.app, "/api", script_name)
                schema = client.get("/api/openapi.json").json()
                self.assertIn({"url": f"{script_name}/api"}, schema["servers"])
                self.assertIn("/items/{name}", schema["paths"])

    def test_docs_page_refers_to_its_own_openapi(self):
        page = self.client(self.app, "/api", "/proxy").get("/api/docs").text
        self.assertIn("'/proxy/api/openapi.json'", page)
