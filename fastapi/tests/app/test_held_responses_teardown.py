# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
"""Exceptions in the teardown of dependencies."""

from typing import Annotated

import psycopg2
import psycopg2.errors
from fastapi import Depends, HTTPException
from fastapi.responses import PlainTextResponse
from starlette.middleware.base import BaseHTTPMiddleware

from odoo.exceptions import UserError

from .exceptions_case import ExceptionsCase, Refusal, SwallowMiddleware


class TestTeardown(ExceptionsCase):
    """Code after ``yield`` runs after the response was made, and may fail."""

    def _app(self, dependency, *middleware, **kwargs):
        app = self.make_app(*middleware, **kwargs)

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> str:
            return "response"

        return app

    def _dependency(self, error, is_async=False):
        def dependency():
            yield
            raise error

        async def dependency_async():
            yield
            raise error

        return dependency_async if is_async else dependency

    def test_exception_comes_out_as_it_was_raised(self):
        for is_async in (False, True):
            # with a handler of the app, and without one
            for error, code in (
                (UserError("told"), 400),
                (HTTPException(409), 409),
                (Refusal("cause"), 500),
            ):
                with self.subTest(is_async=is_async, error=error):
                    app = self._app(self._dependency(error, is_async))
                    result = self.call(app, "/dependent")
                    self.assertIs(result.exception, error)
                    self.assertTrue(result.handled)
                    self.assertEqual(result.code, code)
                    self.assertNotIn(b"response", result.body)

    def test_exception_below_base_http_middleware(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        for error, code in ((UserError("told"), 400), (Refusal("cause"), 500)):
            with self.subTest(type(error).__name__):
                app = self._app(
                    self._dependency(error),
                    (BaseHTTPMiddleware, {"dispatch": dispatch}),
                    (BaseHTTPMiddleware, {"dispatch": dispatch}),
                )
                result = self.call(app, "/dependent")
                self.assertIs(result.exception, error)
                self.assertTrue(result.handled)
                self.assertEqual(result.code, code)

    def test_exception_swallowed_by_a_middleware_is_still_reported(self):
        for error in (
            UserError("told"),
            Refusal("cause"),
            psycopg2.errors.SerializationFailure("cause"),
        ):
            with self.subTest(type(error).__name__):
                app = self._app(self._dependency(error), (SwallowMiddleware, {}))
                self.assertIs(self.call(app, "/dependent").exception, error)

    def test_exception_of_a_route_added_later_swallowed_by_a_middleware(self):
        error = psycopg2.errors.SerializationFailure("cause")
        app = self.make_app((SwallowMiddleware, {}))
        self.assertAnswer(self.call(app), 200, "fine")

        @app.get("/late", dependencies=[Depends(self._dependency(error))])
        def late() -> str:
            return "response"

        self.assertIs(self.call(app, "/late").exception, error)

    def test_exception_of_a_starlette_route_swallowed_by_a_middleware(self):
        error = psycopg2.errors.SerializationFailure("cause")

        class FailingResponse(PlainTextResponse):
            async def __call__(self, scope, receive, send):
                await super().__call__(scope, receive, send)
                raise error

        app = self.make_app((SwallowMiddleware, {}))
        app.add_route("/plain", lambda request: FailingResponse("response"))
        self.assertIs(self.call(app, "/plain").exception, error)

    def test_exception_with_a_handler_for_runtime_errors(self):
        # Starlette wraps exceptions after the start of a response in it
        def respond(request, exc):
            return PlainTextResponse("answered")

        error = UserError("told")
        app = self._app(self._dependency(error), handlers={RuntimeError: respond})
        self.assertIs(self.call(app, "/dependent").exception, error)

    def test_teardown_sees_the_exception_of_the_handler(self):
        seen = []

        def dependency():
            try:
                yield
            except UserError as exc:
                seen.append(exc)
                raise

        app = self.make_app()
        error = UserError("told")

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> None:
            raise error

        result = self.call(app, "/dependent")
        self.assertEqual(seen, [error])
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)

    def test_exception_replaced_in_teardown(self):
        error = HTTPException(409, "replaced")

        def dependency():
            try:
                yield
            except Refusal as exc:
                raise error from exc

        app = self.make_app()

        @app.get("/dependent")
        def dependent(value: Annotated[None, Depends(dependency)]) -> None:
            raise Refusal("cause")

        result = self.call(app, "/dependent")
        self.assertAnswer(result, 409, {"detail": "replaced"})
        self.assertIs(result.exception, error)
