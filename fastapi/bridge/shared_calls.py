# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Work that a request passes to the shared loop: an awaitable, or a mounted app.

The app of a request runs on a loop of its own. What belongs to the shared loop, such as
an asynchronous client that a lifespan has created, can only be awaited there.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, overload

from .loops import is_shared
from .shared_loop import SharedLoop, context_for_shared_loop, get_shared_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import TypeVar

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    T = TypeVar("T")

__all__ = ["on_shared_loop"]


@overload
def on_shared_loop(work: Awaitable[T]) -> Coroutine[Any, Any, T]: ...


@overload
def on_shared_loop(work: ASGIApp) -> ASGIApp: ...


def on_shared_loop(work: Any) -> Any:
    """Run work on the shared loop, where lifespans and WebSockets run.

    ::

        response = await on_shared_loop(client.get(url))
        app.mount("/mcp", on_shared_loop(mcp_app))

    The work sees the context variables of the caller, but can't change them. If the
    caller is cancelled, so is the work, and the caller waits for its end.

    :param work: an awaitable, or an ASGI app
    :return: a coroutine that returns the result of the awaitable, or an ASGI app that
        runs all its requests on the shared loop
    :raises RuntimeError: the shared loop is blocked, and was abandoned
    """
    if inspect.isawaitable(work):
        return _await_there(work)
    if not callable(work):
        raise TypeError(f"{work!r} is neither awaitable nor an ASGI app.")
    return _AppThere(work)


def _is_there() -> bool:
    return is_shared(asyncio.get_running_loop())


async def _await_there(awaitable: Awaitable[T]) -> T:
    if _is_there():
        return await awaitable
    job = _Job(lambda: _as_coroutine(awaitable))
    return await job.run()


async def _as_coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


