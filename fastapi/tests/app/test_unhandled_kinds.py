# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return,dangerous-default-value
"""Handlers of all exceptions, and unusual exceptions."""

import asyncio
import gc
import sys
import weakref
from dataclasses import dataclass

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from odoo.exceptions import UserError

from ...app.prepare import prepare_app
from ...bridge.request_errors import forget_tracebacks
from ..bridge_case import TIMEOUT
from .unhandled_case import (
    CORS,
    ORIGIN,
    SERVER_ERROR,
    Refusal,
    UnhandledCase,
    report_in_dispatch,
)


@dataclass(frozen=True)
class FrozenRefusal(Exception):
    message: str = "cause"


@dataclass(frozen=True)
class FrozenUserError(UserError):
    message: str = "told"

    def __str__(self):
        return self.message


class SlottedRefusal(Exception):
    __slots__ = ("message",)


class OwnAttributesRefusal(Exception):
    @property
    def error_response(self):
        return "mine"

    @property
    def loglevel(self):
        return "mine"


class PickyRefusal(Exception):
    def __new__(cls, code, *, message):
        return super().__new__(cls, code)

    def __init__(self, code, *, message):
        super().__init__(message)


class TestHandlersForEverything(UnhandledCase):
    """Handlers for ``Exception`` and 500."""

    def test_called_once_and_its_response_passes_the_middleware(self):
        for is_async in (False, True):
            calls = []

            def respond(request, exc, calls=calls):
                calls.append((request.url.path, exc))
                return PlainTextResponse("custom", 503, {"x-custom": "yes"})

            async def respond_async(request, exc, respond=respond):
                return respond(request, exc)

            with self.subTest(is_async=is_async):
                app = self.make_app(
                    CORS,
                    handlers={Exception: respond_async if is_async else respond},
                )
                error = Refusal("cause")
                result = self.raise_below(app, error)
                self.assertEqual((result.code, result.body), (503, b"custom"))
                self.assertEqual(result.header("access-control-allow-origin"), [ORIGIN])
                self.assertEqual(result.header("x-custom"), ["yes"])
                self.assertEqual(calls, [("/", error)])
                self.assertIs(result.exception, error)

    def test_response_is_a_stream(self):
        def respond(request, exc):
            return StreamingResponse(iter(["in ", "parts"]), 503)

        app = self.make_app(
            CORS,
            Middleware(BaseHTTPMiddleware, dispatch=report_in_dispatch),
            handlers={Exception: respond},
        )
        app.state.error = Refusal("cause")

        async def share(scope, receive, send):
            await app({**scope, "seen": []}, receive, send)

        result = self.call(share)
        self.assertEqual((result.code, result.body), (503, b"in parts"))

    def test_handler_that_fails(self):
        def fail(request, exc):
            raise KeyError("in the handler")

        app = self.make_app(CORS, handlers={Exception: fail})
        result = self.raise_below(app, Refusal("cause"))
        self.assert_error(result, 500)
        self.assertIsInstance(result.exception, KeyError)

    def test_sync_handler_may_run_a_loop(self):
        async def compute():
            return "computed"

        def respond(request, exc):
            return PlainTextResponse(asyncio.run(compute()), 503)

        app = self.make_app(handlers={Exception: respond})
        self.assertEqual(self.raise_below(app, Refusal()).body, b"computed")


