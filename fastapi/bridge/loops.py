# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A pool of event loops. Each request borrows one.

A request runs its app on the thread that serves it. Odoo keeps data by thread (the
database name in log lines, query counters, locks, the profiler), and passing work to
another thread takes longer than most handlers. Two requests never share a loop: a
handler that waits for a row lock would block the other one, which may hold the lock.

A new loop needs a selector and a socket pair, so loops are reused. They have no threads
unless a handler starts one (``asyncio.to_thread``).

An ``asyncio.Event`` or queue that two requests share belongs to the loop that waited
first. The other request can wake that loop. This logs a warning, because asyncio does
not guarantee that it works. A third request can't wait: asyncio raises an error, to
which ``explain_foreign_loop`` adds advice. What requests share belongs on the loop of
``shared_loop``, which they and any thread can wake.

:class:`Loop` uses private attributes of asyncio. Tests of this module fail when they
change.
"""

import asyncio
import logging
import os
import selectors
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context
from threading import get_ident
from typing import Any
from weakref import ref

from .greenlets import keep_loops_apart
from .inline_threads import CallThread, run_threads_inline
from .servers import read_stop_signal, worker_signals

__all__ = [
    "STOP_GRACE",
    "BusySelector",
    "Loop",
    "Work",
    "borrow_loop",
    "describe_callable",
    "discard_loop",
    "explain_foreign_loop",
    "is_shared",
    "new_loop",
    "register_loop",
    "server_stops",
    "stop_loops",
    "wait_for_requests",
]

_logger = logging.getLogger(__name__)

#: Most turns of a loop for ready callbacks of a request that has ended.
MAX_PASSES = 10
#: Most successive turns of a busy loop without checking its sockets.
MAX_BUSY_PASSES = 32
#: Seconds for requests to end when the server stops. The threaded server closes its
#: database connections after one second, and has spent up to half of it before it tells
#: the addon (``odoo.service.server.ThreadedServer.stop``, ``BaseServer.shutdown``).
STOP_GRACE = 0.25
#: Seconds for tasks to end after they are cancelled.
CANCEL_GRACE = 5

#: Idle loops. They need no lock, because appends and pops of a ``deque`` are atomic.
_idle: deque["Loop"] = deque()
#: All loops of the process. Unlike a ``WeakSet``, a set can be listed while another
#: thread adds to it.
_loops: set[ref["Loop"]] = set()
#: Set when the server stops.
_stop = threading.Event()
#: Places in the code that have already caused a warning.
_warned: set[str] = set()

#: Ends of messages about objects of another loop, and advice for them.
FOREIGN_LOOP_ERRORS = (
    "is bound to a different event loop",
    "to a different loop",
    "should be used inside a task",  # aiohttp
)
FOREIGN_LOOP_ADVICE = (
    "each request has an event loop of its own, so requests can't share what asyncio "
    "binds to one (locks, events, queues, tasks, asynchronous clients). Make it in a "
    "lifespan, and await it with on_shared_loop (odoo.addons.fastapi.bridge), or make "
    "one for each request, or take those of threading and queue"
)


class BusySelector(selectors.DefaultSelector):
    """A selector that skips most system calls while the loop is busy.

    ``BaseEventLoop._run_once`` polls the sockets before each turn, with a timeout of
    zero if callbacks are ready. The system call releases the interpreter's lock, and
    another busy thread keeps it for ``sys.getswitchinterval()``. With four clients,
    each turn of a request would wait that long.
    """

    _busy_passes = 0
    #: Called before the loop waits. If it returns True, the loop does not wait.
    before_wait: Callable[[], bool] | None = None

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            if self._busy_passes < MAX_BUSY_PASSES:
                self._busy_passes += 1
                return []
        elif self.before_wait is not None and self.before_wait():
            return []
        self._busy_passes = 0
        return super().select(timeout)


class Work:
    """The user of a loop. The log shows its ``str()``."""

    def wait(self) -> None:
        """Called before the loop waits."""

    def stop(self) -> None:
        """Called when the server stops."""

    def calls_in_thread(self) -> bool:
        """Return whether the next sync call runs on a second thread."""
        return False

    def called_in_thread(self) -> None:
        """Called on that thread after a call."""


class Loop(asyncio.SelectorEventLoop):
    """An event loop for one request at a time."""

    #: Whether many users share the loop, see ``shared_loop``.
    is_shared = False
    #: The current user of the loop.
    work: Work | None = None
    #: Runs sync calls if ``work.calls_in_thread()``.
    thread: CallThread | None = None
    #: Calls that have not returned yet.
    running_calls = 0
    #: Whether the loop is closed when it is given back.
    discard_on_return = False
    #: Callbacks that were scheduled since the loop was lent.
    scheduled_calls = 0
    _stop_timer: asyncio.TimerHandle | None = None
    _signals: int | None = None
    _selector: BusySelector

    # private attributes of asyncio.BaseEventLoop and BaseSelectorEventLoop
    _asyncgens: Any
    _check_closed: Callable[[], None]
    _closed: bool
    _default_executor: Any
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _thread_id: int | None
    _write_to_self: Callable[[], None]

    def __init__(self, selector: BusySelector | None = None) -> None:
        super().__init__(selector or BusySelector())
        #: Callbacks to hand over to other loops after the current step.
        self._outgoing: deque[tuple[Loop, asyncio.Handle]] = deque()
        self._selector.before_wait = self._before_wait

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback, also from another thread.

        asyncio has ``call_soon_threadsafe`` for other threads. But a future that two
        requests share calls this method of the waiting loop on the thread of the other
        request. That would not wake the loop.
        """
        if self._closed:
            self._check_closed()  # raises
        self.scheduled_calls += 1
        handle = asyncio.Handle(callback, args, self, context)
        if self._thread_id == get_ident():
            self._ready.append(handle)
        elif self._thread_id is None:
            self._ready.append(handle)
            if self._thread_id not in (None, get_ident()):
                # another thread has just started it, and may already wait
                self._write_to_self()
        else:
            self._call_from_thread(handle, callback)
        return handle

    def _call_from_thread(self, handle: asyncio.Handle, callback: Any) -> None:
        thread_id = get_ident()
        for loop in _all_loops():
            if loop._thread_id == thread_id:
                # After the current step, as on a single loop: the step may be iterating
                # over a list that the callback changes.
                loop._outgoing.append((self, handle))
                loop.call_soon(loop._hand_over)
                if not (self.is_shared or loop.is_shared):
                    _warn_of_sharing(callback)
                return
        self._take(handle)

    def run_forever(self) -> None:  # pylint: disable=missing-return
        """Run until :meth:`stop`, then hand over callbacks for other loops."""
        super().run_forever()
        if self._outgoing:  # from the last step; the next step may be far away
            self._hand_over()

    def _hand_over(self) -> None:
        while self._outgoing:
            loop, handle = self._outgoing.popleft()
            loop._take(handle)

    def _take(self, handle: asyncio.Handle) -> None:
        self._ready.append(handle)
        self._write_to_self()

    def _before_wait(self) -> bool:
        if _stop.is_set():
            self._stop_soon()
        elif self._signals is None:
            self._signals = worker_signals() or -1
            if self._signals >= 0:
                # in an empty context, because the reader outlives this request
                Context().run(self.add_reader, self._signals, self._read_signal)
        if self.work is not None:
            self.work.wait()
        return bool(self._ready)

    def _stop_soon(self) -> None:
        if self.work is not None and self._stop_timer is None:
            self._stop_timer = self.call_later(STOP_GRACE, self.work.stop)
            # the timeout of the selector is already computed, so do not wait
            self.call_soon(_do_nothing)

    def _read_signal(self) -> None:
        if self._signals is not None and read_stop_signal(self._signals):
            _stop.set()

    def give_back(self) -> None:
        """Detach the user of the loop."""
        self.work = None
        if self.thread is not None:
            self.thread.calls.put(None)
            self.thread, self.running_calls = None, 0
        if self._stop_timer is not None:
            self._stop_timer.cancel()
            self._stop_timer = None


