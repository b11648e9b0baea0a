# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A connection to a message route: receives messages, and calls the route for each.

The call is that of a request: ``bridge.WsgiApp`` runs it on a worker thread, with a
loop of its own, and ``RequestCycle`` decides whether it is committed. Middleware and
exception handlers of the app don't see messages: they have seen the handshake.
"""

from __future__ import annotations

import io
import json
from contextlib import aclosing
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import anyio
from fastapi import HTTPException, WebSocket
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.routing import Match
from werkzeug.exceptions import ServiceUnavailable

from odoo.exceptions import AccessDenied

from .app.error_log import log_error
from .app.held_responses import HeldResponses
from .app.wrapped import TRANSACTION_ERRORS, unwrap
from .auth.caller import CALLER_KEY
from .auth.run_as import ENDPOINT_USER_KEY, RUNS_AS_KEY
from .auth.session import get_odoo_caller, odoo_caller
from .bridge import WsgiApp, get_state, original_exception
from .bridge.request_state import STATE_KEY, RequestState
from .error_handlers import (
    CONNECTION_ERRORS,
    convert_exception_to_status_body,
    default_exception_handler,
    json_content,
    raise_server_exceptions,
)
from .exceptions import HandledError
from .request_cycle import RequestCycle, collect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from odoo.api import Environment

    from .transactions import Transactions

__all__ = ["MESSAGE_KEY", "MessageConnection"]

#: Close codes (RFC 6455, 7.4.1).
UNSUPPORTED_DATA, POLICY_VIOLATION = 1003, 1008
#: Most bytes of a close reason.
MAX_REASON = 123

#: Key of the ASGI scope of a message.
MESSAGE_KEY = "odoo.fastapi.message"
#: Keys of a WebSocket's scope that its messages don't have.
_OF_CONNECTION = frozenset(
    {
        "subprotocols",
        "extensions",
        "endpoint",
        "fastapi_inner_astack",
        "fastapi_function_astack",
        "starlette.exception_handlers",
        # each message is authenticated again
        CALLER_KEY,
        RUNS_AS_KEY,
    }
)
#: Headers of a handshake that its messages don't have.
_OF_HANDSHAKE = (
    b"connection",
    b"content-",
    b"if-",
    b"range",
    b"sec-websocket-",
    b"upgrade",
)
#: WSGI environ of a message; its scope is made from that of the connection.
_ENVIRON = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}


class _Reply:
    """The response to a message, as ``RequestCycle`` makes it."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        #: Runs the background tasks.
        self.close: Callable[[], None] | None = None

    def call_on_close(self, function: Callable[[], None]) -> None:
        self.close = function

    @property
    def frame(self) -> str | None:
        """The frame to send, None if there is nothing to send."""
        if self.status < 400:
            text = self.body.decode(errors="replace")
            return None if text in ("", "null") else text
        error = {"status": self.status, **self.error}
        return json_content({"error": error}).decode(errors="replace")

    @property
    def error(self) -> dict[str, Any]:
        """The content of an error. A handler may return one in any form."""
        text = self.body.decode(errors="replace")
        try:
            content = json.loads(text)
        except ValueError:
            content = text
        return content if isinstance(content, dict) else {"detail": content}


