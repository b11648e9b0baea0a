# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
"""Middleware, transactions and mounted apps."""

import contextlib

import psycopg2
import psycopg2.errors
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from odoo.exceptions import ConcurrencyError, UserError

from ...app.prepare import EndpointFastAPI, prepare_app
from ...app.wrapped import TRANSACTION_ERRORS
from .exceptions_case import ORIGIN, ExceptionsCase, Refusal, SwallowMiddleware


class TestMiddleware(ExceptionsCase):
    """Error responses pass the middleware of the app."""

    CORS = (CORSMiddleware, {"allow_origins": [ORIGIN]})

    def _assert_cors(self, result, code):
        self.assertTrue(result.handled)
        self.assertEqual(result.code, code)
        self.assertEqual(result.header("access-control-allow-origin"), [ORIGIN])

    def test_cors_headers_of_exceptions(self):
        app = self.make_app(self.CORS)
        for error, code in (
            (HTTPException(401), 401),
            (UserError("told"), 400),
            (Refusal("cause"), 500),
            (HTTPException(503), 503),
        ):
            with self.subTest(code):
                result = self.raise_below(app, error, HTTP_ORIGIN=ORIGIN)
                self._assert_cors(result, code)

    def test_cors_headers_of_validation_errors(self):
        app = self.make_app(self.CORS)

        @app.get("/number")
        def number(n: int) -> int:
            return n

        self._assert_cors(self.call(app, "/number", HTTP_ORIGIN=ORIGIN), 422)

    def test_cors_headers_of_an_unknown_path(self):
        app = self.make_app(self.CORS)
        self._assert_cors(self.call(app, "/unknown", HTTP_ORIGIN=ORIGIN), 404)

    def test_cors_preflight(self):
        result = self.call(
            self.make_app(self.CORS),
            method="OPTIONS",
            HTTP_ORIGIN=ORIGIN,
            HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET",
        )
        self._assert_cors(result, 200)
        self.assertIsNone(result.exc_info)

    def test_cors_headers_of_a_foreign_app(self):
        app = FastAPI(middleware=[Middleware(self.CORS[0], **self.CORS[1])])

        @app.get("/")
        def handler() -> None:
            raise Refusal("cause")

        prepare_app(app)
        self._assert_cors(self.call(app, HTTP_ORIGIN=ORIGIN), 500)

    def test_base_http_middleware(self):
        async def dispatch(request, call_next):
            response = await call_next(request)
            response.headers["x-status"] = str(response.status_code)
            return response

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        # an exception without a handler is raised by call_next, as on other servers
        for error, code, seen in (
            (UserError("told"), 400, ["400"]),
            (Refusal("cause"), 500, []),
        ):
            with self.subTest(code):
                result = self.raise_below(app, error)
                self.assertTrue(result.handled)
                self.assertEqual(result.code, code)
                self.assertEqual(result.header("x-status"), seen)
                self.assertIs(result.exception, error)

    def test_response_changed_by_middleware_is_still_reported(self):
        async def dispatch(request, call_next):
            with contextlib.suppress(Refusal):
                await call_next(request)
            return PlainTextResponse("all is well")

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        for error in (UserError("told"), Refusal("cause")):
            with self.subTest(type(error)):
                result = self.raise_below(app, error)
                self.assertEqual((result.code, result.body), (200, b"all is well"))
                self.assertIs(result.exception, error)

    def test_exception_of_a_middleware(self):
        error = Refusal("cause")

        async def dispatch(request, call_next):
            raise error

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        result = self.call(app)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_exception_of_a_middleware_after_the_response(self):
        error = Refusal("cause")

        async def dispatch(request, call_next):
            await call_next(request)
            raise error

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        result = self.raise_below(app, UserError("told"))
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)


class TestTransactionErrors(ExceptionsCase):
    """The app does not handle exceptions that Odoo replays."""

    ERRORS = (
        psycopg2.errors.SerializationFailure("cause"),
        psycopg2.errors.DeadlockDetected("cause"),
        psycopg2.errors.LockNotAvailable("cause"),
        psycopg2.errors.UniqueViolation("cause"),
        psycopg2.errors.ReadOnlySqlTransaction("cause"),
        psycopg2.OperationalError("cause"),
        ConcurrencyError("cause"),
    )

    def _assert_not_handled(self, result, error):
        self.assertFalse(result.handled)
        self.assertIs(result.exception, error)
        self.assertEqual(result.code, 500)
        self.assertNotIn(b"cause", result.body)

    def test_types(self):
        for error in self.ERRORS:
            self.assertIsInstance(error, TRANSACTION_ERRORS)
        self.assertNotIsInstance(UserError("told"), TRANSACTION_ERRORS)

    def test_default_handlers(self):
        app = self.make_app()
        for error in self.ERRORS:
            with self.subTest(type(error).__name__):
                self._assert_not_handled(self.raise_below(app, error), error)

    def test_handlers_of_the_app(self):
        called = []

        def respond(request, exc):
            called.append(exc)
            return PlainTextResponse("answered")

        async def respond_async(request, exc):
            called.append(exc)
            return PlainTextResponse("answered")

        for handler in (respond, respond_async):
            for key in (psycopg2.Error, psycopg2.OperationalError, Exception, 500):
                app = self.make_app(handlers={key: handler, ConcurrencyError: handler})
                for error in (self.ERRORS[0], self.ERRORS[-1]):
                    with self.subTest(handler=handler.__name__, key=key, error=error):
                        self._assert_not_handled(self.raise_below(app, error), error)
                        self.assertEqual(called, [])

    def test_base_http_middleware(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        app = self.make_app((BaseHTTPMiddleware, {"dispatch": dispatch}))
        error = self.ERRORS[0]
        self._assert_not_handled(self.raise_below(app, error), error)

    def test_swallowed_by_a_middleware(self):
        app = self.make_app((SwallowMiddleware, {}))
        for error in self.ERRORS:
            with self.subTest(type(error).__name__):
                self._assert_not_handled(self.raise_below(app, error), error)

    def test_raised_by_an_exception_handler(self):
        error = self.ERRORS[0]

        def respond(request, exc):
            raise error

        app = self.make_app(handlers={Refusal: respond})
        self._assert_not_handled(self.raise_below(app, Refusal("first")), error)

    def test_raised_after_yield(self):
        error = self.ERRORS[0]

        def dependency():
            yield
            raise error

        app = self.make_app()

        @app.get("/dependent", dependencies=[Depends(dependency)])
        def dependent() -> str:
            return "response"

        self._assert_not_handled(self.call(app, "/dependent"), error)

    def test_replay_is_handled(self):
        app = self.make_app()
        self._assert_not_handled(self.raise_below(app, self.ERRORS[0]), self.ERRORS[0])
        result = self.raise_below(app, None)
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)


class TestSharedMounts(ExceptionsCase):
    def test_mount_that_apps_share_is_watched_once(self):
        plain = FastAPI()

        @plain.get("/")
        def handler() -> None:
            raise HTTPException(409, "told")

        mount = Mount("/mounted", app=plain)
        for _build in range(3):
            app = EndpointFastAPI(routes=[mount])
            prepare_app(app)
            result = self.call(app, "/mounted/")
            self.assertAnswer(result, 409, {"detail": "told"})
            self.assertIsInstance(result.exception, HTTPException)
        self.assertIs(mount.app.app, plain)
