# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs sync callables on the thread of the request, not on a worker thread.

FastAPI and Starlette run every sync handler, dependency, iterator and file access with
``anyio.to_thread.run_sync``, so that it does not block other requests. The bridge does
not need that, because each loop has one request. And worker threads lack the data that
Odoo keeps by thread.

``anyio`` has no setting for this. It keeps idle worker threads in a deque of each event
loop (``anyio._backends._asyncio``, ``_threadpool_idle_workers``). The deque of the
bridge's loops has one worker, which makes calls on the loop. Other loops are not
affected. The loops also don't keep the task of their last request.

While an app sends server-sent events, the worker makes its calls on a second thread:
FastAPI needs the loop for keep-alive comments while a sync generator waits.

Only this module uses these private names. ``test_inline_threads`` fails when they
change. ``anyio.from_thread`` does not work in these loops.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio._backends import _asyncio as anyio_asyncio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

__all__ = [
    "TASK_OF_THREAD",
    "CallThread",
    "keep_worker_threads",
    "leave_loop",
    "no_running_loop",
    "return_to_loop",
    "run_threads_inline",
    "threads_inline",
]

#: Whether asyncio stores the current task by thread (since Python 3.14) or by loop. A
#: task that starts while there is a current one makes no progress.
TASK_OF_THREAD = sys.version_info >= (3, 14)
_tasks: Any = asyncio.tasks

#: Most turns of the loop that a sync call waits for other callbacks.
MAX_PATIENCE = 50


class _InlineWorker:
    """Replaces ``anyio._backends._asyncio.WorkerThread``."""

    #: Keeps anyio from removing the worker.
    idle_since = float("inf")

    def __init__(self, idle_workers: deque[_InlineWorker]) -> None:
        self._idle_workers = idle_workers
        self._calls: deque[tuple[Any, ...]] = deque()

    @property
    def queue(self) -> _InlineWorker:
        return self

    def put_nowait(self, item: tuple[Any, ...] | None) -> None:
        """Accept a call that anyio queues for a worker."""
        self._idle_workers.append(self)
        if item is None:  # anyio stops the worker
            return
        self._calls.append(item)
        if len(self._calls) == 1:
            asyncio.get_running_loop().call_soon(self._call_when_idle, 0)

    def _call_when_idle(self, patience: int) -> None:
        """Make the next call when no other callback is ready.

        The call may block. Ready callbacks, for example to send a chunk, must not wait
        for it.
        """
        loop: Any = asyncio.get_running_loop()
        # _stopping: run_until_complete is about to return
        if loop._stopping or (loop._ready and patience < MAX_PATIENCE):
            loop.call_soon(self._call_when_idle, patience + 1)
            return
        item = self._calls.popleft()
        work = loop.work
        if work is not None and work.calls_in_thread():
            if loop.thread is None:
                loop.thread = CallThread()
            loop.running_calls += 1
            loop.thread.calls.put(partial(self._call_in_thread, loop, work, item))
        else:
            self._call(item)
        if self._calls:
            loop.call_soon(self._call_when_idle, 0)

    def _call_in_thread(self, loop: Any, work: Any, item: tuple[Any, ...]) -> None:
        """Make a call on the ``CallThread``."""
        context, func, args, future, *_cancel_scope = item
        outcome: Future[Any] = Future()
        try:
            self._call((context, func, args, outcome))
        except BaseException as exc:
            outcome.set_exception(exc)
        work.called_in_thread()
        with suppress(RuntimeError):  # if the loop is closed
            loop.call_soon_threadsafe(self._take, loop, outcome, future)

    def _take(self, loop: Any, outcome: Future[Any], future: Any) -> None:
        loop.running_calls -= 1
        if future.cancelled():
            return
        exc = outcome.exception()
        if exc is None:
            future.set_result(outcome.result())
        else:
            future.set_exception(exc)

    def _call(self, item: tuple[Any, ...]) -> None:
        context: Context
        future: asyncio.Future[Any]
        context, func, args, future, *_cancel_scope = item
        if future.cancelled():
            return
        try:
            with no_running_loop():
                result = context.run(func, *args)
        except StopIteration as exc:  # not allowed in a future
            error = RuntimeError("sync callable raised StopIteration")
            error.__cause__ = exc
            future.set_exception(error)
        except (KeyboardInterrupt, SystemExit):
            raise  # in the caller of the loop
        except BaseException as exc:  # includes CancelledError of the callable's loop
            future.set_exception(exc)
        else:
            future.set_result(result)