def is_shared(loop: Any) -> bool:
    """Return whether many users share a loop, see ``shared_loop``.

    :param loop: any event loop, or None
    """
    return getattr(loop, "is_shared", False)


def _do_nothing() -> None:
    """Wake a waiting loop."""


def stop_loops() -> None:
    """End the requests of all loops, because the server stops."""
    _stop.set()
    for loop in _all_loops():
        if loop.is_running():
            loop.call_soon_threadsafe(_do_nothing)


def wait_for_requests(timeout: float) -> None:
    """Wait until no loop has a user any more, or the timeout in seconds is over."""
    deadline = time.monotonic() + timeout
    while (
        any(loop.work is not None for loop in _all_loops())
        and time.monotonic() < deadline
    ):
        time.sleep(0.01)  # loops tell nobody when their request ends


def server_stops() -> bool:
    """Return whether the server is stopping."""
    return _stop.is_set()


def new_loop() -> Loop:
    """Return a loop that runs anyio's worker calls on its own thread."""
    keep_loops_apart()
    # Not by the event loop policy, because inline_threads needs this class. In an empty
    # context, because a loop keeps it (BaseSelectorEventLoop._make_self_pipe).
    loop = Context().run(Loop)
    loop.run_until_complete(run_threads_inline())
    register_loop(loop)
    return loop


def register_loop(loop: Loop) -> None:
    """Let other loops hand over callbacks to this one."""
    _loops.add(ref(loop, _loops.discard))


def _all_loops() -> list[Loop]:
    """Return the open loops of all threads."""
    return [loop for found in list(_loops) if (loop := found()) is not None]


def _close_loops_of_parent() -> None:
    """Close copies of the parent's loops in the child of a fork.

    Parent and child share the selectors. Closing a copied loop as usual would remove
    the parent's sockets from them.
    """
    for loop in _all_loops():
        if not (loop.is_closed() or loop.is_running()):
            loop._selector.close()
            loop._selector = BusySelector()
            loop._default_executor = None  # its lock may be held by a parent's thread
            loop.close()
    _idle.clear()


