# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
"""Exception handlers of an app, and exceptions from outside."""

import psycopg2
import psycopg2.errors
from fastapi import Depends, HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse

from odoo.exceptions import UserError

from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge.request_state import STATE_KEY, RequestState
from ...error_handlers import default_exception_handlers
from ..bridge_case import make_environ
from .exceptions_case import ExceptionsCase, MarkMiddleware, Refusal


class TestCustomHandlers(ExceptionsCase):
    @staticmethod
    def _respond(request, exc):
        return JSONResponse({"error": type(exc).__name__}, 418)

    @staticmethod
    async def _respond_async(request, exc):
        return JSONResponse({"error": type(exc).__name__}, 418)

    def _assert_custom(self, app, error):
        result = self.raise_below(app, error)
        self.assertAnswer(result, 418, {"error": type(error).__name__})
        self.assertIs(result.exception, error)

    def test_for_a_type(self):
        for handler in (self._respond, self._respond_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={Refusal: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_for_a_base_type(self):
        app = self.make_app(handlers={LookupError: self._respond})
        self._assert_custom(app, KeyError("cause"))

    def test_for_a_type_of_the_table(self):
        app = self.make_app(handlers={UserError: self._respond})
        self._assert_custom(app, UserError("told"))

    def test_for_http_exceptions_by_status(self):
        app = self.make_app(handlers={404: self._respond})
        self.assertAnswer(self.call(app, "/x"), 418, {"error": "HTTPException"})
        result = self.raise_below(app, HTTPException(403, "told"))
        self.assertAnswer(result, 403, {"detail": "told"})

    def test_for_every_exception(self):
        for handler in (self._respond, self._respond_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={Exception: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_for_status_500(self):
        app = EndpointFastAPI(exception_handlers={500: self._respond})

        @app.get("/")
        def handler() -> None:
            raise Refusal("cause")

        self.assertAnswer(self.call(app), 418, {"error": "Refusal"})

    def test_for_status_500_instead_of_the_default_one(self):
        # the last one counts, as in Starlette.build_middleware_stack
        for handler in (self._respond, self._respond_async):
            with self.subTest(handler.__name__):
                app = self.make_app(handlers={500: handler})
                self._assert_custom(app, Refusal("cause"))

    def test_added_with_add_exception_handler(self):
        for key in (Refusal, Exception, 500):
            with self.subTest(key):
                app = self.make_app()
                app.add_exception_handler(key, self._respond)
                self._assert_custom(app, Refusal("cause"))

    def test_added_with_the_decorator(self):
        app = self.make_app()
        app.exception_handler(Refusal)(self._respond)
        self._assert_custom(app, Refusal("cause"))

    def test_response_passes_the_middleware(self):
        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app((MarkMiddleware, {}), handlers={key: self._respond})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.header("x-passed"), ["yes"])

    def test_handler_that_fails(self):
        def fail(request, exc):
            raise KeyError("in the handler") from exc

        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app(handlers={key: fail})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.code, 500)
                self.assertIsInstance(result.exception, KeyError)
                self.assertNotIn(b"in the handler", result.body)

    def test_handler_gets_the_request(self):
        def respond(request, exc):
            return PlainTextResponse(f"{request.method} {request.url.path}")

        for key in (Refusal, Exception):
            with self.subTest(key):
                app = self.make_app(handlers={key: respond})
                result = self.raise_below(app, Refusal("cause"))
                self.assertEqual(result.body, b"GET /")

    def test_handlers_are_not_shared(self):
        handlers = {**default_exception_handlers(), Refusal: self._respond}
        before = dict(handlers)
        for _app in range(2):
            app = EndpointFastAPI(exception_handlers=handlers)
            prepare_app(app)
            self.call(app)
        self.assertEqual(handlers, before)


class TestExceptionFromOutside(ExceptionsCase):
    """An exception that Odoo raises after the app has ended."""

    def _give(self, app, error, path="/", **more):
        return self.call(
            app,
            environ=make_environ(
                path, **{STATE_KEY: RequestState(injected=error)}, **more
            ),
        )

    def test_response(self):
        error = UserError("late")
        result = self._give(self.make_app(), error)
        self.assertAnswer(result, 400, {"detail": "late"})
        self.assertIs(result.exception, error)

    def test_path_is_not_looked_at(self):
        for path in ("/unknown", "/docs", "/openapi.json"):
            with self.subTest(path):
                result = self._give(self.make_app(), UserError("late"), path)
                self.assertAnswer(result, 400, {"detail": "late"})

    def test_method_is_not_looked_at(self):
        for method in ("DELETE", "HEAD"):
            with self.subTest(method):
                result = self._give(self.make_app(), UserError("late"), method=method)
                self.assertEqual(result.code, 400)

    def test_nothing_of_the_route_runs(self):
        ran = []
        app = self.make_app()
        app.router.dependencies.append(Depends(lambda: ran.append("dependency")))

        @app.get("/route")
        def route() -> None:
            ran.append("handler")

        self.assertEqual(self.call(app, "/route").code, 200)
        self.assertEqual(ran, ["dependency", "handler"])
        self._give(app, UserError("late"), "/route")
        self.assertEqual(ran, ["dependency", "handler"])

    def test_handlers_of_the_app(self):
        def respond(request, exc):
            return JSONResponse({"error": str(exc)}, 418)

        for key, error in (
            (Refusal, Refusal("late")),
            (Exception, Refusal("late")),
            (UserError, UserError("late")),
        ):
            with self.subTest(key):
                result = self._give(self.make_app(handlers={key: respond}), error)
                self.assertAnswer(result, 418, {"error": "late"})

    def test_middleware_of_the_app(self):
        result = self._give(self.make_app((MarkMiddleware, {})), UserError("late"))
        self.assertEqual(result.header("x-passed"), ["yes"])

    def test_transaction_error_is_handled(self):
        # after the last replay
        error = psycopg2.errors.SerializationFailure("secret")
        result = self._give(self.make_app(), error)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_transaction_error_is_handled_by_a_handler_of_the_app(self):
        def respond(request, exc):
            return JSONResponse("busy", 503)

        app = self.make_app(handlers={psycopg2.OperationalError: respond})
        error = psycopg2.errors.SerializationFailure("secret")
        self.assertAnswer(self._give(app, error), 503, "busy")

    def test_next_request_is_not_affected(self):
        app = self.make_app()
        self._give(app, UserError("late"))
        self.assertAnswer(self.call(app), 200, "fine")
