# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which exception is answered how.

One table maps the types to a status; everything that answers an exception, in an app,
in the dispatcher or in a test, goes through :func:`convert_exception_to_status_body`.
"""

from __future__ import annotations

import json
import logging
import math
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import Response
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
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
    "AppBuildError",
    "CommittedHTTPException",
    "HandledError",
    "convert_exception_to_status_body",
    "default_exception_handler",
    "default_exception_handlers",
    "raise_server_exceptions",
]


_logger = logging.getLogger(__name__)

#: Scope of the request whose exception is handled, for the log.
_failed_scope: ContextVar[Scope | None] = ContextVar("_failed_scope", default=None)


#: Status of the exceptions that carry none. The first match counts.
STATUS_BY_TYPE: tuple[tuple[type[Exception], int], ...] = (
    (AccessDenied, 403),
    (AccessError, 403),
    (MissingError, 404),
    (ValidationError, 400),
    (UserError, 400),
    (SessionExpiredException, 401),
)
#: Types whose ``headers`` are those of their response.
_WITH_HEADERS = (
    HTTPException,
    *(exception_type for exception_type, _status in STATUS_BY_TYPE),
)
#: A client that breaks the protocol of a WebSocket (RFC 6455, "policy violation").
WS_POLICY_VIOLATION = 1008

#: For tests: what is no answer on purpose is raised instead of answered.
raise_server_exceptions: ContextVar[bool] = ContextVar(
    "raise_server_exceptions", default=False
)


def convert_exception_to_status_body(exc: Exception) -> tuple[int, dict[str, Any]]:
    """Return the response to an exception.

    A text that Odoo's access check or ORM has made is replaced by a plain sentence in
    the client's language (see ``internal_texts``), and is written to the log instead.
    A query that fails for a character which PostgreSQL hasn't is a 400.

    :param exc: whatever a handler, a dependency or Odoo raised
    :return: HTTP status, and the content of the JSON body: ``{"detail": …}``, or
        nothing for a status that has no body. What is not made for the client's eyes
        is a 500 that says nothing of its cause.
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
    elif isinstance(exc, RequestValidationError):
        status, detail = 422, _encode_errors(exc.errors())
    elif isinstance(exc, WebSocketRequestValidationError):
        return WS_POLICY_VIOLATION, {"detail": _encode_errors(exc.errors())}
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
    """Write to the log what the client does not get to read, on one line."""
    scope = _failed_scope.get()
    line = raising_line(exc)
    if not line:  # of what Odoo does with pending writes and computations
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
    """Return the content of an answer; for no body, nothing.

    What a client has sent may be part of it, and need not be text that can be encoded.
    """
    if not body:
        return b""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return content.encode("utf-8", "backslashreplace")


def _encode_errors(errors: Any) -> Any:
    """Return the errors of a validation, which hold what the client has sent."""
    return jsonable_encoder(
        errors,
        custom_encoder={
            bytes: lambda value: value.decode(errors="replace"),
            float: lambda value: value if math.isfinite(value) else str(value),
        },
    )


def exception_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return the header pairs that an exception brings along for its response.

    Only types that are made for a response have them. The headers of any other one may
    be what another server has sent to the app (``urllib.error.HTTPError``).
    """
    if isinstance(exc, WerkzeugHTTPException):
        # its Content-Type is that of its HTML page
        return [
            (name, value)
            for name, value in exc.get_headers()
            if name.lower() != "content-type"
        ]
    return attached_headers(exc) if isinstance(exc, _WITH_HEADERS) else []


def attached_headers(exc: BaseException) -> list[tuple[str, str]]:
    """Return the header pairs in ``headers`` of an exception, whatever they are for."""
    items = getattr(getattr(exc, "headers", None), "items", None)
    return list(items()) if callable(items) else []


def default_exception_handler(request: Request, exc: Exception) -> Response:
    """Answer an exception as :func:`convert_exception_to_status_body` has it.

    The handler of every exception that ``_get_app_exception_handlers`` lists. Below
    Odoo it asks the dispatcher's ``handle_error``, so that an override of that method
    shapes the answers of all apps.

    :param request: request of Starlette
    :param exc: what was raised
    :return: the answer
    """
    exc = unwrap(exc)
    if raise_server_exceptions.get() and not isinstance(
        exc, HTTPException | RequestValidationError
    ):
        raise exc
    if isinstance(exc, WerkzeugHTTPException) and (
        exc.response is not None or (exc.code and exc.code < 400)
    ):  # abort(response), or a redirection: a response, not an error
        # the key is a2wsgi's
        return _from_werkzeug(exc.get_response(request.scope.get("wsgi_environ", {})))
    token = _failed_scope.set(request.scope)
    try:
        state = get_state(request.scope)
        response = _respond(exc, state and state.handle_error)
    finally:
        _failed_scope.reset(token)
    if response.status_code == 405:
        methods = get_allowed_methods(request.app, request.scope)
        if methods and request.method not in methods:  # or else a handler said so
            response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _respond(
    exc: Exception, handle_error: Callable[[Exception], WerkzeugResponse] | None
) -> Response:
    """Return the response to an exception, by the dispatcher if there is one."""
    if handle_error is not None:
        return _from_werkzeug(handle_error(exc))
    status, body = convert_exception_to_status_body(exc)
    response = Response(
        json_content(body), status, media_type="application/json" if body else None
    )
    for name, value in exception_headers(exc):
        response.headers.append(name, value)
    return response


def default_exception_handlers() -> dict[
    int | type[Exception], Callable[[Request, Exception], Any]
]:
    """Return a new dictionary with the handler of every exception of the table."""
    handled = (
        HTTPException,
        RequestValidationError,
        WerkzeugHTTPException,
        *(exception_type for exception_type, _status in STATUS_BY_TYPE),
        Exception,
    )
    return dict.fromkeys(handled, default_exception_handler)


def _from_werkzeug(response: WerkzeugResponse) -> Response:
    """Return a response of Odoo as one of Starlette: status, header pairs, body."""
    response.direct_passthrough = False
    body = response.get_data()
    result = Response(body, response.status_code)
    result.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    return result
