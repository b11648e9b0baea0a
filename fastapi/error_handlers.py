# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Converts exceptions to responses, by type. Apps, the dispatcher and tests use it."""

from __future__ import annotations

import json
import logging
import math
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import psycopg2
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import Response
from fastapi.utils import is_body_allowed_for_status_code
from psycopg2.pool import PoolError
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocketDisconnect
from werkzeug.exceptions import HTTPException as WerkzeugHTTPException

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    MissingError,
    UserError,
    ValidationError,
)
from odoo.http import SessionExpiredException

from .app.error_log import describe_handler, describe_route
from .app.routes import get_allowed_methods
from .app.wrapped import unwrap
from .bridge.loops import server_stops
from .bridge.request_state import get_state
from .exceptions import AppBuildError, CommittedHTTPException, HandledError
from .internal_texts import (
    get_public_text,
    is_internal,
    raising_line,
    translate_for_client,
)
from .invalid_texts import find_invalid_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Scope
    from werkzeug.wrappers import Response as WerkzeugResponse

__all__ = [
    "CONNECTION_ERRORS",
    "AppBuildError",
    "CommittedHTTPException",
    "HandledError",
    "attached_headers",
    "convert_exception_to_status_body",
    "default_exception_handler",
    "default_exception_handlers",
    "error_headers",
    "exception_headers",
    "json_content",
    "raise_server_exceptions",
]

_logger = logging.getLogger(__name__)

#: Scope of the request whose exception is being handled, for the log.
_failed_scope: ContextVar[Scope | None] = ContextVar("_failed_scope", default=None)

#: Status of exceptions without a status of their own. The first match counts.
STATUS_BY_TYPE: tuple[tuple[type[Exception], int], ...] = (
    (AccessDenied, 403),
    (AccessError, 403),
    (MissingError, 404),
    (ValidationError, 400),
    (UserError, 400),
    (SessionExpiredException, 401),
    (WebSocketDisconnect, 400),  # before it was accepted
)
#: Errors of a closed connection, or of a full pool, among others.
CONNECTION_ERRORS = (psycopg2.InterfaceError, psycopg2.OperationalError, PoolError)
#: Types whose ``headers`` are meant for the response.
_WITH_HEADERS: tuple[type[Exception], ...] = (HTTPException, *dict(STATUS_BY_TYPE))

#: For tests: raise unexpected exceptions instead of turning them into a response.
raise_server_exceptions: ContextVar[bool] = ContextVar(
    "raise_server_exceptions", default=False
)


def convert_exception_to_status_body(exc: Exception) -> tuple[int, dict[str, Any]]:
    """Return status and body of the response to an exception.

    Texts of Odoo's access checks and ORM go to the log. The client gets a plain
    sentence in its language instead (see ``internal_texts``). If PostgreSQL can't store
    a character, the response is a 400. A stopping server closes its connections to the
    database; the response to the error of a query is then a 503.

    :param exc: exception of a handler, a dependency or Odoo
    :return: HTTP status, and the content of the JSON body: ``{"detail": …}``, or ``{}``
        for a status that has no body. Unexpected exceptions are a 500 that does not
        mention the cause.
    """
    exc = unwrap(exc)
    status: int = 500
    detail: Any = "Internal Server Error"
    if isinstance(exc, HTTPException):
        status, detail = exc.status_code, exc.detail
    elif isinstance(exc, WerkzeugHTTPException):
        if exc.code is None:  # abort(response)
            status = exc.get_response().status_code
        else:
            status, detail = exc.code, exc.description or exc.name
    elif isinstance(exc, RequestValidationError | WebSocketRequestValidationError):
        status, detail = 422, _encode_errors(exc.errors())
    elif isinstance(exc, CONNECTION_ERRORS) and server_stops():
        status, detail = 503, "The server stops."
    else:
        for exception_type, exception_status in STATUS_BY_TYPE:
            if isinstance(exc, exception_type):
                status = exception_status
                detail = str(exc.args[0]) if exc.args else str(exc)
                if is_internal(exc):
                    _log_internal(exc, status, detail)
                    detail = get_public_text(status)
                break
        else:
            invalid = find_invalid_text(exc)
            if invalid is not None:
                _log_internal(exc, 400, str(exc))
                status, detail = 400, translate_for_client(invalid)
    return status, {"detail": detail} if is_body_allowed_for_status_code(status) else {}


