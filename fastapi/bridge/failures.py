# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions of handlers: answered by the app, known to the bridge.

An app answers an exception itself, inside its middleware, so that an error passes the
same middleware as any other answer (CORS headers, say). But Odoo has to roll back, and
to replay the request if a concurrent transaction was the cause. So every exception
handler of an app is wrapped, once, when the app is built: the wrapper notes the
exception, and lets pass unanswered what Odoo replays.

Odoo also has exceptions after the app is done (a constraint that fails at flush, a
replay that failed too often). ``RaiseRoute`` sends those through the app, for an
answer that looks like every other.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import psycopg2
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.routing import iter_route_contexts
from starlette._utils import is_async_callable
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Host, Match, Mount, NoMatchFound

from odoo.exceptions import ConcurrencyError

from .body import NoRoomError
from .wrapped import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from types import TracebackType

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "EXCEPTION_KEY",
    "FAILURE_KEY",
    "HANDLE_ERROR_KEY",
    "TRANSACTION_ERRORS",
    "Failure",
    "original_exception",
    "prepare_exception_handlers",
    "watch_mounts",
]

#: What ``odoo.service.model.retrying`` replays, or turns into an error of its own
#: after a rollback: never answered by a handler of the app.
TRANSACTION_ERRORS = (
    ConcurrencyError,
    psycopg2.IntegrityError,
    psycopg2.OperationalError,
    psycopg2.errors.ReadOnlySqlTransaction,
)

#: Handlers that an app has if nobody gives it others.
FASTAPI_HANDLERS = (http_exception_handler, request_validation_exception_handler)

#: Key of the WSGI environ: an exception that the app is to answer, instead of routing.
EXCEPTION_KEY = "odoo.fastapi.exception"
#: Key of the WSGI environ: turns an exception into a werkzeug response.
HANDLE_ERROR_KEY = "odoo.fastapi.handle_error"
#: Key of the ASGI scope where ``starlette.middleware.exceptions`` leaves its handlers.
_HANDLERS_KEY = "starlette.exception_handlers"
#: Key of the ASGI scope: the :class:`Failure` of the request.
FAILURE_KEY = "odoo.fastapi.failure"


class Failure:
    """What went wrong in a request, as far as its app has seen it.

    :param given: an exception from outside that the app is to answer
    """

    def __init__(self, given: Exception | None = None) -> None:
        self.given = given
        self.exception: Exception | None = None
        self.traceback: TracebackType | None = None

    def note(self, exc: Exception) -> None:
        """Remember an exception, with the traceback that Starlette clears later."""
        self.exception = exc
        self.traceback = exc.__traceback__


class RaiseRoute(BaseRoute):
    """The first route: raises what a request is to be answered with."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        failure = scope.get(FAILURE_KEY)
        if failure is not None and failure.given is not None:
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise scope[FAILURE_KEY].given

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        raise NoMatchFound(name, path_params)


class LastResortMiddleware:
    """Answer what no exception handler is registered for; innermost middleware.

    Starlette answers it in ``ServerErrorMiddleware``, outside of the middleware of the
    app: a browser would not see the 500 for want of CORS headers.

    :param app: the rest of the app
    :param handler: exception handler, sync or async
    """

    def __init__(self, app: ASGIApp, handler: Callable[..., Any]) -> None:
        self.app = app
        self.handler = _noting(handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as exc:
            if started:
                # raised by the teardown; a middleware may swallow it
                failure = scope.get(FAILURE_KEY)
                if failure is not None:
                    failure.note(original_exception(exc))
                raise
            request = Request(scope, receive)
            response = self.handler(request, exc)
            if inspect.isawaitable(response):
                response = await response
            await response(scope, receive, send)


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
            handlers[key] = _noting(ours)
    app.user_middleware.append(Middleware(LastResortMiddleware, handler=last))
    if not any(isinstance(route, RaiseRoute) for route in app.router.routes):
        app.router.routes.insert(0, RaiseRoute())


class WatchedApp:
    """A mounted app, its exceptions noted too.

    Starlette's exception middleware tells the routes below it, by the scope, which
    handlers there are; so the scope is where those of an app that others may have too
    can be wrapped without touching it.

    :param app: ASGI application, mounted in an app of ours
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(_WatchedScope(scope), receive, send)


class _WatchedScope(dict[str, Any]):
    def __setitem__(self, key: str, value: Any) -> None:
        if key == _HANDLERS_KEY:
            value = tuple(
                {cause: _noting(handler) for cause, handler in handlers.items()}
                for handlers in value
            )
        return super().__setitem__(key, value)


def watch_mounts(app: Starlette) -> None:
    """Note the exceptions of apps that are mounted in an app; again, of new ones."""
    for context in iter_route_contexts(app.routes):
        route = context._effective_route
        # older versions of FastAPI give the place of the route, which holds it
        mount = getattr(route, "starlette_route", None) or route
        # a mount that apps share is watched already
        if isinstance(mount, Mount | Host) and not isinstance(mount.app, WatchedApp):
            mount.app = WatchedApp(mount.app)


def _noting(handler: Callable[[Request, Exception], Any]) -> Callable[..., Any]:
    """Return ``handler``, noting the exception before it is answered."""

    def note(request: Request, exc: Exception) -> Exception:
        failure: Failure | None = request.scope.get(FAILURE_KEY)
        if failure is None:  # an app that somebody else runs
            return exc
        exc = _blameless(exc)
        failure.note(exc)
        if isinstance(exc, TRANSACTION_ERRORS) and exc is not failure.given:
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


def _blameless(exc: Exception) -> Exception:
    """Return what is to be answered instead of a 400 that is no fault of the client's.

    FastAPI makes a 400 of whatever happens while it parses a body
    (``fastapi.routing.get_request_handler``), be it that the disk is full.
    """
    if isinstance(exc, HTTPException) and exc.status_code == 400:
        error = NoRoomError.seen_in(exc.__cause__)
        if error is not None:
            return error.with_traceback(exc.__traceback__)
    return unwrap(exc)


def original_exception(exc: Exception) -> Exception:
    """Return what was raised after the response had started.

    Starlette can't answer it any more and wraps it, once for each place that tries to
    (``starlette._exception_handler.wrap_app_handling_exceptions``). Nothing has been
    sent to the client yet at that time, so for us it is an exception like any other.
    """
    while (
        isinstance(exc, RuntimeError)
        and isinstance(exc.__cause__, Exception)
        and "response already started" in str(exc)
    ):
        exc = exc.__cause__
    return exc
