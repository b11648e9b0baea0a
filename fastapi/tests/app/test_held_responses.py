# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return,unreachable
"""When responses leave the app, and which of them are streams."""

import gzip
import io
import itertools
from contextlib import closing

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware

from odoo.exceptions import UserError

from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import WsgiApp
from ...bridge.exchange import STREAM_SIZE
from ...bridge.request_state import STATE_KEY, RequestState
from ...error_handlers import default_exception_handlers
from ..bridge_case import BridgeCase, make_environ

#: Enough for GZipMiddleware to compress it.
TEXT = "text " * 1000


async def pass_on(request, call_next):
    return await call_next(request)


#: Middleware that removes Content-Length and splits the body.
RECHUNKING = [
    Middleware(GZipMiddleware, minimum_size=100),
    Middleware(BaseHTTPMiddleware, dispatch=pass_on),
]
ENVIRON = {"HTTP_ACCEPT_ENCODING": "gzip"}


class OrderMiddleware:
    """Records messages."""

    def __init__(self, app, events):
        self.app = app
        self.events = events

    async def __call__(self, scope, receive, send):
        async def note(message):
            self.events.append(message["type"])
            await send(message)

        await self.app(scope, receive, note)


class HeldCase(BridgeCase):
    def make_app(self, *middleware, app_class=EndpointFastAPI):
        app = app_class(
            middleware=list(middleware),
            exception_handlers=default_exception_handlers(),
        )
        app.state.events = []

        def teardown(error: bool = False):
            app.state.events.append("handler")
            yield
            app.state.events.append("teardown")
            if error:
                raise UserError("torn")

        app.router.dependencies.append(Depends(teardown))

        @app.get("/plain")
        def plain() -> str:
            return TEXT

        @app.get("/stream")
        def stream():
            return StreamingResponse(iter(["first ", "second ", TEXT]))

        @app.get("/announced")
        def announced():
            size = STREAM_SIZE + 1
            return StreamingResponse(
                iter(["x", "x" * STREAM_SIZE]), headers={"Content-Length": str(size)}
            )

        return app

    def is_stream(self, app, path, **more):
        """Return whether the response is a stream, after reading it to its end."""
        environ = make_environ(path, **ENVIRON, **more)
        response = WsgiApp(app)(environ, lambda *args: None)
        with closing(response):
            body = b"".join(response)
        self.assertTrue(body)
        return response.streaming


class TestStreams(HeldCase):
    def test_middleware_that_sends_chunks_makes_no_stream(self):
        for number in range(1, 4):
            app = self.make_app(*RECHUNKING * number)
            with self.subTest(number):
                self.assertFalse(self.is_stream(app, "/plain"))
                self.assertTrue(self.is_stream(app, "/stream"))
                self.assertTrue(self.is_stream(app, "/announced"))

    def test_route_of_starlette(self):
        app = self.make_app(*RECHUNKING)
        app.add_route("/starlette", lambda request: PlainTextResponse(TEXT))
        self.assertFalse(self.is_stream(app, "/starlette"))

    def test_middleware_of_a_mounted_app(self):
        for outer in ([], RECHUNKING):
            app = self.make_app(*outer)
            app.mount("/mounted", self.make_app(*RECHUNKING, app_class=FastAPI))
            with self.subTest(len(outer)):
                self.assertFalse(self.is_stream(app, "/mounted/plain"))
                self.assertTrue(self.is_stream(app, "/mounted/stream"))

    def test_response_of_a_middleware_alone(self):
        """Only its headers decide."""

        async def stream(request, call_next):
            return StreamingResponse(iter(["first ", "second"]))

        async def plain(request, call_next):
            return PlainTextResponse(TEXT)

        for dispatch, streaming in ((stream, True), (plain, False)):
            with self.subTest(dispatch.__name__):
                app = self.make_app(Middleware(BaseHTTPMiddleware, dispatch=dispatch))
                self.assertIs(self.is_stream(app, "/plain"), streaming)

    def test_middleware_that_replaces_a_response_by_an_endless_one(self):
        async def replace(request, call_next):
            await call_next(request)
            return StreamingResponse(itertools.repeat("x" * 1024))

        app = self.make_app(Middleware(BaseHTTPMiddleware, dispatch=replace))
        response = WsgiApp(app)(make_environ("/plain"), lambda *args: None)
        with closing(response):
            self.assertTrue(response.streaming)
            self.assertTrue(next(iter(response)))


