# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions, middleware and concurrent requests of an ASGI app."""

import asyncio
import contextvars
import gc
import gzip
import json
import threading

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse

from odoo.tools import mute_logger

from ...bridge import WsgiApp
from ..bridge_case import TIMEOUT, BridgeCase, make_environ
from .wsgi_case import MEGABYTE, START, respond

BODY = {"type": "http.response.body", "body": b"all"}


class TestExceptions(BridgeCase):
    """An app that is not prepared does not handle exceptions."""

    def _assert_not_handled(self, result):
        self.assertFalse(result.handled)
        self.assertEqual(result.code, 500)
        self.assertEqual((result.headers, result.body), ([], b""))

    def _raising(self, error, *messages):
        async def app(scope, receive, send):
            for message in messages:
                await send(message)
            raise error

        return app

    def test_before_the_response(self):
        error = ValueError("cause")
        result = self.call(self._raising(error))
        self._assert_not_handled(result)
        self.assertEqual(result.exc_info, (ValueError, error, error.__traceback__))
        self.assertIsNotNone(error.__traceback__)

    def test_after_the_start(self):
        error = ValueError("cause")
        result = self.call(self._raising(error, START))
        self._assert_not_handled(result)
        self.assertIs(result.exception, error)

    def test_after_the_response(self):
        error = ValueError("cause")
        result = self.call(self._raising(error, START, BODY))
        self._assert_not_handled(result)
        self.assertIs(result.exception, error)

    def test_no_response(self):
        async def app(scope, receive, send):
            return None

        result = self.call(app)
        self._assert_not_handled(result)
        self.assertIsInstance(result.exception, RuntimeError)

    def test_incomplete_response(self):
        async def app(scope, receive, send):
            await send(START)

        result = self.call(app)
        self._assert_not_handled(result)
        self.assertIsInstance(result.exception, RuntimeError)

    def test_message_out_of_order(self):
        async def app(scope, receive, send):
            await send(BODY)

        result = self.call(app)
        self._assert_not_handled(result)
        self.assertIsInstance(result.exception, RuntimeError)

    def test_cancellation_is_an_exception_like_any_other(self):
        # no ``Exception``: out of the WSGI application it ends a worker of Odoo
        async def app(scope, receive, send):
            task = asyncio.create_task(asyncio.Event().wait())
            task.cancel()
            await task

        result = self.call(app)
        self._assert_not_handled(result)
        self.assertIsInstance(result.exception, Exception)

    def test_exception_that_ends_the_process_is_not_handled(self):
        # asyncio tells of the exception too, when the task goes
        with mute_logger("asyncio"):
            with self.assertRaises(KeyboardInterrupt):
                self.call(self._raising(KeyboardInterrupt()))
            gc.collect()

    def test_next_request_is_not_affected(self):
        self.call(self._raising(ValueError("cause")))
        result = self.call(respond(body=b"fine"))
        self.assertEqual((result.code, result.body), (200, b"fine"))
        self.assertIsNone(result.exc_info)


