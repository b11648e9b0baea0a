# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
"""Responses to the exceptions of handlers."""

import json
import resource
import threading
import traceback

import psycopg2
import psycopg2.errors
from fastapi import Depends, FastAPI, HTTPException, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, Router
from werkzeug.wrappers import Response as WerkzeugResponse

from odoo.exceptions import UserError

from ...app.prepare import prepare_app
from ...bridge.request_state import STATE_KEY, RequestState
from ...exceptions import NoRoomError
from ..bridge_case import TIMEOUT, make_environ
from .exceptions_case import ORIGIN, ExceptionsCase, MarkMiddleware, Refusal


class TestResponses(ExceptionsCase):
    def test_no_exception(self):
        result = self.call(self.make_app())
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)

    def test_exception_is_handled_and_recorded(self):
        error = UserError("told")
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)
        self.assertIs(result.exc_info[0], UserError)

    def test_http_exception_is_reported_too(self):
        error = HTTPException(409, "told", {"X-Reason": "conflict"})
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 409, {"detail": "told"})
        self.assertEqual(result.header("x-reason"), ["conflict"])
        self.assertIs(result.exception, error)

    def test_validation_error_of_a_request(self):
        app = self.make_app()

        @app.get("/number")
        def number(n: int) -> int:
            return n

        result = self.call(app, "/number", query="n=x")
        self.assertEqual(result.code, 422)
        self.assertEqual(
            json.loads(result.body)["detail"][0]["loc"],
            ["query", "n"],
        )
        self.assertIsNotNone(result.exception)

    def test_unknown_path(self):
        result = self.call(self.make_app(), "/unknown")
        self.assertAnswer(result, 404, {"detail": "Not Found"})
        self.assertIsNotNone(result.exception)

    def test_unknown_method(self):
        result = self.call(self.make_app(), method="DELETE")
        self.assertAnswer(result, 405, {"detail": "Method Not Allowed"})
        self.assertEqual(result.header("allow"), ["GET"])

    def test_unknown_method_below_a_mount(self):
        """The routes of the app may have the same path as those of the mount."""
        app = self.make_app()
        mounted = Route("/{path:path}", JSONResponse({}), methods=["POST"])
        app.mount("/mounted", Router([mounted]))
        for root_path in ("", "/api"):
            for path, allowed in (("/mounted/", "POST"), ("/", "GET")):
                result = self.call(
                    app, root_path + path, root_path=root_path, method="DELETE"
                )
                self.assertAnswer(result, 405, {"detail": "Method Not Allowed"})
                self.assertEqual(result.header("allow"), [allowed])

    def test_unknown_exception_tells_nothing_of_its_cause(self):
        error = Refusal("secret")
        result = self.raise_below(self.make_app(), error)
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertIs(result.exception, error)

    def test_response_that_is_not_valid_tells_nothing_of_its_cause(self):
        class Item(BaseModel):
            number: int

        app = self.make_app()

        @app.get("/item", response_model=Item)
        def item():
            return {"number": "secret"}

        result = self.call(app, "/item")
        self.assertAnswer(result, 500, {"detail": "Internal Server Error"})
        self.assertEqual(type(result.exception).__name__, "ResponseValidationError")

    def test_exception_of_a_dependency(self):
        def dependency():
            raise UserError("told")

        app = self.make_app()

        @app.get("/dependent", dependencies=[Depends(dependency)])
        def dependent() -> None:
            raise AssertionError("not reached")

        self.assertAnswer(self.call(app, "/dependent"), 400, {"detail": "told"})

    def test_exception_of_an_async_handler(self):
        app = self.make_app()

        @app.get("/async")
        async def handler() -> None:
            raise UserError("told")

        self.assertAnswer(self.call(app, "/async"), 400, {"detail": "told"})

    def test_next_request_is_not_affected(self):
        app = self.make_app()
        self.raise_below(app, UserError("told"))
        result = self.raise_below(app, None)
        self.assertAnswer(result, 200, "fine")
        self.assertIsNone(result.exc_info)

    def test_concurrent_requests_get_their_own_exceptions(self):
        count = 6
        barrier = threading.Barrier(count)
        app = self.make_app()

        @app.get("/{number}")
        def handler(number: int) -> None:
            barrier.wait(TIMEOUT)
            raise UserError(f"told {number}")

        results = self.in_threads(
            [lambda n=n: self.call(app, f"/{n}") for n in range(count)]
        )
        for number, result in enumerate(results):
            self.assertAnswer(result, 400, {"detail": f"told {number}"})
            self.assertEqual(result.exception.args, (f"told {number}",))

    def test_app_that_is_no_endpoint_app(self):
        app = self.make_app(app_class=FastAPI)
        prepare_app(app)
        error = UserError("told")
        result = self.raise_below(app, error)
        self.assertAnswer(result, 400, {"detail": "told"})
        self.assertIs(result.exception, error)

    def test_app_without_handlers_of_its_own(self):
        app = FastAPI()

        @app.get("/")
        def handler() -> None:
            raise UserError("told")

        prepare_app(app)
        self.assertAnswer(self.call(app), 400, {"detail": "told"})

    def test_app_is_prepared_once(self):
        app = self.make_app()
        prepare_app(app)
        middleware, routes = list(app.user_middleware), list(app.routes)
        prepare_app(app)
        self.assertEqual(app.user_middleware, middleware)
        self.assertEqual(app.routes, routes)


