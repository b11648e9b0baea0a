# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return,dangerous-default-value
"""Middleware and exceptions without a handler."""

import asyncio
import unittest
from inspect import signature
from unittest.mock import patch

import httpx
import psycopg2.errors
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.gzip import GZipMiddleware

from ...app import unhandled
from ...app.prepare import EndpointFastAPI
from .unhandled_case import (
    CORS,
    SERVER_ERROR,
    Refusal,
    UnhandledCase,
    report_in_dispatch,
)


class ReportMiddleware:
    """Like Sentry and OpenTelemetry: records exceptions and raises them again."""

    def __init__(self, app, seen, name="report"):
        self.app = app
        self.seen = seen
        self.name = name

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        self.seen.append((self.name, "called"))

        async def mark(message):
            if message["type"] == "http.response.start":
                self.seen.append((self.name, message["status"]))
                message["headers"].append((b"x-passed", self.name.encode()))
            await send(message)

        try:
            await self.app(scope, receive, mark)
        except Exception as exc:
            self.seen.append((self.name, exc))
            raise


class FailingMiddleware:
    """Raises before or after it calls the app."""

    def __init__(self, app, error, when):
        self.app = app
        self.error = error
        self.when = when

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and self.when == "before":
            raise self.error
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            raise self.error


class HoardMiddleware:
    """Keeps messages, and does not send them after the app has ended."""

    def __init__(self, app, waits):
        self.app = app
        self.waits = waits

    async def __call__(self, scope, receive, send):
        done = False

        async def hoard(message):
            if not done:
                await send(message)
            elif self.waits:
                await asyncio.get_running_loop().create_future()

        try:
            await self.app(scope, receive, hoard)
        finally:
            done = True


class TestMiddlewareSeesExceptions(UnhandledCase):
    def test_once_each_and_as_it_was_raised(self):
        seen = []
        app = self.make_app(
            CORS,
            Middleware(ReportMiddleware, seen, "outer"),
            Middleware(GZipMiddleware, minimum_size=1),
            Middleware(ReportMiddleware, seen, "inner"),
        )
        error = Refusal("cause")
        result = self.raise_below(app, error)
        self.assert_error(result, 500)
        self.assertIs(result.exception, error)
        self.assertEqual(
            seen,
            [
                *(("outer", "called"), ("inner", "called")),
                *(("inner", error), ("outer", error)),
                # the response, on its way out
                *(("inner", 500), ("outer", 500)),
            ],
        )

    def test_as_below_another_server(self):
        """Middleware and error reports see the same as on uvicorn."""

        def run(app_class, error):
            seen = []

            class Share:
                def __init__(self, app):
                    self.app = app

                async def __call__(self, scope, receive, send):
                    await self.app({**scope, "seen": seen}, receive, send)

            app = self.make_app(
                Middleware(Share),
                Middleware(ReportMiddleware, seen, "outer"),
                Middleware(BaseHTTPMiddleware, dispatch=report_in_dispatch),
                Middleware(ReportMiddleware, seen, "inner"),
                app_class=app_class,
            )
            app.state.error = error
            outside = ReportMiddleware(app, seen, "outside")
            if app_class is EndpointFastAPI:
                self.call(outside)
            else:
                transport = httpx.ASGITransport(outside, raise_app_exceptions=False)

                async def ask():
                    async with httpx.AsyncClient(
                        transport=transport, base_url="http://x"
                    ) as client:
                        await client.get("/")

                asyncio.run(ask())
            return [entry for entry in seen if not isinstance(entry[1], int)]

        for error in (Refusal("cause"), HTTPException(409), None):
            with self.subTest(error=error):
                ours = run(EndpointFastAPI, error)
                self.assertEqual(ours, run(FastAPI, error))
                raised = [name for name, what in ours if what is error]
                expected = ["inner", "dispatch", "outer", "outside"]
                self.assertEqual(raised, expected if isinstance(error, Refusal) else [])

    def test_instrumentation_sees_it_before_the_response(self):
        """Like OpenTelemetry: inside of Starlette's outermost middleware."""
        seen = []
        app = self.make_app(CORS, Middleware(ReportMiddleware, seen, "inner"))
        error = Refusal("cause")
        stack = app.build_middleware_stack()
        self.assertIsInstance(stack, ServerErrorMiddleware)
        stack.app = ReportMiddleware(stack.app, seen, "instrumentation")
        app.middleware_stack = stack
        self.assert_error(self.raise_below(app, error), 500)
        self.assertEqual(
            [name for name, what in seen if what is error],
            ["inner", "instrumentation"],
        )
        self.assertLess(
            seen.index(("instrumentation", error)), seen.index(("inner", 500))
        )

    def test_debug(self):
        """Starlette would send a traceback: clients must not see it."""
        app = self.make_app(CORS)
        app.debug = True
        result = self.raise_below(app, Refusal("cause"))
        self.assertEqual(result.code, 500)
        self.assertNotIn(b"cause", result.body)

    def test_teardown(self):
        seen = []
        error = Refusal("cause")

        def dependency():
            yield
            raise error

        app = self.make_app(CORS, Middleware(ReportMiddleware, seen))

        @app.get("/torn", dependencies=[Depends(dependency)])
        def torn() -> str:
            return "fine"

        self.assert_error(self.raise_below(app, None, "/torn"), 500)
        self.assertEqual(
            seen, [("report", "called"), ("report", error), ("report", 500)]
        )

    def test_swallowed_exception(self):
        async def dispatch(request, call_next):
            try:
                return await call_next(request)
            except Refusal:
                return PlainTextResponse("swallowed", 202)

        app = self.make_app(CORS, Middleware(BaseHTTPMiddleware, dispatch=dispatch))
        error = Refusal("cause")
        result = self.raise_below(app, error)
        self.assertTrue(result.handled)
        self.assertEqual((result.code, result.body), (202, b"swallowed"))
        self.assertIs(result.exception, error)  # the request is rolled back

    def test_swallowed_transaction_error_is_replayed(self):
        error = psycopg2.errors.SerializationFailure("cause")

        class Replaced(Exception):
            pass

        async def swallow(request, call_next):
            try:
                return await call_next(request)
            except psycopg2.Error:
                return PlainTextResponse("swallowed")

        async def replace(request, call_next):
            try:
                return await call_next(request)
            except psycopg2.Error as exc:
                raise Replaced() from exc

        for dispatch in (swallow, replace):
            with self.subTest(dispatch.__name__):
                app = self.make_app(
                    CORS, Middleware(BaseHTTPMiddleware, dispatch=dispatch)
                )
                result = self.raise_below(app, error)
                self.assertFalse(result.handled)
                self.assertIs(result.exception, error)