def _log_internal(exc: Exception, status: int, text: str) -> None:
    """Log a text that the client does not get, in one line."""
    scope = _failed_scope.get()
    line = raising_line(exc)
    if not line:  # raised by a flush after the handler
        line = f"{describe_handler(scope)}, when that was done" if scope else "?"
    _logger.info(
        "%s: %s, %s at %s: %s",
        describe_route(scope) if scope else "A request",
        status,
        type(exc).__name__,
        line,
        " ".join(text.split()),
    )


def json_content(body: dict[str, Any]) -> bytes:
    """Return the content of a response.

    The body may repeat the client's input, and that may not be valid Unicode.
    """
    if not body:
        return b""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return content.encode("utf-8", "backslashreplace")


def _encode_errors(errors: Any) -> Any:
    """Convert validation errors, and the client's input in them, to types of JSON."""
    return jsonable_encoder(
        errors,
        custom_encoder={
            bytes: lambda value: value.decode(errors="replace"),
            float: lambda value: value if math.isfinite(value) else str(value),
        },
    )


def exception_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return the header pairs that an exception has for its response.

    ``headers`` of unknown types are ignored: they may come from another server, as in
    ``urllib.error.HTTPError``.
    """
    if isinstance(exc, WerkzeugHTTPException):
        # without the Content-Type, which belongs to the HTML page of werkzeug
        return [
            (name, value)
            for name, value in exc.get_headers()
            if name.lower() != "content-type"
        ]
    return attached_headers(exc) if isinstance(exc, _WITH_HEADERS) else []


def error_headers(exc: BaseException, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the header pairs of the JSON response to an exception.

    As in FastAPI, a ``Content-Type`` of the exception takes precedence.

    :param body: content of the response, see :func:`convert_exception_to_status_body`
    """
    headers = exception_headers(exc)
    if body and not any(name.lower() == "content-type" for name, _value in headers):
        headers.append(("Content-Type", "application/json"))
    return headers


def attached_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return the header pairs in ``headers`` of an exception of any type."""
    items = getattr(getattr(exc, "headers", None), "items", None)
    return list(items()) if callable(items) else []


def default_exception_handler(request: Request, exc: Exception) -> Response:
    """Return the response to an exception.

    This is the default handler of ``_get_app_exception_handlers``, for all types. In a
    request of Odoo it calls the dispatcher's ``handle_error``, so that an override of
    that method shapes the error responses of all apps.
    """
    exc = unwrap(exc)
    if raise_server_exceptions.get() and not isinstance(
        exc,
        HTTPException | RequestValidationError | WebSocketRequestValidationError,
    ):
        raise exc
    if isinstance(exc, WerkzeugHTTPException) and (
        exc.response is not None or (exc.code and exc.code < 400)
    ):  # abort(response) or a redirect is not an error; a2wsgi sets "wsgi_environ"
        return _from_werkzeug(exc.get_response(request.scope.get("wsgi_environ", {})))
    token = _failed_scope.set(request.scope)
    try:
        state = get_state(request.scope)
        response = _respond(exc, state.handle_error if state else None)
    finally:
        _failed_scope.reset(token)
    if response.status_code == 405 and _is_of_app(request.scope):
        methods = get_allowed_methods(request.app, request.scope)
        if methods and request.method not in methods:  # not raised by a handler
            response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _is_of_app(scope: Scope) -> bool:
    """Return whether the app itself has the path of an HTTP request, not a mount."""
    root_path = scope.get("root_path")
    is_below = scope.get("app_root_path", root_path) != root_path
    return scope["type"] == "http" and not is_below


def _respond(
    exc: Exception, handle_error: Callable[[Exception], WerkzeugResponse] | None
) -> Response:
    """Return the response of the dispatcher, or without one, that of this module."""
    if handle_error is not None:
        return _from_werkzeug(handle_error(exc))
    status, body = convert_exception_to_status_body(exc)
    response = Response(json_content(body), status)
    for name, value in error_headers(exc, body):
        response.headers.append(name, value)
    return response


def default_exception_handlers() -> dict[
    int | type[Exception], Callable[[Request, Exception], Any]
]:
    """Return a new mapping of exception types to the default handler."""
    others = RequestValidationError, WerkzeugHTTPException, Exception
    return dict.fromkeys((*_WITH_HEADERS, *others), default_exception_handler)


def _from_werkzeug(response: WerkzeugResponse) -> Response:
    """Convert a response of werkzeug or Odoo to one of Starlette."""
    response.direct_passthrough = False
    body = response.get_data()
    result = Response(body, response.status_code)
    result.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    return result
