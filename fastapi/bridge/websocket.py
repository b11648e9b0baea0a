# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs one WebSocket through an ASGI app.

It begins as a request: ``connect`` runs the app on the request's thread and loop until
it accepts or refuses. So whatever the app does before ``accept`` belongs to the
transaction of the request. When that is committed and the server has sent the response
101, ``serve`` takes the socket, and the app continues on the shared loop, where an idle
connection needs no thread::

    CONNECTING ── websocket.accept ──> ACCEPTED ── serve ──> OPEN
        │                                  └────── abort ──> ABORTED
        ├── websocket.close (a 403) ───────────────────────> DENIED
        └── websocket.http.response.start ──> DENYING ── … body, no more ──> DENIED

An unknown message, or one out of order, raises ``RuntimeError`` in the app. What is
sent after the client has disconnected raises an ``OSError``, as ASGI 2.4 specifies.
"""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from wsproto.utilities import generate_accept_token

from .app_run import AppRun
from .connection_tasks import ConnectionTasks
from .headers import end_to_end_headers
from .movable import Movable
from .request_state import get_errors, get_state
from .shared_loop import context_for_shared_loop
from .websocket_connection import WebSocketConnection
from .websocket_protocol import ClientDisconnected, WebSocketLimits, check_code

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextvars import Context
    from typing import IO

    from starlette.types import ASGIApp, Message, Scope

    from .loops import Loop

__all__ = ["WebSocketExchange", "WebSocketLimits"]

_logger = logging.getLogger(__name__)

#: Most bytes of frames that the server has read together with the handshake.
MAX_EARLY = 64 * 1024
#: Headers of the handshake, which the bridge sets or which have no place there.
HANDSHAKE_HEADERS = frozenset(
    "content-length sec-websocket-accept sec-websocket-extensions sec-websocket-key "
    "sec-websocket-protocol sec-websocket-version".split()
)


class State(enum.Enum):
    CONNECTING = enum.auto()
    DENYING = enum.auto()
    DENIED = enum.auto()
    ACCEPTED = enum.auto()
    ABORTED = enum.auto()
    OPEN = enum.auto()


class WebSocketExchange(AppRun):
    """One WebSocket of an ASGI app.

    :param app: ASGI application
    :param scope: ASGI scope, of type ``websocket``
    :param loop: an event loop that only this object runs, until ``serve``
    :param limits: limits of the connection
    :param environ: WSGI environ, for the socket of the client
    """

    #: The context variables of the app.
    context: Context
    #: Called once on the shared loop, when a served connection is over.
    on_end: Callable[[], None] | None = None
    #: Whether the app has sent a response to its exception, before ``accept``.
    handled = True
    #: The exception of the app before ``accept``, even if it is handled.
    exception: Exception | None = None
    _connection: WebSocketConnection | None = None
    #: What ``close`` was called with before ``serve``.
    _close_first: tuple[int, str] | None = None
    _connect_received = False
    #: Whether the app has sent a close message.
    _closed = False

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        loop: Loop,
        limits: WebSocketLimits,
        environ: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(app, scope, loop, environ)
        self.limits = limits
        self._state = State.CONNECTING
        self._start: list[tuple[bytes, bytes]] = []
        #: Header pairs of WSGI, and body, of a refusal.
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        #: The subprotocol that the app has chosen.
        self.subprotocol: str | None = None
        #: Gives the request's loop back.
        self.stack = ExitStack()
        self._tasks = ConnectionTasks(scope)

    @property
    def accepted(self) -> bool:
        """Whether the app has accepted the connection."""
        return self._state in (State.ACCEPTED, State.OPEN)

    @property
    def complete(self) -> bool:
        """Whether the app has sent a complete refusal."""
        return self._state is State.DENIED

    def discard(self) -> bool:
        """Discard a refusal, so that the app may send another one.

        :return: False if the app has accepted
        """
        if self._state not in (State.CONNECTING, State.DENYING, State.DENIED):
            return False
        self._state = State.CONNECTING
        self.status, self.body = 0, b""
        return True

    # the request's thread

    def connect(self) -> None:
        """Run the app until it accepts, or to its end if it refuses.

        :raises Exception: the app raised it
        :raises RuntimeError: the app has neither accepted nor refused
        """
        self.context = context_for_shared_loop()
        self.context.run(self._tasks.enter)
        self._movable = Movable(self._run_app(), self.context)
        self._task = self._loop.create_task(self._step_app())
        try:
            self._run_until_turn()
        finally:
            self.stop_watching()
        self._tasks.name = str(self)
        if self._state in (State.CONNECTING, State.DENYING):
            raise RuntimeError("ASGI app returned without accepting or refusing.")
        if self.accepted:
            # the app's generators move with it: the loop must not close them
            self._loop._asyncgens.clear()

    def abort(self) -> None:
        """End an app that has accepted, because its transaction is not committed.

        ``accept`` raises ``CancelledError`` in the app.
        """
        if self._state is not State.ACCEPTED:
            return
        self._state = State.ABORTED
        self._disconnected = True
        self._loop.discard_on_return = True
        self._task = self._loop.create_task(self._step_app())
        try:
            self._run_to_end()
        except Exception as exc:
            _logger.debug("An app raised %r after its request was aborted", exc)
        finally:
            self._release()
            self.stack.close()

    def handshake_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the response 101."""
        key = dict(self.scope["headers"]).get(b"sec-websocket-key", b"")
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", generate_accept_token(key).decode()),
        ]
        if self.subprotocol is not None:
            headers.append(("Sec-WebSocket-Protocol", self.subprotocol))
        return headers + [
            (name, value)
            for name, value in end_to_end_headers(self._start)
            if name.lower() not in HANDSHAKE_HEADERS
        ]

    def serve(self, sock: socket.socket, buffered: IO[bytes] | None = None) -> None:
        """Take the client's socket, and continue the app on the shared loop.

        To be called on the request's thread when the 101 is sent. The socket can't be
        used any more by the caller.

        :param buffered: file of the server that has read the handshake from the socket:
            its buffer may have the first frames (``wsgi.input`` of Odoo's servers)
        """
        connection = WebSocketConnection(
            self._movable, self.scope, self.limits, self._tasks, self._over_now
        )
        data = b""
        if buffered is not None:
            with suppress(OSError):
                sock.setblocking(False)
                data = _read_buffer(buffered)
        own = None
        with suppress(OSError, ValueError):  # it is closed
            # the server has references to its object, which would keep the socket open
            own = socket.socket(fileno=sock.detach())
            own.setblocking(False)
        self._detach()
        self._state = State.OPEN
        self._connection = connection
        connection.start(own, data)
        if self._close_first is not None:
            connection.close(*self._close_first)
        self.stack.close()  # may wait for tasks that the app has started before

    def close(self, code: int, reason: str = "") -> None:
        """Close the connection; callable on any thread, and again.

        :param code: close code for the client and the app
        :param reason: for the client and the app
        :raises ValueError: the code must not be sent
        """
        check_code(code)
        self._close_first = self._close_first or (code, reason)
        if self._connection is not None:
            self._connection.close(*self._close_first)

    def _detach(self) -> None:
        """Forget what belongs to the request."""
        state = get_state(self.scope)
        if state is not None:
            state.detach()
        # In place, because an app may copy the scope. It has files, the server's socket
        # and Odoo's request.
        environ = self.scope["wsgi_environ"]
        for key in [k for k, value in environ.items() if not isinstance(value, str)]:
            del environ[key]
        self._environ = None
        self.__dict__.pop("_client", None)
        del self._task  # it keeps its context

    def _over_now(self) -> None:
        self._release()
        if self.on_end is not None:
            self.on_end()

    def _release(self) -> None:
        """Break reference cycles, as ``RequestErrors.release`` does."""
        errors = get_errors(self.scope)
        if errors is not None:
            errors.release()

    # the app's side

    async def _run_app(self) -> None:
        await self._app(self.scope, self._receive, self._send)

    async def _step_app(self) -> None:
        try:
            await self._movable
        finally:
            self._give_turn()

    async def _receive(self) -> Message:
        if not self._connect_received:
            self._connect_received = True
            return {"type": "websocket.connect"}
        if self._connection is not None:
            return await self._connection.receive()
        await asyncio.shield(self._over)
        self._noticed = True
        return {"type": "websocket.disconnect", "code": 1006, "reason": ""}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._state is State.OPEN and not self._closed:
            await self._send_open(kind, message)
        elif self._state is State.CONNECTING and kind == "websocket.accept":
            await self._accept(message)
        elif self._state is State.CONNECTING and kind == "websocket.close":
            self._deny(message.get("reason") or "Forbidden")
        elif (
            self._state is State.CONNECTING and kind == "websocket.http.response.start"
        ):
            self.status = message["status"]
            self._start = list(message.get("headers", ()))
            self._state = State.DENYING
        elif self._state is State.DENYING and kind == "websocket.http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.headers = end_to_end_headers(self._start)
                self._state = State.DENIED
        elif self._state is State.ABORTED:
            raise ClientDisconnected("The request is not committed.")
        else:
            state = "CLOSED" if self._closed else self._state.name
            raise RuntimeError(f"Unexpected ASGI message {kind!r} in state {state}.")

    async def _accept(self, message: Message) -> None:
        subprotocol = message.get("subprotocol")
        if subprotocol is not None and subprotocol not in self.scope["subprotocols"]:
            raise RuntimeError(f"The client has not offered {subprotocol!r}.")
        self._movable.check()
        self.subprotocol = subprotocol
        self._start = list(message.get("headers") or ())
        self._state = State.ACCEPTED
        await self._movable.move()
        if self._state is State.ABORTED:
            raise asyncio.CancelledError("The request is not committed.")

    def _deny(self, detail: str) -> None:
        """Refuse with a 403, which ASGI specifies."""
        self.status = 403
        self.body = json.dumps({"detail": detail}).encode()
        self.headers = [("Content-Type", "application/json")]
        self._state = State.DENIED

    def _send_open(self, kind: str, message: Message) -> Awaitable[None]:
        assert self._connection is not None
        if kind == "websocket.send":
            data = message.get("text")
            return self._connection.send(message["bytes"] if data is None else data)
        if kind == "websocket.close":
            code = message.get("code", 1000)
            check_code(code)
            self._closed = True
            reason = message.get("reason") or ""
            return self._connection.send_close(code, str(reason))
        raise RuntimeError(f"Unexpected ASGI message {kind!r} in state OPEN.")


def _read_buffer(file: IO[bytes]) -> bytes:
    """Return what a file on a socket that does not block has read in advance."""
    data = b""
    read = getattr(file, "read1", None)
    while read is not None and len(data) < MAX_EARLY:
        with suppress(BlockingIOError):
            chunk = read(MAX_EARLY)
            if chunk:
                data += chunk
                continue
        break
    return data
