# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from unittest.mock import patch

import psycopg2
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from psycopg2.pool import PoolError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
    Unauthorized,
    abort,
)
from werkzeug.routing import RequestRedirect
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as WerkzeugResponse

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    LockError,
    MissingError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from odoo.http import SessionExpiredException
from odoo.tests import BaseCase
from odoo.tools import lazy

from .. import error_handlers
from ..app_request import AppRequest
from ..error_handlers import (
    convert_exception_to_status_body,
    default_exception_handler,
    default_exception_handlers,
    raise_server_exceptions,
)
from ..exceptions import AppBuildError
from .bridge_case import BridgeCase

ERRORS = [{"type": "missing", "loc": ("query", "n"), "msg": "Field required"}]


def raised_by_abort(*args, **kwargs):
    """Return what werkzeug's ``abort`` raises."""
    try:
        abort(*args, **kwargs)
    except Exception as exc:
        return exc


class TestStatusAndBody(BaseCase):
    def assertResponse(self, exc, status, detail):
        self.assertEqual(
            convert_exception_to_status_body(exc), (status, {"detail": detail})
        )

    def test_exceptions_of_odoo(self):
        for exception_type, status in (
            (UserError, 400),
            (ValidationError, 400),
            (LockError, 400),
            (AccessError, 403),
            (AccessDenied, 403),
            (MissingError, 404),
            (SessionExpiredException, 401),
        ):
            with self.subTest(exception_type.__name__):
                self.assertResponse(exception_type("told"), status, "told")

    def test_subclass_of_an_exception_of_odoo(self):
        class OutOfStock(ValidationError):
            pass

        class Forbidden(AccessError):
            pass

        self.assertResponse(OutOfStock("told"), 400, "told")
        self.assertResponse(Forbidden("told"), 403, "told")

    def test_access_denied_without_message(self):
        self.assertResponse(AccessDenied(), 403, "Access Denied")

    def test_exception_without_arguments(self):
        exc = UserError("told")
        exc.args = ()
        self.assertResponse(exc, 400, "")

    def test_message_that_is_no_string(self):
        self.assertResponse(UserError(lazy(lambda: "translated")), 400, "translated")

    def test_http_exception(self):
        self.assertResponse(HTTPException(409, "told"), 409, "told")
        self.assertResponse(HTTPException(409, {"code": 7}), 409, {"code": 7})
        self.assertResponse(HTTPException(404), 404, "Not Found")
        self.assertResponse(StarletteHTTPException(418, "told"), 418, "told")

    def test_app_that_cannot_be_built(self):
        exc = AppBuildError("Orders", "/orders")
        self.assertEqual(
            convert_exception_to_status_body(exc),
            (503, {"detail": "Service Unavailable"}),
        )
        self.assertIn("'Orders' at /orders ", str(exc))

    def test_status_that_has_no_body(self):
        for status in (204, 304):
            with self.subTest(status):
                self.assertEqual(
                    convert_exception_to_status_body(HTTPException(status)),
                    (status, {}),
                )

    def test_validation_error_of_a_request(self):
        status, body = convert_exception_to_status_body(RequestValidationError(ERRORS))
        self.assertEqual(status, 422)
        self.assertEqual(body["detail"][0]["loc"], ["query", "n"])
        json.dumps(body)

    def test_validation_error_with_input_that_is_not_json(self):
        errors = [{**ERRORS[0], "ctx": {"error": ValueError("told")}, "input": b"x"}]
        status, body = convert_exception_to_status_body(RequestValidationError(errors))
        self.assertEqual(status, 422)
        json.dumps(body)

    def test_validation_error_of_a_websocket(self):
        status, body = convert_exception_to_status_body(
            WebSocketRequestValidationError(ERRORS)
        )
        self.assertEqual(status, 422)
        self.assertEqual(body["detail"][0]["msg"], "Field required")

    def test_validation_error_of_a_response(self):
        self.assertResponse(
            ResponseValidationError(ERRORS, body="secret"),
            500,
            "Internal Server Error",
        )

    def test_exceptions_of_werkzeug(self):
        for exception_type, status in (
            (BadRequest, 400),
            (Unauthorized, 401),
            (NotFound, 404),
            (RequestEntityTooLarge, 413),
        ):
            with self.subTest(exception_type.__name__):
                self.assertResponse(exception_type("told"), status, "told")
        self.assertResponse(NotFound(), 404, NotFound.description)

    def test_abort(self):
        self.assertResponse(raised_by_abort(404), 404, NotFound.description)
        self.assertResponse(raised_by_abort(403, "told"), 403, "told")

    def test_abort_with_a_response(self):
        status, _body = convert_exception_to_status_body(
            raised_by_abort(WerkzeugResponse("teapot", 418))
        )
        self.assertEqual(status, 418)

    def test_errors_of_connections_when_the_server_stops(self):
        for exc in (
            psycopg2.InterfaceError("connection already closed"),
            psycopg2.OperationalError("The connection to the database is lost"),
            PoolError("The Connection Pool Is Full"),
        ):
            with self.subTest(type(exc).__name__):
                self.assertResponse(exc, 500, "Internal Server Error")
                with patch.object(error_handlers, "server_stops", lambda: True):
                    self.assertResponse(exc, 503, "The server stops.")
        with patch.object(error_handlers, "server_stops", lambda: True):
            self.assertResponse(psycopg2.DataError(), 500, "Internal Server Error")

    def test_unknown_exceptions_tell_nothing(self):
        for exc in (
            Exception("secret"),
            ValueError("secret"),
            KeyError("secret"),
            NotImplementedError("secret"),
            RedirectWarning("secret", 7, "button"),
        ):
            with self.subTest(type(exc).__name__):
                self.assertResponse(exc, 500, "Internal Server Error")


