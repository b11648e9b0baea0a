# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A WebSocket on the shared loop: its socket, and the app that continues there.

If the app returns, the connection is closed with 1000; if it raises, with 1011. After a
disconnect the app has some seconds to end, then it is cancelled, and abandoned if that
does not help.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

from ..exceptions import StreamCut
from .app_run import DISCONNECT_GRACE, NOTICE_GRACE
from .request_errors import original_exception
from .request_state import get_errors
from .shared_loop import context_for_shared_loop, get_shared_loop
from .websocket_protocol import ClientDisconnected, WebSocketProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Coroutine

    from starlette.types import Message, Scope

    from .connection_tasks import ConnectionTasks
    from .movable import Movable
    from .websocket_protocol import WebSocketLimits

__all__ = ["WebSocketConnection"]

_logger = logging.getLogger(__name__)

#: The open connections. A loop keeps no reference to the tasks that it runs.
_open: set[WebSocketConnection] = set()


class WebSocketConnection:
    """An accepted WebSocket.

    :param app: the app, which has moved
    :param scope: ASGI scope
    :param limits: limits of the connection
    :param tasks: what the app has started
    :param on_end: called once on the shared loop, when the connection is over
    """

    protocol: WebSocketProtocol | None = None
    _task: asyncio.Task[None]
    _ending: asyncio.Task[None] | None = None
    #: What ``close`` was called with before there was a socket.
    _close_first: tuple[int, str] | None = None
    #: Whether the app knows of the disconnect.
    _noticed = False

    def __init__(
        self,
        app: Movable,
        scope: Scope,
        limits: WebSocketLimits,
        tasks: ConnectionTasks,
        on_end: Callable[[], None],
    ) -> None:
        self._app = app
        self._scope = scope
        self._limits = limits
        self._tasks = tasks
        self._on_end = on_end
        self._loop = get_shared_loop()
        #: What is not the app runs in copies of it. It only names the database for the
        #: log: in the context of an app, its tasks would belong to a connection.
        self._context = Context().run(context_for_shared_loop)

    # any thread

    def start(self, sock: socket.socket | None, data: bytes) -> None:
        """Continue the app on the shared loop.

        :param sock: the client's socket, which the connection closes; None if it is
            closed
        :param data: bytes that were read from it
        """
        self._loop.call_soon_threadsafe(
            self._start, sock, data, context=self._context.copy()
        )

    def close(self, code: int, reason: str) -> None:
        """Send a close frame, and tell the app that the connection is closed."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(
                self._close, code, reason, context=Context()
            )

    # the app's side

    async def receive(self) -> Message:
        """Wait for a message."""
        assert self.protocol is not None
        message: Message = await self._on_loop(self.protocol.receive())
        if message["type"] == "websocket.disconnect":
            self._noticed = True
        return message

    async def send(self, data: str | bytes) -> None:
        """Send a message.

        :raises ClientDisconnected: the connection is closed
        """
        assert self.protocol is not None
        try:
            await self._on_loop(self.protocol.send(data))
        except ClientDisconnected:
            self._noticed = True
            raise

    async def send_close(self, code: int, reason: str) -> None:
        """Send a close frame."""
        await self._on_loop(self._close_soon(code, reason))

    def _on_loop(self, coroutine: Coroutine[Any, Any, Any]) -> Awaitable[Any]:
        """Return what awaits a coroutine on the shared loop, also from another one.

        A request may send, for example to all who are in a chat.
        """
        task = asyncio.current_task()
        if task is self._task:
            return coroutine
        if asyncio.get_running_loop() is self._loop:
            if task is not None:
                self._tasks.add_user(task)
            return coroutine
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return asyncio.wrap_future(future)

    # the shared loop

    def _start(self, sock: socket.socket | None, data: bytes) -> None:
        _open.add(self)
        self._task = self._loop.create_task(self._run(sock, data))
        self._loop.owners[self._task] = self._tasks  # names it, if it blocks the loop

    async def _run(self, sock: socket.socket | None, data: bytes) -> None:
        protocol = WebSocketProtocol(self._limits, data, self._start_ending)
        if sock is None:
            protocol.connection_lost(None)
        else:
            await self._loop.connect_accepted_socket(lambda: protocol, sock)
        self.protocol = protocol
        if self._close_first is not None:
            protocol.close(*self._close_first)
        code = 1011
        try:
            await self._app
            code = 1000
        except asyncio.CancelledError:
            if protocol.disconnect is None:  # else it is ours
                self._log(RuntimeError("The app cancelled its own task."))
        except Exception as err:
            if self._is_disconnect(original_exception(err)):
                code = 1000
            elif isinstance(original_exception(err), StreamCut):
                code = 1013  # try again later
            else:
                self._log(original_exception(err))
        finally:
            protocol.close(code)

    def _close(self, code: int, reason: str) -> None:
        if self.protocol is not None:
            self.protocol.close(code, reason)
        elif self._close_first is None:
            self._close_first = code, reason

    async def _close_soon(self, code: int, reason: str) -> None:
        self._close(code, reason)

    def _is_disconnect(self, exc: Exception) -> bool:
        errors = get_errors(self._scope)
        types = errors.disconnect_types if errors is not None else ()
        return isinstance(exc, (ClientDisconnected, *types))

    def _log(self, exc: Exception) -> None:
        errors = get_errors(self._scope)
        if errors is not None and errors.log is not None:
            errors.log(exc, self._scope)
        else:
            _logger.error("%s: %r", self._tasks.name, exc, exc_info=exc)

    def _start_ending(self) -> None:
        if self._ending is None:
            # called in any context, such as that of an app which closes or sends
            context = self._context.copy()
            self._ending = context.run(self._loop.create_task, self._end())

    async def _end(self) -> None:
        """End what is left of a connection that is closing."""
        try:
            await self._end_app()
            await self._tasks.end(self._task)
            assert self.protocol is not None
            await self.protocol.over.wait()
        finally:
            _open.discard(self)
            self._on_end()

    async def _end_app(self) -> None:
        """Wait until the app ends, as ``AppRun._run_to_end`` does."""
        task = self._task
        _done, pending = await asyncio.wait({task}, timeout=NOTICE_GRACE)
        if pending and not self._noticed:
            task.cancel()
        for _attempt in range(2):
            _done, pending = await asyncio.wait({task}, timeout=DISCONNECT_GRACE)
            if not pending:
                return
            task.cancel()
        _logger.error(
            "%s does not end after it was cancelled, and is given up.",
            self._tasks.name,
        )