class TestTeardown(HeldCase):
    def test_is_over_before_anything_is_sent(self):
        events = []
        app = self.make_app(Middleware(OrderMiddleware, events))
        app.state.events = events
        self.assertEqual(self.call(app, "/plain").code, 200)
        self.assertEqual(
            events,
            ["handler", "teardown", "http.response.start", "http.response.body"],
        )

    def test_exception_is_handled(self):
        plain = self.make_app(*RECHUNKING)
        outer = EndpointFastAPI(exception_handlers=default_exception_handlers())
        outer.mount("/mounted", self.make_app(*RECHUNKING, app_class=FastAPI))
        for app, path in ((plain, "/plain"), (outer, "/mounted/plain")):
            with self.subTest(path):
                result = self.call(app, path, query="error=1", **ENVIRON)
                self.assertTrue(result.handled)
                self.assertEqual(result.code, 400)
                self.assertEqual(gzip.decompress(result.body), b'{"detail":"torn"}')
                self.assertIsInstance(result.exception, UserError)

    def test_stream_that_fails_before_its_first_chunk(self):
        app = self.make_app(*RECHUNKING)

        def fail():
            raise UserError("empty")
            yield

        @app.get("/failing")
        def failing():
            return StreamingResponse(fail())

        result = self.call(app, "/failing")
        self.assertTrue(result.handled)
        self.assertEqual((result.code, result.body), (400, b'{"detail":"empty"}'))

    def test_events_that_fail_before_the_first_one(self):
        """Their start is sent before the first event."""

        async def fail(events):
            events.append("generator")
            raise UserError("empty")
            yield

        for number in range(2):
            events = []
            app = self.make_app(
                *RECHUNKING * number, Middleware(OrderMiddleware, events)
            )

            app.state.events = events

            @app.get("/events")
            def send_events(request: Request):
                return StreamingResponse(
                    fail(request.app.state.events), media_type="text/event-stream"
                )

            result = self.call(app, "/events")
            self.assertTrue(result.handled)
            self.assertEqual((result.code, result.body), (400, b'{"detail":"empty"}'))
            self.assertIsInstance(result.exception, UserError)
            self.assertEqual(
                events[:3], ["handler", "http.response.start", "generator"]
            )


class TestFlush(HeldCase):
    def _call(self, app, flush, path="/plain", injected=None):
        state = RequestState(flush=flush, injected=injected)
        return self.call(app, environ=make_environ(path, **{STATE_KEY: state}))

    def test_before_anything_is_sent(self):
        for path in ("/plain", "/stream"):
            with self.subTest(path):
                events = []
                app = self.make_app(Middleware(OrderMiddleware, events))
                app.state.events = events
                self._call(app, lambda events=events: events.append("flush"), path)
                self.assertEqual(events.count("flush"), 1)
                self.assertLess(
                    events.index("flush"), events.index("http.response.start")
                )
                if path == "/plain":
                    self.assertLess(events.index("teardown"), events.index("flush"))

    def test_exception_is_handled_in_the_same_run(self):
        def flush():
            raise UserError("refused")

        for path in ("/plain", "/stream"):
            with self.subTest(path):
                events = []
                app = self.make_app(Middleware(OrderMiddleware, events), *RECHUNKING)
                result = self._call(app, flush, path)
                self.assertTrue(result.handled)
                self.assertEqual(result.code, 400)
                self.assertEqual(result.body, b'{"detail":"refused"}')
                self.assertEqual(events.count("http.response.start"), 1)
                self.assertEqual(app.state.events.count("handler"), 1)

    def test_not_after_an_exception(self):
        app = self.make_app()

        @app.get("/refused")
        def refused() -> None:
            raise UserError("told")

        def flush():
            raise AssertionError("not reached")

        for injected in (None, UserError("told")):
            result = self._call(app, flush, "/refused", injected)
            self.assertEqual((result.code, result.body), (400, b'{"detail":"told"}'))


class TestRoutes(HeldCase):
    def test_routes_are_what_the_developer_has_put_there(self):
        """Besides the assets of the documentation. All have a path and a name."""
        app = self.make_app()
        app.add_route("/starlette", lambda request: JSONResponse(None))
        app.mount("/mounted", FastAPI(), name="mounted")
        before = [(route.path, route.name) for route in app.routes]
        prepare_app(app)
        self.assertEqual(self.call(app, "/starlette").code, 200)
        after = [
            (route.path, route.name)
            for route in app.routes
            if not route.path.endswith("/assets/{version}/{name}")
        ]
        self.assertEqual(after, before)
        for route in app.routes:
            self.assertTrue(route.path)
            self.assertTrue(route.name)

    def test_body_is_read_by_routes_of_any_kind(self):
        app = self.make_app()

        async def echo(request):
            return PlainTextResponse(await request.body())

        app.add_route("/echo", echo, methods=["POST"])
        body = io.BytesIO(b"sent")
        result = self.call(app, "/echo", method="POST", body=body)
        self.assertEqual(result.body, b"sent")