class TestFullDisk(ExceptionsCase):
    """Starlette also stores large files of a form on the disk."""

    def upload(self, size):
        app = self.make_app((CORSMiddleware, {"allow_origins": [ORIGIN]}))

        @app.post("/upload")
        def upload(file: UploadFile) -> int:
            return file.size

        head = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        )
        return self.call(
            app,
            "/upload",
            method="POST",
            body=head + b"x" * size + b"\r\n--x--\r\n",
            CONTENT_TYPE="multipart/form-data; boundary=x",
            HTTP_ORIGIN=ORIGIN,
        )

    def test_no_room_for_a_file_is_not_the_fault_of_the_client(self):
        size = 2 * 1024 * 1024  # bytes; Starlette keeps one megabyte in memory
        self.assertEqual(self.upload(size).code, 200)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        result = self.upload(size)
        self.assertEqual(result.code, 507)
        self.assertEqual(result.header("access-control-allow-origin"), [ORIGIN])
        self.assertIsInstance(result.exception, NoRoomError)
        self.assertEqual(self.upload(100).code, 200)


class TestTraceback(ExceptionsCase):
    """The log has the traceback of the exception."""

    def _assert_traceback(self, result):
        frames = traceback.extract_tb(result.exc_info[2])
        self.assertIn("raise_error", [frame.name for frame in frames])

    def test_of_an_unknown_exception(self):
        self._assert_traceback(self.raise_below(self.make_app(), Refusal("cause")))

    def test_of_a_handled_exception(self):
        # starlette._exception_handler removes it from the exception
        self._assert_traceback(
            self.raise_below(self.make_app(), HTTPException(500, "told"))
        )

    def test_of_an_exception_with_a_handler(self):
        def respond(request, exc):
            return PlainTextResponse("broken", 503)

        app = self.make_app(handlers={Refusal: respond})
        self._assert_traceback(self.raise_below(app, Refusal("cause")))

    def test_of_a_transaction_error(self):
        error = psycopg2.errors.SerializationFailure("cause")
        self._assert_traceback(self.raise_below(self.make_app(), error))


class TestHandleError(ExceptionsCase):
    """``handle_error`` of the dispatcher responds if the app has no handler."""

    def _call(self, app, handle_error):
        return self.call(
            app,
            environ=make_environ(
                **{STATE_KEY: RequestState(handle_error=handle_error)}
            ),
        )

    def test_response(self):
        asked = []

        def handle_error(exc):
            asked.append(exc)
            response = WerkzeugResponse("shaped", 418, content_type="text/x-shape")
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response

        app = self.make_app((MarkMiddleware, {}))
        for error in (UserError("told"), Refusal("cause"), HTTPException(404)):
            with self.subTest(type(error).__name__):
                app.state.error = error
                result = self._call(app, handle_error)
                self.assertEqual(asked[-1], error)
                self.assertTrue(result.handled)
                self.assertEqual((result.code, result.body), (418, b"shaped"))
                self.assertEqual(result.header("content-type"), ["text/x-shape"])
                self.assertEqual(len(result.header("set-cookie")), 2)
                self.assertEqual(result.header("x-passed"), ["yes"])
                self.assertIs(result.exception, error)

    def test_handler_of_the_app_comes_first(self):
        def respond(request, exc):
            return PlainTextResponse("of the app")

        def handle_error(exc):
            raise AssertionError("not reached")

        app = self.make_app(handlers={Refusal: respond})
        app.state.error = Refusal("cause")
        self.assertEqual(self._call(app, handle_error).body, b"of the app")