class TestDefaultHandler(BridgeCase):
    """The response that a client gets."""

    def setUp(self):
        super().setUp()
        self.app = FastAPI(exception_handlers=default_exception_handlers())
        self.app.state.exc = None

        @self.app.get("/")
        def raise_error() -> None:
            raise self.app.state.exc

    def respond(self, exc):
        request = Request({"type": "http", "wsgi_environ": {}})
        return default_exception_handler(request, exc)

    def call_raising(self, exc):
        self.app.state.exc = exc
        return self.call(self.app)

    def test_json(self):
        result = self.call_raising(UserError("tüld"))
        self.assertEqual(result.code, 400)
        self.assertEqual(result.header("content-type"), ["application/json"])
        self.assertEqual(json.loads(result.body), {"detail": "tüld"})

    def test_headers_of_an_http_exception(self):
        result = self.call_raising(
            HTTPException(401, headers={"WWW-Authenticate": "Basic"})
        )
        self.assertEqual(result.header("www-authenticate"), ["Basic"])

    def test_content_type_of_an_exception(self):
        exc = HTTPException(400, headers={"content-type": "application/problem+json"})
        result = self.call_raising(exc)
        self.assertEqual(result.header("content-type"), ["application/problem+json"])
        response = AppRequest.handle_error(None, exc)  # in a request of Odoo
        self.assertEqual(
            response.headers.getlist("content-type"), ["application/problem+json"]
        )

    def test_status_without_body(self):
        for status in (204, 304):
            with self.subTest(status):
                result = self.call_raising(HTTPException(status, headers={"X-A": "1"}))
                self.assertEqual(result.code, status)
                self.assertEqual(result.body, b"")
                self.assertEqual(result.header("x-a"), ["1"])
                self.assertEqual(result.header("content-type"), [])

    def test_abort(self):
        result = self.call_raising(raised_by_abort(404))
        self.assertEqual(result.code, 404)
        self.assertEqual(json.loads(result.body), {"detail": NotFound.description})
        self.assertEqual(result.header("content-type"), ["application/json"])

    def test_headers_of_werkzeug(self):
        result = self.call_raising(MethodNotAllowed(["GET", "PUT"]))
        self.assertEqual(result.code, 405)
        self.assertEqual(result.header("allow"), ["GET, PUT"])
        result = self.call_raising(TooManyRequests(retry_after=7))
        self.assertEqual(result.header("retry-after"), ["7"])

    def test_repeated_headers_of_werkzeug(self):
        challenges = [WWWAuthenticate("basic"), WWWAuthenticate("bearer")]
        result = self.call_raising(Unauthorized(www_authenticate=challenges))
        self.assertEqual(result.code, 401)
        values = [value.strip() for value in result.header("www-authenticate")]
        self.assertEqual(values, ["Basic", "Bearer"])  # werkzeug 3.0: "Basic "

    def test_redirect_of_werkzeug(self):
        result = self.call_raising(RequestRedirect("http://odoo.example/new"))
        self.assertEqual(result.code, 308)
        self.assertEqual(result.header("location"), ["http://odoo.example/new"])

    def test_abort_with_a_response(self):
        response = WerkzeugResponse("<b>teapot</b>", 418, content_type="text/x-tea")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        result = self.call_raising(raised_by_abort(response))
        self.assertEqual(result.code, 418)
        self.assertEqual(result.body, b"<b>teapot</b>")
        self.assertEqual(result.header("content-type"), ["text/x-tea"])
        self.assertEqual(result.header("set-cookie"), ["a=1; Path=/", "b=2; Path=/"])

    def test_abort_with_a_redirect(self):
        result = self.call_raising(raised_by_abort(redirect("/new", 303)))
        self.assertEqual(result.code, 303)
        self.assertEqual(result.header("location"), ["/new"])

    def test_abort_with_a_streamed_response(self):
        response = WerkzeugResponse(iter(["a", "b"]), direct_passthrough=True)
        self.assertEqual(self.call_raising(raised_by_abort(response)).body, b"ab")

    def test_werkzeug_exception_with_a_response(self):
        exc = NotFound(response=WerkzeugResponse("own page", 404))
        result = self.call_raising(exc)
        self.assertEqual((result.code, result.body), (404, b"own page"))

    def test_every_exception_of_the_table_has_a_handler(self):
        handlers = default_exception_handlers()
        for exception_type in (
            Exception,
            StarletteHTTPException,
            RequestValidationError,
            UserError,
            ValidationError,
            AccessError,
            AccessDenied,
            MissingError,
            NotFound.__base__,
        ):
            self.assertIs(handlers[exception_type], default_exception_handler)

    def test_dictionary_of_handlers_is_new(self):
        default_exception_handlers().clear()
        self.assertTrue(default_exception_handlers())

    def test_raise_server_exceptions(self):
        token = raise_server_exceptions.set(True)
        self.addCleanup(raise_server_exceptions.reset, token)
        for exc in (UserError("told"), ValueError("cause"), NotFound()):
            with self.subTest(type(exc).__name__):
                with self.assertRaises(type(exc)) as catcher:
                    self.respond(exc)
                self.assertIs(catcher.exception, exc)

    def test_raise_server_exceptions_passes_intended_responses(self):
        token = raise_server_exceptions.set(True)
        self.addCleanup(raise_server_exceptions.reset, token)
        self.assertEqual(self.respond(HTTPException(409)).status_code, 409)
        self.assertEqual(self.respond(RequestValidationError(ERRORS)).status_code, 422)

    def test_request_of_another_server(self):
        request = Request({"type": "http"})
        response = default_exception_handler(request, UserError("told"))
        self.assertEqual(response.status_code, 400)
        self.assertEqual(json.loads(response.body), {"detail": "told"})
