# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs the ASGI lifespan of an app: its startup and shutdown.

Each lifespan has its own loop, which only runs during startup and shutdown. A task that
an app starts makes no progress in between. Objects that are bound to an event loop,
such as async clients, can't be shared with requests, which have other loops.

Startup and shutdown may hang. They run on a separate thread, and other threads wait for
them with a timeout.
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
from .loops import Loop, discard_loop, new_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Message

__all__ = ["Lifespan", "StartTimeoutError", "wait_for_stops"]

_logger = logging.getLogger(__name__)

#: Seconds that an app may take to start.
START_TIMEOUT = 30
#: Seconds that an app may take to stop.
STOP_TIMEOUT = 30

#: Lifespans that have started and not begun to stop.
_live: set[Lifespan] = set()
#: Threads that stop apps.
_stops: set[threading.Thread] = set()


def wait_for_stops() -> None:
    """Wait for the apps that are stopping, at most ``STOP_TIMEOUT``."""
    deadline = time.monotonic() + STOP_TIMEOUT
    for thread in list(_stops):
        thread.join(max(0, deadline - time.monotonic()))


def _stop_all() -> None:
    """Stop all apps at the end of the process."""
    for lifespan in list(_live):
        lifespan.stop_soon()
    wait_for_stops()


atexit.register(_stop_all)


def _forget_parent() -> None:
    """Forget the parent's apps in the child of a fork."""
    _live.clear()
    _stops.clear()


os.register_at_fork(after_in_child=_forget_parent)


class Lifespan:
    """The lifespan of an app."""

    _loop: Loop
    _task: asyncio.Future[None]

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        #: Set when the app has started, or has failed to start.
        self._decided = threading.Event()
        #: Whether ``start`` has timed out; protected by the lock.
        self._given_up = False
        #: What the app's lifespan has yielded, for ``request.state``.
        self.state: dict[str, Any] = {}

    def start(self, inline: bool = False) -> None:
        """Run the app until it has started.

        :param inline: run on the calling thread, because the app may need its locks;
            blocking calls then have no timeout
        :raises StartTimeoutError: the startup takes too long, and is cancelled
        :raises Exception: the app raised it
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
        """Stop the app and wait for it; a second call does nothing."""
        self.stop_soon()
        wait_for_stops()

    def stop_soon(self) -> None:
        """Stop the app on a new thread, and log its exceptions."""
        try:
            _live.remove(self)
        except KeyError:
            return
        thread = _new_thread(self._run_stop)
        _stops.add(thread)
        try:
            thread.start()
        except RuntimeError:  # since Python 3.12, no thread starts at exit
            _stops.discard(thread)
            with no_running_loop():
                self._run_stop()

    def _run_start(self) -> None:
        self._loop = new_loop()
        try:
            self._loop.run_until_complete(self._start())
        except BaseException as err:
            self._error = err
            discard_loop(self._loop, timeout=STOP_TIMEOUT)
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
            self._loop.run_until_complete(asyncio.wait_for(self._task, STOP_TIMEOUT))
        except (Exception, asyncio.CancelledError):
            _logger.exception("An app did not stop properly.")
        finally:
            discard_loop(self._loop, timeout=STOP_TIMEOUT)
            _stops.discard(threading.current_thread())

    async def _start(self) -> None:
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        task = self._task = asyncio.ensure_future(
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
        # after lifespan.startup.failed, Starlette raises the exception


def _new_thread(function: Callable[..., Any], *args: Any) -> threading.Thread:
    """Return a daemon thread that logs the database of the calling one."""
    thread: Any = threading.Thread(
        target=function, args=args, daemon=True, name="odoo.fastapi.lifespan"
    )
    caller: Any = threading.current_thread()
    if hasattr(caller, "dbname"):  # read by odoo.netsvc
        thread.dbname = caller.dbname
    return thread
