# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Responds to exceptions without a handler, and to exceptions of middleware.

They pass through the middleware unchanged, so that middleware for error reports sees
them. Starlette would respond to them outside of the middleware
(``ServerErrorMiddleware``), and a browser could not read the 500 without CORS headers.
So the ``send`` of each middleware is recorded, and the response is sent through the
innermost one that still works::

    ServerErrorMiddleware             catches, calls UnhandledErrorHandler, raises again
        OutermostMiddleware           records the ``send`` of the server
            middleware A
                RecordedSend          records the ``send`` of A
                    middleware B
                        RecordedSend  records the ``send`` of B
                            Starlette's exception middleware, the router

The response to an exception of a middleware is sent through the outer middleware. No
middleware is called twice.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from starlette._utils import is_async_callable
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..bridge.inline_threads import no_running_loop
from ..bridge.request_errors import RequestErrors, original_exception
from ..bridge.request_state import get_errors
from .error_log import log_error
from .wrapped import TRANSACTION_ERRORS

try:
    from starlette.middleware.body_limit import _RequestBodyLimitResponseSent
except ImportError:  # older versions
    _RESPONSE_SENT: Any = ()
else:
    #: Starlette's exception for a ``send`` that has sent another response instead.
    _RESPONSE_SENT = _RequestBodyLimitResponseSent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    ExceptionHandler = Callable[[Any, Exception], Any]

__all__ = ["record_sends"]

#: Seconds that the ``send`` of a middleware may take after its call has ended.
SEND_GRACE = 5


def record_sends(
    app: Starlette, handler: ExceptionHandler, default: ExceptionHandler
) -> None:
    """Put recording middleware between the middleware of an app.

    :param app: an app whose middleware stack is not built yet, without a handler for
        ``Exception``
    :param handler: handler of exceptions without another handler
    :param default: handler to use if ``handler`` fails
    """
    unhandled = UnhandledErrorHandler(dict(app.exception_handlers), handler, default)
    app.exception_handlers[Exception] = unhandled
    stack = [Middleware(OutermostMiddleware, handler=unhandled)]
    for depth, middleware in enumerate(app.user_middleware, 1):
        stack += (middleware, Middleware(RecordedSend, depth=depth))
    app.user_middleware = stack


class RecordedSend:
    """Records the ``send`` of a middleware."""

    def __init__(self, app: ASGIApp, depth: int) -> None:
        self.app = app
        self.depth = depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        errors = get_errors(scope)
        if errors is None:
            await self.app(scope, receive, send)
            return
        sends, depth = errors.sends, self.depth
        sends[depth:] = (send,)
        try:
            await self.app(scope, receive, send)
        except Exception as exc:
            errors.record(original_exception(exc))  # before a middleware swallows it
            raise
        except BaseException:
            del sends[depth:]
            raise
        # from here on, only outer middleware can raise exceptions
        del sends[depth:]


class OutermostMiddleware:
    """Records ``receive`` and ``send`` of the server."""

    def __init__(self, app: ASGIApp, handler: UnhandledErrorHandler) -> None:
        self.app = app
        self.handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        errors = get_errors(scope)
        if errors is None:
            await self._run_alone(scope, receive, send)
            return
        errors.receive = receive
        errors.respond = self._respond
        errors.replayed_types = TRANSACTION_ERRORS
        errors.disconnect_types = (WebSocketDisconnect,)
        errors.log = log_error
        errors.sends[:] = (send,)
        exchange = errors.exchange
        try:
            await self.app(scope, receive, send)
        except _RESPONSE_SENT:
            raise
        except Exception as err:
            if original_exception(err) is errors.handled and exchange.complete:
                return  # the error of a frozen dataclass, see original_exception
            errors.record(original_exception(err))
            if scope["type"] == "websocket" and not exchange.accepted:
                # Starlette's ServerErrorMiddleware ignores it
                await self.handler(WebSocket(scope, receive, send), err)
            raise

    async def _respond(self, scope: Scope, receive: Receive, exc: Exception) -> None:
        await self.handler(Request(scope, receive), exc)

    async def _run_alone(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app without the bridge, for another server or client."""
        started = scope["type"] != "http"

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as exc:
            if started:
                raise
            request = Request(scope, receive)
            response = await self.handler.handle(request, exc)
            await response(scope, receive, send)


class UnhandledErrorHandler:
    """Sends the response to an exception that no middleware has caught.

    ``ServerErrorMiddleware`` calls it and raises the exception again.

    :param handlers: exception handlers of the app, by type or status
    :param handler: handler of all other exceptions
    :param default: handler to use if ``handler`` fails
    """

    def __init__(
        self,
        handlers: Mapping[Any, ExceptionHandler],
        handler: ExceptionHandler,
        default: ExceptionHandler,
    ) -> None:
        self.handlers = handlers
        self.handler = handler
        self.default = default

    async def __call__(self, request: Request | WebSocket, exc: Exception) -> ASGIApp:
        errors = get_errors(request.scope)
        if errors is None:
            return await self.handle(request, exc)
        exc = original_exception(exc)
        errors.record(exc)
        if not errors.is_replayed and errors.exchange.discard():
            if isinstance(request, Request):
                receive = errors.receive or request.receive
                request = Request(request.scope, receive)
            await self._respond(errors, exc, request)
        return _send_nothing

    async def handle(self, request: Request | WebSocket, exc: Exception) -> Response:
        """Return the response of the handler that Starlette would choose."""
        handler = None
        if isinstance(exc, HTTPException):
            handler = self.handlers.get(exc.status_code)
        for exception_type in type(exc).__mro__:
            handler = handler or self.handlers.get(exception_type)
        return await _call(handler or self.handler, request, exc)

    async def _respond(
        self, errors: RequestErrors, exc: Exception, request: Request | WebSocket
    ) -> None:
        """Send the response to an exception through the middleware."""
        try:
            response = await self.handle(request, exc)
        except Exception as error:
            errors.record(error)
            if not errors.is_replayed:
                response = await _call(self.default, request, error)
                await self._send(response, errors, request.scope)
            raise
        await self._send(response, errors, request.scope)

    async def _send(
        self, response: Response, errors: RequestErrors, scope: Scope
    ) -> None:
        exchange = errors.exchange
        errors.collect = sys.maxsize
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await response(scope, _receive_nothing, collect)
        for send in reversed(errors.sends):
            # after its call, a middleware may refuse, drop or keep messages
            with suppress(Exception), anyio.move_on_after(SEND_GRACE):
                for message in messages:
                    await send(_copy(message))
            if exchange.complete:
                errors.responded = True
                return
            exchange.discard()


async def _call(
    handler: ExceptionHandler, request: Request | WebSocket, exc: Exception
) -> Any:
    if is_async_callable(handler):
        return await handler(request, exc)
    with no_running_loop():
        return handler(request, exc)


async def _send_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Send nothing: the response has been sent, or Odoo makes it."""


async def _receive_nothing() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


def _copy(message: Message) -> Message:
    """Return a copy of a message, which a middleware may change."""
    if "headers" in message:
        return {**message, "headers": list(message["headers"])}
    return dict(message)
