# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets of the test client, on the thread and the cursor of the test.

Starlette's client runs an app on a second thread. A WebSocket handler would go on there
while the test uses the same cursor. Here, the app only runs while the test waits in a
method of the session: each method turns an event loop on the test's own thread. All
sessions of a client share the loop, so that one may send to the other.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextlib import closing, contextmanager, suppress
from contextvars import Context, ContextVar
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from ..app.error_log import log_error
from ..app.prepare import prepare_app
from ..bridge.inline_threads import run_threads_inline
from ..bridge.loops import Loop, discard_loop
from ..bridge.request_errors import RequestErrors, original_exception
from ..bridge.request_state import STATE_KEY, RequestState
from ..bridge.shared_loop import shared_threads
from ..context import odoo_env_ctx
from ..error_handlers import default_exception_handler
from ..transaction_errors import raise_swallowed_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from fastapi import FastAPI
    from starlette.testclient import WebSocketTestSession
    from starlette.types import Message, Receive, Scope, Send

__all__ = ["SessionClient", "raise_exceptions", "serve"]

#: Seconds that a method of a session waits for the app.
WAIT_TIMEOUT = 10
#: Whether the running code belongs to a WebSocket that is accepted.
_accepted: ContextVar[bool] = ContextVar("_accepted", default=False)


class _SessionLoop(Loop):
    """The loop of all sessions. After ``accept`` it is like the shared loop."""

    @property
    def is_shared(self) -> bool:  # type: ignore[override]
        return _accepted.get()


class _Portal:
    """Replaces anyio's ``BlockingPortal``, which runs its loop on another thread."""

    def __init__(self) -> None:
        self._loop: Loop = Context().run(_SessionLoop)
        self._loop.run_until_complete(run_threads_inline())

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        async def call() -> Any:
            result = function(*args)
            return await result if inspect.isawaitable(result) else result

        return self._run(call())

    def start_task(self, function: Callable[..., Any]) -> tuple[Any, Any]:
        started = self._loop.create_future()
        status = SimpleNamespace(started=started.set_result)
        task = self._loop.create_task(function(task_status=status))
        value = self._run(started)
        return SimpleNamespace(result=partial(self._run, task)), value

    def _run(self, awaitable: Awaitable[Any]) -> Any:
        """Turn the loop until something is done.

        :raises TimeoutError: the app and the test wait for each other
        """
        shared_threads.add(threading.get_ident())  # the loop tells when it is shared
        return self._loop.run_until_complete(asyncio.wait_for(awaitable, WAIT_TIMEOUT))

    def close(self) -> None:
        discard_loop(self._loop)


class SessionClient(TestClient):
    """A test client whose WebSockets run on the thread of the test."""

    _session_portal: _Portal | None = None

    def websocket_connect(self, *args: Any, **kwargs: Any) -> WebSocketTestSession:
        session = super().websocket_connect(*args, **kwargs)
        session.portal_factory = self._get_session_portal
        return session

    @contextmanager
    def _get_session_portal(self) -> Iterator[Any]:
        if self._session_portal is None:
            self._session_portal = _Portal()
        yield self._session_portal

    def close_sessions(self) -> None:
        """End what sessions have left on their loop."""
        if self._session_portal is not None:
            self._session_portal.close()
            self._session_portal = None


class _Watched:
    """``send`` of a WebSocket, which notices its state.

    For middleware of an app it stands for the ``bridge.WebSocketExchange``.
    """

    accepted = closed = False

    def __init__(self, send: Send, before_accept: Callable[[], None]) -> None:
        self._send = send
        self._before_accept = before_accept

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self._before_accept()
            self.accepted = True
            _accepted.set(True)
        elif kind != "websocket.send":
            self.closed = True
        await self._send(message)

    @property
    def complete(self) -> bool:
        return self.closed and not self.accepted

    def discard(self) -> bool:
        """Return whether the app may send a refusal."""
        return not (self.accepted or self.closed)

    async def close(self, code: int) -> None:
        """Close the connection, as the server does when the app has ended."""
        if not self.closed:
            await self({"type": "websocket.close", "code": code})


async def raise_exceptions(
    app: FastAPI, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run a WebSocket, and raise its exceptions as they were raised."""
    cr = odoo_env_ctx.get().cr
    watched = _Watched(send, lambda: _flush(cr))
    error = None
    try:
        # the client has closed, and the server ignores it
        with suppress(WebSocketDisconnect):
            await app(scope, receive, watched)
    except Exception as exc:
        error = original_exception(exc)
    if error is not None:  # not in the except block, which would set its context
        raise error
    await watched.close(1000)


async def serve(app: FastAPI, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a WebSocket like the server.

    What a handler has done before ``accept`` is rolled back by an exception. After it,
    an exception closes the connection with 1011, and is logged.
    """
    prepare_app(app)
    state = RequestState()
    state.app = app
    errors = state.errors = RequestErrors()
    scope = {**scope, STATE_KEY: state}
    cr = odoo_env_ctx.get().cr
    with closing(cr.savepoint()) as savepoint:

        def commit() -> None:
            _flush(cr)
            savepoint.close(rollback=False)

        errors.exchange = watched = _Watched(send, commit)
        try:
            await app(scope, receive, watched)
        except WebSocketDisconnect:
            await watched.close(1000)
        except Exception as err:
            exc = original_exception(err)
            if watched.accepted:
                log_error(exc, scope)
                await watched.close(1011)
            elif not watched.closed:
                response = default_exception_handler(HTTPConnection(scope), exc)
                await response(scope, receive, watched)
        else:
            if not watched.accepted and errors.exception is None:
                commit()
            await watched.close(1000)


def _flush(cr: Any) -> None:
    cr.flush()
    raise_swallowed_error(cr)