class TestMiddleware(BridgeCase):
    def _app(self, *middleware):
        app = FastAPI(middleware=list(middleware))

        @app.get("/")
        def get() -> PlainTextResponse:
            return PlainTextResponse("content " * 1000)

        @app.post("/")
        async def post(request: Request) -> int:
            return len(await request.body())

        @app.get("/redirect")
        async def redirect() -> RedirectResponse:
            return RedirectResponse("/elsewhere")

        return app

    def test_base_http_middleware(self):
        async def dispatch(request, call_next):
            response = await call_next(request)
            response.headers["x-seen"] = request.url.path
            return response

        client = self.client(self._app(Middleware(BaseHTTPMiddleware, dispatch)))
        response = client.get("/")
        self.assertEqual(response.text, "content " * 1000)
        self.assertEqual(response.headers["x-seen"], "/")
        response = client.post("/", content=b"x" * MEGABYTE)
        self.assertEqual(response.json(), MEGABYTE)
        self.assertEqual(client.get("/redirect").headers["location"], "/elsewhere")

    def test_base_http_middleware_that_reads_the_body(self):
        async def dispatch(request, call_next):
            size = len(await request.body())
            response = await call_next(request)
            response.headers["x-size"] = str(size)
            return response

        client = self.client(self._app(Middleware(BaseHTTPMiddleware, dispatch)))
        response = client.post("/", content=b"x" * MEGABYTE)
        self.assertEqual(response.json(), MEGABYTE)
        self.assertEqual(response.headers["x-size"], str(MEGABYTE))

    def test_base_http_middleware_that_responds_itself(self):
        async def dispatch(request, call_next):
            return PlainTextResponse("stop", 429)

        client = self.client(self._app(Middleware(BaseHTTPMiddleware, dispatch)))
        self.assertEqual(client.get("/").status_code, 429)

    def test_many_base_http_middleware(self):
        async def dispatch(request, call_next):
            response = await call_next(request)
            response.headers.append("x-seen", "yes")
            return response

        client = self.client(self._app(*[Middleware(BaseHTTPMiddleware, dispatch)] * 5))
        response = client.get("/")
        self.assertEqual(response.headers.get_list("x-seen"), ["yes"] * 5)
        self.assertEqual(response.text, "content " * 1000)

    def test_gzip_middleware(self):
        app = self._app(Middleware(GZipMiddleware))
        result = self.call(app, HTTP_ACCEPT_ENCODING="gzip")
        self.assertEqual(result.header("content-encoding"), ["gzip"])
        self.assertEqual(result.header("content-length"), [str(len(result.body))])
        self.assertEqual(gzip.decompress(result.body), b"content " * 1000)

    def test_gzip_and_base_http_middleware(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        app = self._app(
            Middleware(BaseHTTPMiddleware, dispatch), Middleware(GZipMiddleware)
        )
        result = self.call(app, HTTP_ACCEPT_ENCODING="gzip")
        self.assertEqual(gzip.decompress(result.body), b"content " * 1000)


class TestConcurrency(BridgeCase):
    def test_requests_see_nothing_of_each_other(self):
        count = 8
        barrier = threading.Barrier(count)
        variable = contextvars.ContextVar("variable")
        app = FastAPI()

        @app.get("/{number}")
        def handler(number: int, request: Request) -> list[int]:
            variable.set(number)
            request.state.number = number
            barrier.wait(TIMEOUT)  # all have set theirs
            seen = [variable.get(), request.state.number]
            if number % 2:
                raise ValueError(number)
            return seen

        results = self.in_threads(
            [lambda n=n: self.call(app, f"/{n}") for n in range(count)]
        )
        for number, result in enumerate(results):
            with self.subTest(number):
                if number % 2:
                    self.assertEqual(result.exception.args, (number,))
                else:
                    self.assertEqual(json.loads(result.body), [number, number])
                    self.assertIsNone(result.exc_info)

    def test_context_of_the_caller_is_seen(self):
        variable = contextvars.ContextVar("variable")
        app = FastAPI()

        @app.get("/sync")
        def sync_handler() -> str:
            return variable.get()

        @app.get("/async")
        async def async_handler() -> str:
            return variable.get()

        token = variable.set("of the caller")
        self.addCleanup(variable.reset, token)
        for path in ("/sync", "/async"):
            result = self.call(app, path)
            self.assertEqual(json.loads(result.body), "of the caller")

    def test_context_of_the_caller_is_not_changed(self):
        variable = contextvars.ContextVar("variable", default="before")
        app = FastAPI()

        @app.get("/sync")
        def sync_handler() -> None:
            variable.set("changed")

        @app.get("/async")
        async def async_handler() -> None:
            variable.set("changed")

        for path in ("/sync", "/async"):
            self.assertEqual(self.call(app, path).code, 200)
            self.assertEqual(variable.get(), "before")

    def test_one_application_serves_all_threads(self):
        app = FastAPI()

        @app.get("/")
        def handler() -> int:
            return threading.get_ident()

        application = WsgiApp(app)

        def request():
            body = application(make_environ(), lambda *args: None)
            return json.loads(b"".join(body)) == threading.get_ident()

        self.assertEqual(self.in_threads([request] * 16), [True] * 16)