class MessageConnection:
    """A connection to a message route.

    :param route: the ``message_routes.MessageRoute``
    :param websocket: the connection, not yet accepted
    :param tx: the transactions, of the connecting user
    """

    #: The first exception of events or messages.
    _failure: Exception | None = None
    #: Code and reason with which the connection has to be closed.
    _close: tuple[int, str] | None = None

    def __init__(self, route: Any, websocket: WebSocket, tx: Transactions) -> None:
        self._route = route
        self._websocket = websocket
        scope = websocket.scope
        # each message authenticates its caller, starting as the user of the endpoint
        user = scope.get(ENDPOINT_USER_KEY)
        self._tx = tx.of_user(*user) if user else tx
        self._odoo_caller = get_odoo_caller()
        self._api_route, self._scope = self._find(scope)

    async def serve(self, events: AsyncIterator[Any] | None) -> None:
        """Accept, and handle messages until the connection ends."""
        offered = self._websocket.scope["subprotocols"]
        chosen = [name for name in self._route.subprotocols if name in offered]
        await self._websocket.accept(subprotocol=chosen[0] if chosen else None)
        if events is None:
            await self._receive_all()
        else:
            async with (
                aclosing(events),  # type: ignore[type-var]
                anyio.create_task_group() as group,
            ):
                group.start_soon(self._end_both, self._push(events), group.cancel_scope)
                await self._end_both(self._receive_all(), group.cancel_scope)
                group.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure
        if self._close is not None:  # when nothing is pushed any more
            await self._websocket.close(*self._close)

    async def _end_both(
        self, awaitable: Awaitable[None], scope: anyio.CancelScope
    ) -> None:
        """Await something, and keep its exception, which the group would wrap."""
        try:
            await awaitable
        except Exception as exc:
            self._failure = self._failure or exc
            scope.cancel()

    async def _push(self, events: AsyncIterator[Any]) -> None:
        async for item in events:
            await self._websocket.send_text(self._route.dump(item))

    async def _receive_all(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self._close = UNSUPPORTED_DATA, "Only text is accepted."
            else:
                await self._handle(text)
            if self._close is not None:
                return

    async def _handle(self, text: str) -> None:
        """Handle a message, and send the reply."""
        exc: BaseException | None = None
        error: Exception | None = None
        try:
            reply = await self._tx.run(self._work, text)
        except HandledError as err:
            exc, reply = err.__cause__, err.error_response
        except Exception as err:
            if raise_server_exceptions.get():
                raise
            exc = error = original_exception(err)
            reply = await self._reply_to(error)
        if exc is not None and reply.status >= 500:
            log_error(exc, self._websocket.scope)
        closes = reply.status == 401 or (
            reply.status == 403 and isinstance(exc, (HTTPException, AccessDenied))
        )
        exc = error = None  # its traceback refers to this frame
        try:
            if closes:
                detail = str(reply.error.get("detail", ""))
                reason = detail.encode()[:MAX_REASON].decode(errors="ignore")
                self._close = POLICY_VIOLATION, reason
            elif reply.frame is not None:
                await self._websocket.send_text(reply.frame)
        finally:
            if reply.close is not None:
                await self._tx.finish(reply.close)

    async def _reply_to(self, exc: Exception) -> _Reply:
        """Return the reply to an exception that has ended the transaction."""
        if isinstance(exc, (*CONNECTION_ERRORS, ServiceUnavailable)):
            # no translation: a transaction would wait for a connection once more
            status, body = convert_exception_to_status_body(exc)
            return _Reply(status, json_content(body))
        try:
            status, body = await self._tx.run(
                lambda _env: convert_exception_to_status_body(exc)
            )
        except Exception:  # there is no database
            status, body = 500, {"detail": "Internal Server Error"}
        return _Reply(status, json_content(body))

    def _work(self, env: Environment, text: str) -> _Reply:
        """Call the HTTP route in a transaction.

        :raises HandledError: instead of an exception that rolls back, with its reply
        """
        odoo_caller.set(self._odoo_caller)
        cycle = RequestCycle(env, SimpleNamespace(env=env), self._tx.follow_up_class)
        connection = get_state(self._scope)
        name = connection.name if connection else ""
        state = RequestState(flush=cycle.flush, name=name)
        exc: Any = None
        status = 200

        def start_response(
            status_line: str, _headers: Any, exc_info: Any = None
        ) -> None:
            nonlocal exc, status
            status = int(status_line[:3])
            exc = exc_info and exc_info[1].with_traceback(exc_info[2])

        def build(chunks: Iterable[bytes]) -> Any:
            return _Reply(status, b"".join(chunks))

        environ: dict[str, Any] = {
            **_ENVIRON,
            "wsgi.input": io.BytesIO(text.encode(errors="replace")),
            STATE_KEY: state,
        }
        body = WsgiApp(partial(self._call, state), name=name)(environ, start_response)
        body.scope = self._scope
        if body.streaming:
            collect(body)
            raise TypeError("A handler of messages can't return a stream.")
        reply: Any = cycle.respond(body, state, exc, build)
        if reply is not None:
            return reply
        if cycle.error_response is not None:
            error: Any = cycle.error_response
            raise HandledError(exc, error)
        raise exc

    async def _call(
        self, state: RequestState, _scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Call the HTTP route as an ASGI app, with responses to its exceptions."""
        state.app = self._scope["app"]
        scope = {**self._scope, STATE_KEY: state, MESSAGE_KEY: True}
        scope["state"] = dict(self._scope.get("state") or {})
        app = HeldResponses(AsyncExitStackMiddleware(self._api_route))
        try:
            await app(scope, receive, send)
        except TRANSACTION_ERRORS:
            raise
        except Exception as err:
            exc = unwrap(err)
            if isinstance(exc, TRANSACTION_ERRORS):
                raise exc from None
            assert state.errors is not None
            state.errors.record(exc)
            response = default_exception_handler(Request(scope), exc)
            await response(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        """Return the HTTP route of the connection, and the scope of its messages."""
        result = {k: v for k, v in scope.items() if k not in _OF_CONNECTION}
        result |= {
            "type": "http",
            "method": "GET",
            "http_version": "1.1",
            "scheme": "https" if scope.get("scheme") == "wss" else "http",
            "extensions": {},
            "headers": [
                *(
                    (name, value)
                    for name, value in scope["headers"]
                    if not name.startswith(_OF_HANDSHAKE)
                ),
                (b"content-type", b"application/json"),
            ],
        }
        for context in iter_route_contexts(scope["app"].routes):
            if getattr(context.original_route, "message_route", None) is self._route:
                route: Any = context._effective_route
                match, child_scope = route.matches(result)
                if match is Match.FULL:
                    return route.app, {**result, **child_scope}
        raise RuntimeError(f"{scope['path']} has no route for its messages.")
