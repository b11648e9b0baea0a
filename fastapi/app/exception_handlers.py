# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions of handlers: answered by the app, known to the bridge.

An app answers an exception itself, inside its middleware, so that an error passes the
same middleware as any other answer (CORS headers, say). But Odoo has to roll back, and
to replay the request if a concurrent transaction was the cause. So every exception
handler of an app is wrapped, once, when the app is built: the wrapper notes the
exception, and lets pass unanswered what Odoo replays. What no handler is registered for
passes the middleware as it was raised, see ``unhandled``.

Odoo also has exceptions after the app is done (a constraint that fails at commit, a
replay that failed too often). ``held_responses`` raises those in the app, for a
response that looks like every other.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.routing import iter_route_contexts
from starlette._utils import is_async_callable
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Host, Mount, Router

from ..bridge.request_state import get_errors
from ..exceptions import NoRoomError
from .held_responses import hold_responses
from .unhandled import record_sends
from .wrapped import TRANSACTION_ERRORS, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = [
    "prepare_exception_handlers",
    "record_mounted_apps",
]

#: Handlers that an app has if nobody gives it others.
FASTAPI_HANDLERS = (http_exception_handler, request_validation_exception_handler)

#: Key of the ASGI scope where ``starlette.middleware.exceptions`` leaves its handlers.
_HANDLERS_KEY = "starlette.exception_handlers"


def prepare_exception_handlers(
    app: Starlette, default: Callable[[Request, Exception], Any]
) -> None:
    """Wrap the exception handlers of an app, when its middleware is built.

    :param app: its exception handlers, middleware and routes are changed
    :param default: answers what no handler of the app is registered for
    """
    handlers: MutableMapping[Any, Any] = app.exception_handlers
    last = default
    for key, handler in list(handlers.items()):
        if key in (
            500,
            Exception,
        ):  # two names of one; as in Starlette, the last counts
            last = handlers.pop(key)
        else:
            ours = default if handler in FASTAPI_HANDLERS else handler
            handlers[key] = _recording(ours)
    record_sends(app, last, default)
    hold_responses(app.router)


class RecordingApp:
    """A mounted app, its exceptions noted too.

    Starlette's exception middleware tells the routes below it, by the scope, which
    handlers there are; so the scope is where those of an app that others may have too
    can be wrapped without touching it.

    :param app: ASGI application, mounted in an app of ours
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
    """Note the exceptions of apps that are mounted in an app; again, of new ones."""
    for context in iter_route_contexts(app.routes):
        route = context._effective_route
        # older versions of FastAPI give the place of the route, which holds it
        mount = getattr(route, "starlette_route", None) or route
        # a mount that apps share is watched already
        if isinstance(mount, Mount | Host) and not isinstance(mount.app, RecordingApp):
            if isinstance(getattr(mount.app, "router", None), Router):
                hold_responses(mount.app.router)
            mount.app = RecordingApp(mount.app)


def _recording(handler: Callable[[Request, Exception], Any]) -> Callable[..., Any]:
    """Return ``handler``, noting the exception before it is answered."""

    def note(request: Request, exc: Exception) -> Exception:
        errors = get_errors(request.scope)
        if errors is None:  # an app that somebody else runs
            return exc
        errors.handled = exc
        exc = _server_fault(exc)
        errors.record(exc)
        if isinstance(exc, TRANSACTION_ERRORS) and exc is not errors.injected:
            raise exc
        return exc

    if is_async_callable(handler):

        @functools.wraps(handler, updated=())
        async def answer_async(request: Request, exc: Exception) -> Any:
            return await handler(request, note(request, exc))

        return answer_async

    def answer(request: Request, exc: Exception) -> Any:
        return handler(request, note(request, exc))

    return answer


def _server_fault(exc: Exception) -> Exception:
    """Return what is to be answered instead of a 400 that is no fault of the client's.

    FastAPI makes a 400 of whatever happens while it parses a body
    (``fastapi.routing.get_request_handler``), be it that the disk is full.
    """
    if isinstance(exc, HTTPException) and exc.status_code == 400:
        error = NoRoomError.seen_in(exc.__cause__)
        if error is not None:
            return error.with_traceback(exc.__traceback__)
    return unwrap(exc)
