# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sync callables on the request's own thread instead of a worker thread.

FastAPI and Starlette hand every sync handler, dependency, iterator and file access to
``anyio.to_thread.run_sync``, so that it does not block the loop's other requests. A
loop of ours has no other requests, and Odoo's thread-bound state is missing on a
worker thread.

``anyio`` offers no setting for it. What it has is a deque of idle worker threads for
each event loop (``anyio._backends._asyncio``: ``run_sync_in_worker_thread`` takes a
worker from ``_threadpool_idle_workers`` and gives it the call). The deque of a loop of
ours holds one worker that makes the call on the loop. No other loop of the process has
it. And no loop of ours keeps the task that its last request was run in.

While the app makes server-sent events, the worker hands its calls to a thread, one
after the other: the comments with which FastAPI keeps the connection alive need the
loop while a sync generator waits for its next event.

This module is the only place that touches these names; ``test_loops`` fails when
they change. What a worker thread could and this thread can't: ``anyio.from_thread``.
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
    "leave_loop",
    "no_running_loop",
    "return_to_loop",
    "run_threads_inline",
]

#: Whether a thread has one current task, whatever its loop (``_asynciomodule.c``): up
#: to Python 3.13 each loop has one. A task that starts while there is another does not
#: get anywhere, and its loop runs for ever.
TASK_OF_THREAD = sys.version_info >= (3, 14)


#: Turns of the loop that a call lets others have; a task that spins has no end of them.
MAX_PATIENCE = 50


class _InlineWorker:
    """Stands in for ``anyio._backends._asyncio.WorkerThread``."""

    #: Never old enough to be pruned from the idle workers.
    idle_since = float("inf")

    def __init__(self, idle_workers: deque[_InlineWorker]) -> None:
        self._idle_workers = idle_workers
        self._calls: deque[tuple[Any, ...]] = deque()

    @property
    def queue(self) -> _InlineWorker:
        return self

    def put_nowait(self, item: tuple[Any, ...] | None) -> None:
        """Take a call that anyio puts into a worker's queue."""
        self._idle_workers.append(self)
        if item is None:  # anyio's word for "stop"
            return
        self._calls.append(item)
        if len(self._calls) == 1:
            asyncio.get_running_loop().call_soon(self._call_when_idle, 0)

    def _call_when_idle(self, patience: int) -> None:
        """Make the next call as soon as nothing else is to be done.

        It may block, on a lock or for the next item of a stream; what is ready before,
        such as a chunk that waits to be sent, must not wait for it.
        """
        loop: Any = asyncio.get_running_loop()
        # asyncio.BaseEventLoop: more callbacks to run, or run_until_complete is over
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
        """Make a call on another thread than the loop's."""
        context, func, args, future, *_cancel_scope = item
        outcome: Future[Any] = Future()
        try:
            self._call((context, func, args, outcome))
        except BaseException as exc:
            outcome.set_exception(exc)
        work.called_in_thread()
        with suppress(RuntimeError):  # closed: the server stops, or has given up
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
        except StopIteration as exc:  # which a future cannot carry
            error = RuntimeError("sync callable raised StopIteration")
            error.__cause__ = exc
            future.set_exception(error)
        except (KeyboardInterrupt, SystemExit):
            raise  # to whoever runs the loop
        except BaseException as exc:  # a loop of the callable's own was cancelled, say
            future.set_exception(exc)
        else:
            future.set_result(result)


class CallThread(threading.Thread):
    """A thread that makes calls for the one that creates it.

    It has what Odoo has noted on that one: the database, the user, the URL. It keeps no
    process from ending: what it is at can't be interrupted.
    """

    def __init__(self) -> None:
        super().__init__(name="odoo.addons.fastapi.events", daemon=True)
        #: Calls to make; None is the end.
        self.calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        for name, value in vars(threading.current_thread()).items():
            # the type says who is serving a request
            if not name.startswith("_") and name not in ("calls", "type"):
                setattr(self, name, value)
        self.start()

    def run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()


class _NoLimit:
    """Stands in for anyio's limit on the number of worker threads."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *exc_info: object) -> None:
        return None


class _RootTask:
    """Stands in for the task in which all others of a loop are started.

    anyio looks it up for its worker threads and, before 4.15, keeps it with all that it
    holds until the loop runs another one: an idle loop would keep its last request.
    """

    def done(self) -> bool:
        return False

    def add_done_callback(
        self, callback: Callable[[asyncio.Task[Any]], object]
    ) -> None:
        """Call back at the end of a request that has started processes of anyio."""
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(callback)


@contextmanager
def no_running_loop() -> Iterator[None]:
    """Let a sync callable run a loop of its own, as it could on a worker thread."""
    left = leave_loop()
    try:
        yield
    finally:
        return_to_loop(*left)


def leave_loop() -> tuple[Any, Any]:
    """Let the thread run no loop for now; return its loop and that one's task."""
    loop, task = asyncio._get_running_loop(), None
    if TASK_OF_THREAD and loop is not None:
        task = asyncio.tasks._swap_current_task(loop, None)
    asyncio._set_running_loop(None)
    return loop, task


def return_to_loop(loop: Any, task: Any) -> None:
    """Let the thread go on with a loop that it has left."""
    asyncio._set_running_loop(loop)
    if task is not None:
        asyncio.tasks._swap_current_task(loop, task)


async def run_threads_inline() -> None:
    """Make the running loop call on its own thread what anyio gives to worker threads.

    Holds for as long as the loop lives, and for this loop alone.
    """
    idle_workers: deque[_InlineWorker] = deque()
    idle_workers.append(_InlineWorker(idle_workers))
    anyio_asyncio._threadpool_idle_workers.set(idle_workers)
    anyio_asyncio._threadpool_workers.set(set())
    anyio_asyncio._default_thread_limiter.set(_NoLimit())
    anyio_asyncio._root_task.set(_RootTask())
