# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs the ASGI lifespan of an app: its startup and shutdown.

Lifespans run on the shared loop (``shared_loop``), which always turns: tasks that an
app starts, timers and schedulers go on between its requests. Requests have other loops.
They reach objects that a lifespan has bound to its loop, such as asynchronous clients,
with ``on_shared_loop``. The tasks and timers that an app has left end with it.

Startup and shutdown may hang. Other threads wait for them with a timeout. If a startup
blocks the loop itself, a new loop takes its place, and apps that have waited for the
blocked one start there.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from ..exceptions import StartTimeoutError
from .process_end import call_at_process_end
from .shared_loop import (
    SharedLoop,
    TaskOwner,
    context_for_shared_loop,
    get_shared_loop,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Scope

__all__ = ["Lifespan", "stop_lifespans", "wait_for_stops"]

_logger = logging.getLogger(__name__)

#: Seconds that an app may take to start.
START_TIMEOUT = 30
#: Seconds that an app may take to stop.
STOP_TIMEOUT = 30

#: Lifespans that have started and not begun to stop.
_live: set[Lifespan] = set()
#: Lifespans that are stopping.
_stops: set[Lifespan] = set()


def wait_for_stops() -> None:
    """Wait for the apps that are stopping, at most ``STOP_TIMEOUT``.

    A call on the thread that runs the shared loop does not wait: they stop there.
    """
    deadline = time.monotonic() + STOP_TIMEOUT
    for lifespan in list(_stops):
        if not lifespan._loop.runs_here():
            lifespan._stopped.wait(max(0, deadline - time.monotonic()))


def stop_lifespans() -> None:
    """Stop all apps, and wait for that."""
    for lifespan in list(_live):
        lifespan.stop_soon()
    wait_for_stops()


@functools.cache
def _stop_at_process_end() -> None:
    """Stop the apps when the process ends.

    This is called when the first app starts. What was registered before, such as the
    end of all works of ``tx.run``, then comes after the end of the apps.
    """
    call_at_process_end(stop_lifespans)


def _forget_parent() -> None:
    """Forget the parent's apps in the child of a fork."""
    _live.clear()
    _stops.clear()


os.register_at_fork(after_in_child=_forget_parent)


class _NotHere(Exception):
    """The app starts on another loop, which has replaced this one."""


class Lifespan:
    """The lifespan of an app.

    :param app: ASGI application
    :param name: name of the app, for the log
    """

    #: The loop to run on; not set while the app looks for another one.
    _loop: SharedLoop
    _task: asyncio.Task[None]

    def __init__(self, app: ASGIApp, name: str = "") -> None:
        self._app = app
        self.name = name or getattr(app, "title", "") or type(app).__name__
        self._owner = TaskOwner(f"the lifespan of {self.name}")
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        #: Whether the startup has begun; written with the lock.
        self._begun = False
        #: Set when the app has started, or has failed to start.
        self._decided = threading.Event()
        #: Set also when the loop was abandoned.
        self._news = threading.Event()
        #: Whether ``start`` has timed out; written with the lock.
        self._given_up = False
        self._stopped = threading.Event()
        #: What the app's lifespan has yielded, for ``request.state``.
        self.state: dict[str, Any] = {}

    def start(self, inline: bool = False) -> None:
        """Run the app until it has started.

        :param inline: the calling thread runs the shared loop meanwhile, because the
            app may need its locks; blocking calls then have no timeout
        :raises StartTimeoutError: the startup takes too long, and is cancelled
        :raises Exception: the app raised it
        """
        _stop_at_process_end()
        self._context = context_for_shared_loop()
        self._context.run(self._owner.enter)
        if inline:
            self._loop = get_shared_loop()
            self._loop.drive(self._run_start(self._loop))
        else:
            while not self._start_on(get_shared_loop()):
                pass  # the loop was blocked by another app
        error, self._error = self._error, None
        if error is not None:
            raise error
        del self._decided, self._news  # measured: 2 of 36 kB of an app

    def _start_on(self, loop: SharedLoop) -> bool:
        """Start the app on a loop.

        :return: False if the loop was abandoned before the startup has begun
        :raises StartTimeoutError: the startup takes too long
        """
        self._news.clear()
        self._loop = loop
        loop.on_abandon.add(self._news.set)
        try:
            loop.call_soon_threadsafe(self._begin, loop)
            while not self._wait(loop):
                if loop.abandoned:
                    return False
        finally:
            loop.on_abandon.discard(self._news.set)
        if self._given_up:
            raise StartTimeoutError(START_TIMEOUT, self._decided.is_set)
        return True

    def _wait(self, loop: SharedLoop) -> bool:
        """Wait for the startup, and replace its loop if that is blocked.

        :return: False if the startup has not begun
        """
        deadline = time.monotonic() + START_TIMEOUT
        self._news.wait(START_TIMEOUT)
        if self._begun:  # even if the loop was abandoned since
            self._decided.wait(max(0, deadline - time.monotonic()))
        if not self._decided.is_set() and loop.blocked_for() > START_TIMEOUT / 2:
            _replace(loop)
        with self._lock:
            if self._begun:
                self._given_up = not self._decided.is_set()
            elif loop.abandoned:
                del self._loop  # it can't begin there any more
            return self._begun

    def _begin(self, loop: SharedLoop) -> None:
        loop.create_task(self._run_start(loop))

    def stop(self) -> None:
        """Stop the app and wait for it; a second call does nothing.

        A call on the thread that runs the shared loop does not wait.
        """
        self.stop_soon()
        wait_for_stops()

    def stop_soon(self) -> None:
        """Stop the app on the shared loop, and log its exceptions."""
        try:
            _live.remove(self)
        except KeyError:
            return
        _stops.add(self)
        # not in the caller's context: the garbage collector calls this anywhere
        context = self._context.copy()
        self._loop.call_soon_threadsafe(self._begin_stop, context=context)

    def _begin_stop(self) -> None:
        self._loop.create_task(self._run_stop())

    async def _run_start(self, loop: SharedLoop) -> None:
        error: BaseException | None = None
        try:
            await self._start(loop)
        except _NotHere:
            return
        except BaseException as err:
            error = err
            await self._owner.cancel(STOP_TIMEOUT)
        with self._lock:
            self._error = error
            if error is None and not self._given_up:
                _live.add(self)
            self._decided.set()
            self._news.set()
        if error is None and self._given_up:
            await self._run_stop()

    async def _run_stop(self) -> None:
        try:
            self._stopping.set()
            await asyncio.wait({self._task}, timeout=STOP_TIMEOUT)
            if not self._task.done():
                raise TimeoutError(f"It takes more than {STOP_TIMEOUT} seconds.")
            self._task.result()
        except (Exception, asyncio.CancelledError):
            _logger.exception("The app %s did not stop properly.", self.name)
        finally:
            await self._owner.cancel(STOP_TIMEOUT)
            _stops.discard(self)
            self._stopped.set()

    async def _start(self, loop: SharedLoop) -> None:
        if not self._belongs_to(loop):
            raise _NotHere
        self._started = asyncio.Event()
        self._stopping = asyncio.Event()
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        app = self._run_app(scope, loop)
        # Python 3.10 has no other way to pass a context
        task = self._task = self._context.run(loop.create_task, app)
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait(
            {task, started}, timeout=START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
        if not (task.done() or started.done()):
            started.cancel()
            raise StartTimeoutError(START_TIMEOUT, self._decided.is_set)
        started.cancel()
        if task.cancelled():
            raise RuntimeError("The start of an app has cancelled itself.")
        if task.done():
            task.result()

    def _belongs_to(self, loop: SharedLoop) -> bool:
        return getattr(self, "_loop", None) is loop

    async def _run_app(self, scope: Scope, loop: SharedLoop) -> None:
        with self._lock:  # only now: another app may have blocked the loop until here
            if not self._belongs_to(loop):
                raise _NotHere
            self._begun = True
        await self._app(scope, self._messages().__anext__, self._send)

    async def _messages(self) -> AsyncIterator[Message]:
        yield {"type": "lifespan.startup"}
        await self._stopping.wait()
        yield {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            self._started.set()
        # after lifespan.startup.failed, Starlette raises the exception


def _replace(loop: SharedLoop) -> None:
    """Replace a blocked loop, and log what blocks it."""
    if loop.abandon():
        _logger.error(
            "The shared event loop is blocked, and a new one replaces it. Lifespans "
            "and WebSockets of other apps on it wait until the block is over. For %.1f "
            "seconds, it has been executing\n  %s",
            loop.blocked_for(),
            loop.describe_block(),
        )
