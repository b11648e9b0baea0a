# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The lifespan of an app: what it does before its first and after its last request.

The lifespans of all apps share one loop, which only turns while one of them starts or
stops. So an app can set things up and take them down again; a task that it starts in
between makes no progress, and what is bound to an event loop (an async client) can't be
handed to requests, which have other loops.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from .inline_threads import no_running_loop
from .loops import new_loop, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from .exchange import ASGIApp, Message

__all__ = ["Lifespan"]

_logger = logging.getLogger(__name__)

#: Seconds that an app may take to stop.
STOP_TIMEOUT = 30

_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()
#: Lifespans that wait to be stopped.
_stops: deque[Lifespan] = deque()


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run something on the loop of the lifespans; with the lock."""
    global _loop
    if _loop is None:
        _loop = new_loop()
    with one_at_a_time, no_running_loop():  # the garbage collector calls us anywhere
        _loop.run_until_complete(coroutine)


def _run_stops() -> None:
    """Stop what waits for it; if the lock is taken, whoever has it does that."""
    while _stops and _lock.acquire(blocking=False):
        try:
            while _stops:
                _stops.popleft()._stop_now()
        finally:
            _lock.release()


def _forget_parent() -> None:
    """In the child of a fork: the apps are those of the parent."""
    global _loop, _lock
    _loop, _lock = None, threading.Lock()
    _stops.clear()


os.register_at_fork(after_in_child=_forget_parent)


class Lifespan:
    """The lifespan of an app, in the terms of ASGI.

    :param app: ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._process = os.getpid()
        self._task: asyncio.Task[None] | None = None
        #: What the app has yielded, for ``request.state``.
        self.state: dict[str, Any] = {}

    def start(self) -> None:
        """Run the app until it has started.

        :raises Exception: what the app raised
        """
        with _lock:
            _run(self._start())
        _run_stops()

    def stop(self) -> None:
        """Run the app to its end; more than once does no harm.

        What the app raises is logged: there is nobody to answer any more.
        """
        if self._task is not None and os.getpid() == self._process:
            _stops.append(self)
            _run_stops()

    def _stop_now(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping.set()
        try:
            _run(asyncio.wait_for(task, STOP_TIMEOUT))
        except (Exception, asyncio.CancelledError):
            _logger.exception("An app did not stop properly.")

    async def _start(self) -> None:
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        task = asyncio.create_task(
            self._app(scope, self._messages().__anext__, self._send)
        )
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if task.cancelled():
            raise RuntimeError("The start of an app has cancelled itself.")
        if task.done():
            task.result()
        else:
            self._task = task

    async def _messages(self) -> AsyncIterator[Message]:
        yield {"type": "lifespan.startup"}
        await self._stopping.wait()
        yield {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            self._started.set()
        # of a failure, Starlette raises the cause