class TestExceptionsOfMiddleware(UnhandledCase):
    def test_response_passes_the_outer_middleware(self):
        for when in ("before", "after"):
            for error, code in (
                (Refusal("cause"), 500),
                (HTTPException(429, "slow down"), 429),
            ):
                with self.subTest(when, code=code):
                    seen = []
                    app = self.make_app(
                        CORS,
                        Middleware(ReportMiddleware, seen, "outer"),
                        Middleware(FailingMiddleware, error=error, when=when),
                        Middleware(ReportMiddleware, seen, "inner"),
                    )
                    result = self.raise_below(app, None)
                    content = SERVER_ERROR if code == 500 else {"detail": "slow down"}
                    self.assert_error(result, code, content)
                    self.assertIs(result.exception, error)
                    # of the last response: it has not passed what is inside
                    self.assertEqual(result.header("x-passed"), ["outer"])
                    calls = [name for name, what in seen if what == "called"]
                    inner = ["inner"] if when == "after" else []
                    self.assertEqual(calls, ["outer", *inner])
                    self.assertEqual(
                        [name for name, what in seen if what is error], ["outer"]
                    )

    def test_base_http_middleware(self):
        for when in ("before", "after"):
            with self.subTest(when):
                calls = []

                async def dispatch(request, call_next, when=when, calls=calls):
                    calls.append(when)
                    if when == "after":
                        await call_next(request)
                    raise Refusal("cause")

                app = self.make_app(
                    CORS,
                    Middleware(GZipMiddleware, minimum_size=1),
                    Middleware(BaseHTTPMiddleware, dispatch=dispatch),
                )
                self.assert_error(self.raise_below(app, None), 500)
                self.assertEqual(calls, [when])

    def test_outermost_and_only(self):
        app = self.make_app(
            Middleware(FailingMiddleware, error=Refusal("cause"), when="before")
        )
        self.assert_error(self.raise_below(app, None), 500, cors=False)

    def test_after_the_response_has_passed(self):
        """Nothing was sent to the client, and the request is rolled back."""
        app = self.make_app(
            Middleware(FailingMiddleware, error=Refusal("cause"), when="after"),
            CORS,
        )
        self.assert_error(self.raise_below(app, None), 500, cors=False)

    def test_send_that_works_no_more(self):
        for waits in (False, True):
            with self.subTest(waits=waits), patch.object(unhandled, "SEND_GRACE", 0.05):
                app = self.make_app(CORS, Middleware(HoardMiddleware, waits=waits))
                self.assert_error(self.raise_below(app, Refusal("cause")), 500)

    def test_after_the_start_of_a_stream(self):
        error = Refusal("cause")
        app = self.make_app(
            CORS, Middleware(FailingMiddleware, error=error, when="after")
        )

        @app.get("/stream")
        def stream():
            return StreamingResponse(iter(["first", "second"]))

        with self.assertRaises(Refusal) as raised:
            self.call(app, "/stream")
        self.assertIs(raised.exception, error)

    @unittest.skipUnless(
        unhandled._RESPONSE_SENT and "max_body_size" in signature(FastAPI).parameters,
        "no limit in these versions of FastAPI and Starlette",
    )
    def test_limit_of_starlette_for_bodies(self):
        app = EndpointFastAPI(max_body_size=10, middleware=[CORS])

        @app.post("/")
        def body() -> str:
            return "fine"

        result = self.call(app, method="POST", body=b"x" * 11, CONTENT_LENGTH="11")
        self.assertTrue(result.handled)
        self.assertEqual(result.code, 413)