class CallThread(threading.Thread):
    """A daemon thread that makes calls for the thread that creates it.

    It copies the attributes that Odoo sets on that thread: database, user, URL.
    """

    def __init__(self) -> None:
        super().__init__(name="odoo.addons.fastapi.events", daemon=True)
        #: Calls to make; None ends the thread.
        self.calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        for name, value in vars(threading.current_thread()).items():
            # Odoo counts the threads that serve requests by their type
            if not name.startswith("_") and name not in ("calls", "type"):
                setattr(self, name, value)
        self.start()

    def run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()


class _NoLimit:
    """Replaces anyio's limit on the number of worker threads."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *exc_info: object) -> None:
        return None


class _RootTask:
    """Replaces anyio's root task of a loop.

    Before 4.15, anyio keeps it until the loop runs another one, so that an idle loop
    would keep its last request.
    """

    def done(self) -> bool:
        return False

    def add_done_callback(
        self, callback: Callable[[asyncio.Task[Any]], object]
    ) -> None:
        """Call back after a request that uses anyio's worker processes."""
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(callback)


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Let a sync callable run an event loop, as on a worker thread."""
    left = leave_loop()
    try:
        yield
    finally:
        return_to_loop(*left)


def leave_loop() -> tuple[Any, Any]:
    """Unset the running loop of the thread; return the loop and its current task."""
    loop, task = asyncio._get_running_loop(), None
    if TASK_OF_THREAD and loop is not None:
        task = _tasks._swap_current_task(loop, None)
    asyncio._set_running_loop(None)
    return loop, task


def return_to_loop(loop: Any, task: Any) -> None:
    """Undo :func:`leave_loop`."""
    asyncio._set_running_loop(loop)
    if task is not None:
        _tasks._swap_current_task(loop, task)


async def run_threads_inline() -> None:
    """Make the running loop itself run the calls for anyio's worker threads."""
    _set_inline_worker()
    anyio_asyncio._default_thread_limiter.set(_NoLimit())  # type: ignore[arg-type]
    anyio_asyncio._root_task.set(_RootTask())  # type: ignore[arg-type]


def _set_inline_worker() -> None:
    idle_workers: Any = deque()
    idle_workers.append(_InlineWorker(idle_workers))
    anyio_asyncio._threadpool_idle_workers.set(idle_workers)
    anyio_asyncio._threadpool_workers.set(set())


async def keep_worker_threads() -> None:
    """Let anyio's worker threads live as long as the task that runs this.

    anyio stops a worker with the task that it takes for the first one of the loop. In a
    loop that runs for ever, that is the task that needed the worker.
    """
    anyio_asyncio._threadpool_idle_workers.set(deque())
    anyio_asyncio._threadpool_workers.set(set())
    anyio_asyncio._root_task.set(asyncio.current_task())
    await asyncio.get_running_loop().create_future()


@contextmanager
def threads_inline() -> Iterator[None]:
    """Call inline for a while, on a loop that has worker threads."""
    idle_workers = anyio_asyncio._threadpool_idle_workers.get()
    workers = anyio_asyncio._threadpool_workers.get()
    _set_inline_worker()
    try:
        yield
    finally:
        anyio_asyncio._threadpool_idle_workers.set(idle_workers)
        anyio_asyncio._threadpool_workers.set(workers)
