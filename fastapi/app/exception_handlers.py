# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Wraps the exception handlers of an app, to record exceptions for Odoo.

An app responds to exceptions inside its middleware, so that error responses have CORS
headers, for example. But Odoo has to roll back, or to replay the request after a
conflict with another transaction. So each handler is wrapped when the app is built: the
wrapper records the exception, and raises it again if Odoo has to replay the request.
``unhandled`` is for exceptions without a handler.

Odoo also raises exceptions after the app has ended (a constraint that fails at commit,
a request that was replayed too often). ``held_responses`` raises them again in the app,
so that their responses look like all others.

A WebSocket gets no response after it was accepted. Then an exception passes on, and
closes the connection, unless its handler has already done that.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from starlette._utils import is_async_callable
from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import Request
from starlette.routing import Host, Mount, Router

from ..bridge.request_state import get_errors
from ..exceptions import NoRoomError
from .error_log import iter_routes
from .held_responses import hold_responses
from .unhandled import record_sends
from .wrapped import TRANSACTION_ERRORS, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.websockets import WebSocket

__all__ = ["prepare_exception_handlers", "record_mounted_apps"]

#: The default handlers of FastAPI.
FASTAPI_HANDLERS = (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)

#: Key of the ASGI scope with the handlers (``starlette.middleware.exceptions``).
_HANDLERS_KEY = "starlette.exception_handlers"


def prepare_exception_handlers(
    app: Starlette, default: Callable[[Request, Exception], Any]
) -> None:
    """Wrap the exception handlers of an app when its middleware is built.

    :param app: its exception handlers, middleware and router are changed
    :param default: handler for exceptions that have no other
    """
    handlers: MutableMapping[Any, Any] = app.exception_handlers
    handlers.setdefault(WebSocketException, _close_websocket)
    last = default
    recording: dict[int, Any] = {}  # most types have the same handler
    for key, handler in list(handlers.items()):
        if key in (500, Exception):  # equivalent: the last one counts, as in Starlette
            last = handlers.pop(key)
        else:
            ours = default if handler in FASTAPI_HANDLERS else handler
            handlers[key] = recording.setdefault(id(ours), _recording(ours))
    record_sends(app, last, default)
    hold_responses(app.router)


class RecordingApp:
    """Records the exceptions of a mounted app.

    Starlette puts the handlers of an app into the scope. They are wrapped there,
    because other apps may share the mounted one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(_RecordingScope(scope), receive, send)


class _RecordingScope(dict[str, Any]):
    def __setitem__(self, key: str, value: Any) -> None:
        if key == _HANDLERS_KEY:
            value = tuple(
                {cause: _recording(handler) for cause, handler in handlers.items()}
                for handlers in value
            )
        return super().__setitem__(key, value)


def record_mounted_apps(app: Starlette) -> None:
    """Record the exceptions of mounted apps; a second call adds new ones."""
    for mount in iter_routes(app.routes):
        # a shared mount may be wrapped already
        if isinstance(mount, Mount | Host) and not isinstance(mount.app, RecordingApp):
            router = getattr(mount.app, "router", None)
            if isinstance(router, Router):
                hold_responses(router)
            mount.app = RecordingApp(mount.app)


def _recording(handler: Callable[[Request, Exception], Any]) -> Callable[..., Any]:
    """Return a handler that records the exception before it responds."""

    def record(request: Request, exc: Exception) -> Exception:
        errors = get_errors(request.scope)
        if errors is None:  # the bridge does not run the app
            return exc
        again = errors.handled is exc
        errors.handled = exc
        exc = _server_fault(exc)
        errors.record(exc)
        if isinstance(exc, TRANSACTION_ERRORS) and exc is not errors.injected:
            raise exc
        if again and _is_accepted(request.scope):
            raise exc  # passes through the handlers of the app and those of its routes
        return exc

    def check(request: Request, exc: Exception, response: Any) -> Any:
        if response is not None and _is_accepted(request.scope):
            raise exc
        return response

    if is_async_callable(handler):

        @functools.wraps(handler, updated=())
        async def answer_async(request: Request, exc: Exception) -> Any:
            exc = record(request, exc)
            return check(request, exc, await handler(request, exc))

        return answer_async

    def respond(request: Request, exc: Exception) -> Any:
        exc = record(request, exc)
        return check(request, exc, handler(request, exc))

    return respond


async def _close_websocket(websocket: WebSocket, exc: WebSocketException) -> None:
    """Close or refuse a WebSocket, as Starlette's ``ExceptionMiddleware`` does."""
    await websocket.close(exc.code, exc.reason)


def _is_accepted(scope: Scope) -> bool:
    """Return whether a WebSocket of the bridge was accepted."""
    errors = get_errors(scope) if scope["type"] == "websocket" else None
    return errors is not None and (errors.exchange is None or errors.exchange.accepted)


def _server_fault(exc: Exception) -> Exception:
    """Return the original of a wrapped exception, or the server's error behind a 400.

    FastAPI converts each exception while it parses a body to a 400
    (``fastapi.routing.get_request_handler``), even if the disk of the server is full.
    """
    if isinstance(exc, HTTPException) and exc.status_code == 400:
        error = NoRoomError.seen_in(exc.__cause__)
        if error is not None:
            return error.with_traceback(exc.__traceback__)
    return unwrap(exc)