class TestExceptionsOfAnyKind(UnhandledCase):
    """Exceptions without settable attributes are handled like others."""

    def _errors(self):
        return [
            (FrozenRefusal(), 500),
            (SlottedRefusal("cause"), 500),
            (OwnAttributesRefusal("cause"), 500),
            (PickyRefusal(1, message="cause"), 500),
            (FrozenUserError(), 400),
        ]

    def test_status(self):
        errors = self._errors()
        if sys.version_info >= (3, 11):
            group = ExceptionGroup("two", [Refusal(), ValueError()])  # noqa: F821
            errors.append((group, 500))
        for error, code in errors:
            for middleware in (
                [CORS],
                [CORS, Middleware(BaseHTTPMiddleware, dispatch=self._pass)],
            ):
                with self.subTest(type(error).__name__, count=len(middleware)):
                    result = self.raise_below(self.make_app(*middleware), error)
                    self.assertTrue(result.handled)
                    self.assertEqual(result.code, code)
                    self.assertIs(result.exception, error)

    @staticmethod
    async def _pass(request, call_next):
        return await call_next(request)

    def test_in_the_teardown_of_a_dependency(self):
        for error, code in self._errors():

            def dependency():
                yield
                raise error  # noqa: B023

            async def async_dependency():
                yield
                raise error  # noqa: B023

            for call in (dependency, async_dependency):
                with self.subTest(type(error).__name__, call=call.__name__):
                    app = self.make_app(CORS)

                    @app.get("/torn", dependencies=[Depends(call)])
                    def torn() -> str:
                        return "fine"

                    result = self.raise_below(app, None, "/torn")
                    self.assertTrue(result.handled)
                    self.assertEqual(result.code, code)
                    self.assertIs(result.exception, error)

    def test_through_a_dependency_with_yield(self):
        def dependency():
            yield

        for error, code in self._errors():
            with self.subTest(type(error).__name__):
                app = self.make_app(CORS)

                @app.get("/dependent", dependencies=[Depends(dependency)])
                def dependent() -> str:
                    raise error  # noqa: B023

                result = self.raise_below(app, None, "/dependent")
                self.assertTrue(result.handled)
                self.assertEqual(result.code, code)
                self.assertIs(result.exception, error)

    def test_one_instance_in_concurrent_requests(self):
        error = HTTPException(409, "conflict", {"x-shared": "yes"})
        app = self.make_app(CORS)
        app.state.error = error

        def call(number):
            origin = {"HTTP_ORIGIN": ORIGIN} if number % 2 else {}
            return self.call(app, **origin)

        results = self.in_threads(
            [lambda number=number: call(number) for number in range(8)], TIMEOUT
        )
        for number, result in enumerate(results):
            self.assertEqual(result.code, 409)
            self.assertEqual(
                result.header("access-control-allow-origin"),
                [ORIGIN] if number % 2 else [],
            )

    def test_forget_tracebacks(self):
        def failed(error, cause=None):
            try:
                raise error from cause
            except Exception as exc:
                return exc

        cause = failed(FrozenRefusal("cause"))
        error = failed(SlottedRefusal("told"), cause)
        error.__context__ = failed(KeyError())
        error.__context__.__context__ = error  # a cycle
        forget_tracebacks(error)
        for each in (error, cause, error.__context__):
            self.assertIsNone(each.__traceback__)
        self.assertIs(error.__cause__, cause)


class TestNothingIsLeft(UnhandledCase):
    def test_request_is_gone_without_the_garbage_collector(self):
        class Mark:
            pass

        marks = []
        app = self.make_app(CORS)

        @app.get("/marked")
        def marked(request: Request) -> str:
            request.state.mark = mark = Mark()
            marks.append(weakref.ref(mark))
            return "fine"

        self.call(app, "/marked")
        gc.disable()
        self.addCleanup(gc.enable)
        self.call(app, "/marked")
        self.assertIsNone(marks[-1]())

    def test_app_that_is_no_endpoint_app(self):
        app = self.make_app(CORS, app_class=FastAPI)
        prepare_app(app)
        self.assert_error(self.raise_below(app, Refusal("cause")), 500)

    def test_app_that_another_server_runs(self):
        """A prepared app responds without the bridge too."""
        app = self.make_app(CORS)
        app.state.error = Refusal("cause")

        async def ask():
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://x"
            ) as client:
                return await client.get("/")

        response = asyncio.run(ask())
        self.assertEqual((response.status_code, response.json()), (500, SERVER_ERROR))