os.register_at_fork(after_in_child=_close_loops_of_parent)


def _is_clean(loop: Loop) -> bool:
    """Return whether a request has left nothing on its loop.

    Ready callbacks run first, while the cursor of the request is open. For example,
    they close generators that were not exhausted.
    """
    passes = 0
    # a cancelled timer keeps the context of the request until the next turn
    while (loop._ready or loop._scheduled) and passes < MAX_PASSES:
        loop.run_until_complete(_nothing())
        passes += 1
    return not (
        loop._ready
        # the response may still refer to an exhausted generator; looking at an empty
        # WeakSet is slow
        or (loop._asyncgens and any(g.ag_frame is not None for g in loop._asyncgens))
        or any(not timer.cancelled() for timer in loop._scheduled)
        # after a single call, the only task was that of the request, which never waited
        or (loop.scheduled_calls > 1 and asyncio.all_tasks(loop))
    )


async def _nothing() -> None:
    """Let a loop make one turn."""


def discard_loop(
    loop: Loop, work: Work | None = None, timeout: float | None = None
) -> None:
    """Cancel the tasks of a loop, and close it.

    :param work: the user of the loop, for a warning; None for no warning
    :param timeout: seconds for the tasks to end; None for ``CANCEL_GRACE``
    """
    if loop.is_closed():  # a stream was never closed
        return
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        pending: set[asyncio.Task[Any]] = set()
        if tasks:
            _done, pending = loop.run_until_complete(
                asyncio.wait(tasks, timeout=timeout or CANCEL_GRACE)
            )
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]
        if work is not None and (tasks or timers):
            _warn_of_leftovers(work, tasks, timers)
        for task in pending:
            _logger.error("%s is cancelled and does not end: it is given up.", task)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _warn_of_leftovers(work: Work, tasks: Any, timers: Any) -> None:
    """Log the tasks and timers that are cancelled with their request."""
    leftovers = [
        f"the task {describe_callable(task.get_coro())} is cancelled" for task in tasks
    ]
    leftovers += [
        f"the call of {describe_callable(timer._callback)} at a later time is dropped"
        for timer in timers
    ]
    _logger.warning(
        "%s has ended without waiting for what it has started: %s. Await it, or use "
        "BackgroundTasks.",
        work,
        ", ".join(leftovers),
    )


def describe_callable(called: Any) -> str:
    """Return name and place of a coroutine or function."""
    code = getattr(called, "cr_code", None) or getattr(called, "__code__", None)
    name = getattr(called, "__qualname__", None) or repr(called)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


def _warn_of_sharing(callback: Any) -> None:
    """Log which coroutine waits for another request, once for each line of code."""
    task = getattr(callback, "__self__", None)
    place = "something"
    if isinstance(task, asyncio.Task):
        coroutine: Any = task.get_coro()
        while coroutine is not None:
            code = getattr(coroutine, "cr_code", None)
            if code is None or _is_of_asyncio(code.co_filename):
                break
            frame = coroutine.cr_frame
            line = frame.f_lineno if frame else code.co_firstlineno
            place = f"{coroutine.__qualname__} ({code.co_filename}:{line})"
            coroutine = coroutine.cr_await
    if place not in _warned:
        _warned.add(place)
        _logger.warning("%s waits for another request: %s.", place, FOREIGN_LOOP_ADVICE)


def _is_of_asyncio(filename: str) -> bool:
    return os.path.dirname(filename) == os.path.dirname(asyncio.__file__)


def explain_foreign_loop(exc: BaseException) -> None:
    """Add advice to an error about an object of another loop."""
    if not isinstance(exc, RuntimeError) or len(exc.args) != 1:
        return
    message = str(exc)
    if not message.endswith(FOREIGN_LOOP_ERRORS):
        return
    where = ""
    for frame in traceback.extract_tb(exc.__traceback__):
        if not _is_of_asyncio(frame.filename):
            where = f"{frame.name} ({frame.filename}:{frame.lineno}): "
    exc.args = (f"{where}{message}: {FOREIGN_LOOP_ADVICE}.",)


def borrow_loop() -> AbstractContextManager[Loop]:
    """Lend a loop that only the borrower runs.

    The loop is reused if the request has left nothing on it. Otherwise, its tasks are
    cancelled, and the loop is closed.
    """
    return _Loan()


class _Loan:
    # faster than contextlib.contextmanager

    def __enter__(self) -> Loop:
        try:
            loop = _idle.pop()
        except IndexError:
            loop = new_loop()
        loop.scheduled_calls = 0
        self._loop = loop
        return loop

    def __exit__(self, _type: Any, exc: BaseException | None, _traceback: Any) -> None:
        loop = self._loop
        work = loop.work
        loop.give_back()
        if exc is not None or loop.discard_on_return:
            discard_loop(loop)
        elif _is_clean(loop):
            _idle.append(loop)
        else:
            discard_loop(loop, work)