class _Job:
    """A task of the shared loop for which a task of another loop waits.

    :param start: returns the coroutine of the task; called on the shared loop
    """

    def __init__(self, start: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self.there: SharedLoop = get_shared_loop()
        self.here = asyncio.get_running_loop()
        self._coroutine = start
        self._task: asyncio.Task[Any] | None = None
        #: Arguments of a cancellation before the start.
        self._cancelled: tuple[str | None] | None = None
        self._abandoned = False
        self._waiter: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Start the task."""
        self.there.on_abandon.add(self._abandon)
        self.there.call_soon_threadsafe(self._start, context=context_for_shared_loop())

    @property
    def done(self) -> bool:
        """Whether the task has ended, or can't be waited for."""
        return self._abandoned or (self._task is not None and self._task.done())

    async def run(self) -> Any:
        """Run the task; return its result, or raise its exception."""
        self.start()
        try:
            while not self.done:
                await self.pause()
            return self.result()
        finally:
            self.close()

    async def pause(self) -> None:
        """Wait until something has happened. Pass a cancellation on to the task."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        except asyncio.CancelledError as err:
            self.cancel(*err.args)
        finally:
            self._waiter = None

    def result(self) -> Any:
        if self._abandoned:
            raise RuntimeError("The shared event loop is blocked, and was abandoned.")
        task, self._task = self.task, None
        try:
            return task.result()
        finally:
            del task  # a cycle of its exception and this frame

    @property
    def task(self) -> asyncio.Task[Any]:
        """The task, which has started."""
        assert self._task is not None
        return self._task

    def cancel(self, message: str | None = None) -> None:
        """Cancel the task; by its message, anyio knows which cancel scope it is."""
        self.there.call_soon_threadsafe(self._cancel, message)

    def close(self) -> None:
        """End the task if it still runs."""
        self.there.on_abandon.discard(self._abandon)
        if not self.done:
            self.cancel()

    def wake(self) -> None:
        """End :meth:`pause`; called from any thread."""
        with suppress(RuntimeError):  # if the request's loop is closed
            self.here.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _abandon(self) -> None:
        self._abandoned = True
        self.wake()

    def _start(self) -> None:
        self._task = self.there.create_task(self._coroutine())
        del self._coroutine
        if self._cancelled is not None:
            self._task.cancel(*self._cancelled)
        self._task.add_done_callback(lambda _task: self.wake())

    def _cancel(self, message: str | None) -> None:
        self._cancelled = (message,)
        if self._task is not None:
            self._task.cancel(message)


class _AppThere:
    """An ASGI app that runs another one on the shared loop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    @property
    def routes(self) -> list[Any]:
        """The routes of the app, which ``starlette.routing.Mount`` reads for URLs."""
        return getattr(self.app, "routes", [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_there():
            await self.app(scope, receive, send)
        else:
            await _Relay(self.app, scope, receive, send).run()


class _Relay:
    """One connection of an app on the shared loop.

    The app asks for messages there; the task of the request receives and sends them
    here. When a WebSocket has been accepted, the bridge continues the task of the
    request on the shared loop, too. From then on, the app gets its messages directly.
    """

    def __init__(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_websocket = scope["type"] == "websocket"
        self._job = _Job(self._run_app)
        #: What the app has asked for: a message to send or None, and the reply.
        self._asked: deque[tuple[Message | None, asyncio.Future[Any]]] = deque()
        #: Receive calls of the request's loop.
        self._receiving: dict[asyncio.Future[Any], asyncio.Task[Message]] = {}
        #: Whether the task of the request runs on the shared loop.
        self._moved = False

    async def run(self) -> None:
        """Serve the connection until the app has ended."""
        job = self._job
        job.start()
        try:
            while not (job.done or self._moved):
                if self._asked:
                    await self._answer(*self._asked.popleft())
                else:
                    await job.pause()
            if self._moved:
                await job.task
        finally:
            job.close()
            for task in self._receiving.values():
                task.cancel()
        if self._receiving:
            await asyncio.wait(self._receiving.values())
        job.result()

    async def _answer(
        self, message: Message | None, reply: asyncio.Future[Any]
    ) -> None:
        """Do what the app has asked for, on the loop of the request."""
        if message is None:
            task = asyncio.ensure_future(self._receive())
            self._receiving[reply] = task
            task.add_done_callback(lambda task: self._received(reply, task))
            return
        try:
            # in this task: the one that accepts a WebSocket continues elsewhere
            await self._send(message)
        except asyncio.CancelledError as err:
            self._job.cancel(*err.args)
            self._job.there.call_soon_threadsafe(reply.cancel)
        except BaseException as exc:
            self._reply(reply, None, exc)
            if not isinstance(exc, Exception):
                raise
        else:
            self._moved = self._is_websocket and _is_there()
            self._reply(reply, None, None)

    def _received(
        self, reply: asyncio.Future[Any], task: asyncio.Task[Message]
    ) -> None:
        del self._receiving[reply]
        if task.cancelled():
            self._job.there.call_soon_threadsafe(reply.cancel)
            return
        exc = task.exception()
        self._reply(reply, None if exc else task.result(), exc)

    def _reply(
        self, reply: asyncio.Future[Any], result: Any, exc: BaseException | None
    ) -> None:
        self._job.there.call_soon_threadsafe(_settle, reply, result, exc)

    # on the shared loop:

    async def _run_app(self) -> None:
        #: Set when the app has accepted or refused the WebSocket.
        self._decided = asyncio.Event()
        self._connected = False
        await self._app(self._scope, self._receive_there, self._send_there)

    async def _receive_there(self) -> Message:
        if self._is_websocket:
            if self._connected:
                # a call that waits for the client can't move to another loop
                await self._decided.wait()
            self._connected = True
        if self._moved:
            return await self._receive()
        message: Message = await self._ask(None)
        return message

    async def _send_there(self, message: Message) -> None:
        if self._moved:
            await self._send(message)
        else:
            await self._ask(message)
            self._decided.set()

    async def _ask(self, message: Message | None) -> Any:
        reply = self._job.there.create_future()
        self._asked.append((message, reply))
        self._job.wake()
        try:
            return await reply
        except asyncio.CancelledError:
            self._job.here.call_soon_threadsafe(self._cancel_receive, reply)
            raise

    def _cancel_receive(self, reply: asyncio.Future[Any]) -> None:
        if task := self._receiving.get(reply):
            task.cancel()


def _settle(reply: asyncio.Future[Any], result: Any, exc: BaseException | None) -> None:
    if reply.done():
        return
    if exc is None:
        reply.set_result(result)
    else:
        reply.set_exception(exc)
