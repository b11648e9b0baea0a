# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The lifespan of an app: what it does before its first and after its last request.

Each lifespan has a loop of its own, which only turns while the app starts or stops. So
an app can set things up and take them down again; a task that it starts in between
makes no progress, and what is bound to an event loop (an async client) can't be handed
to requests, which have other loops.

An app may hang at either end, in a coroutine or in a blocking call. So it starts and
stops on a thread that nothing else depends on, and there is a limit to the time that
others wait for it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ..exceptions import StartTimeoutError
from .inline_threads import no_running_loop
from .loops import Loop, new_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from .exchange import ASGIApp, Message

__all__ = ["Lifespan", "StartTimeoutError", "wait_for_stops"]

_logger = logging.getLogger(__name__)

#: Seconds that an app may take to start.
START_TIMEOUT = 30
#: Seconds that an app may take to stop.
STOP_TIMEOUT = 30

#: Lifespans that have started and were not told to stop.
_live: set[Lifespan] = set()
#: Threads on which apps stop.
_stops: set[threading.Thread] = set()


def wait_for_stops() -> None:
    """Wait until the apps that stop at present have stopped, within the limit."""
    deadline = time.monotonic() + STOP_TIMEOUT
    for thread in list(_stops):
        thread.join(max(0, deadline - time.monotonic()))


def _stop_all() -> None:
    """At the end of the process: stop the apps, on threads if there are still any."""
    for lifespan in list(_live):
        lifespan.stop_soon()
    wait_for_stops()


atexit.register(_stop_all)


def _forget_parent() -> None:
    """In the child of a fork: the apps are those of the parent."""
    _live.clear()
    _stops.clear()


os.register_at_fork(after_in_child=_forget_parent)


class Lifespan:
    """The lifespan of an app, in the terms of ASGI.

    :param app: ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._loop: Loop | None = None
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        #: Set when the attempt to start is over.
        self._decided = threading.Event()
        #: Whether the request that waited for the start has given up; with the lock.
        self._given_up = False
        #: What the app has yielded, for ``request.state``.
        self.state: dict[str, Any] = {}

    def start(self, inline: bool = False) -> None:
        """Run the app until it has started.

        :param inline: on the calling thread, for an app that needs locks which that
            holds; a blocking call then has no limit
        :raises StartTimeoutError: it takes too long, and is cancelled
        :raises Exception: what the app raised
        """
        if inline:
            self._run_start()
        else:
            _new_thread(copy_context().run, self._run_start).start()
            if not self._decided.wait(START_TIMEOUT):
                with self._lock:
                    self._given_up = not self._decided.is_set()
                if self._given_up:
                    raise StartTimeoutError(START_TIMEOUT, self._decided.is_set)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def stop(self) -> None:
        """Run the app to its end and wait for it; more than once does no harm."""
        self.stop_soon()
        wait_for_stops()

    def stop_soon(self) -> None:
        """Have the app run to its end on a thread of its own; for finalizers.

        What the app raises is logged.
        """
        try:
            _live.remove(self)
        except KeyError:
            return
        thread = _new_thread(self._run_stop)
        _stops.add(thread)
        try:
            thread.start()
        except RuntimeError:  # Python 3.12 starts no threads when the process ends
            _stops.discard(thread)
            with no_running_loop():
                self._run_stop()

    def _run_start(self) -> None:
        self._loop = new_loop()
        try:
            self._run(self._start())
        except BaseException as err:
            self._error = err
            self._close()
        with self._lock:
            started = self._error is None
            if started and not self._given_up:
                _live.add(self)
            self._decided.set()
        if started and self._given_up:
            self._run_stop()

    def _run_stop(self) -> None:
        try:
            self._stopping.set()
            self._run(asyncio.wait_for(self._task, STOP_TIMEOUT))
        except (Exception, asyncio.CancelledError):
            _logger.exception("An app did not stop properly.")
        finally:
            self._close()
            _stops.discard(threading.current_thread())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.run_until_complete(work)

    def _close(self) -> None:
        """Close the loop, after cancelling what the app has left on it."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        try:
            if tasks:
                self._run(asyncio.wait(tasks, timeout=STOP_TIMEOUT))
            self._run(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _start(self) -> None:
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        task = self._task = asyncio.create_task(
            self._app(scope, self._messages().__anext__, self._send)
        )
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait(
            {task, started}, timeout=START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
        if not (task.done() or started.done()):
            raise StartTimeoutError(START_TIMEOUT, self._decided.is_set)
        started.cancel()
        if task.cancelled():
            raise RuntimeError("The start of an app has cancelled itself.")
        if task.done():
            task.result()

    async def _messages(self) -> AsyncIterator[Message]:
        yield {"type": "lifespan.startup"}
        await self._stopping.wait()
        yield {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            self._started.set()
        # of a failure, Starlette raises the cause


def _new_thread(function: Callable[..., Any], *args: Any) -> threading.Thread:
    """Return a thread that does not keep the process, and logs like the calling one."""
    thread: Any = threading.Thread(
        target=function, args=args, daemon=True, name="odoo.fastapi.lifespan"
    )
    if hasattr(threading.current_thread(), "dbname"):  # as in odoo.netsvc
        thread.dbname = threading.current_thread().dbname
    return thread
