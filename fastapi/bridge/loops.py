# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Event loops, each lent to one running request at a time.

A request runs its app on the thread that serves it: Odoo binds much to that thread
(the database name in log lines, query counters, locks, the profiler), and a hand-over
to another one costs more than most handlers. Two requests never share a loop: a
handler that blocks, in a row lock say, would stop the other, which may be the one that
holds the lock.

Making a loop costs a selector and a socket pair, so loops are kept for the next
request. They hold no thread but what a handler asks for (``asyncio.to_thread``).

What two requests share (an ``asyncio.Event`` of a module, a queue) belongs to the loop
that waited for it first. The other request wakes that loop, and a warning says that
asyncio does not promise this to work. A third one can't wait for it: asyncio raises,
and ``explain_foreign_loop`` says what to do.

This module touches some private names of ``asyncio.BaseEventLoop``: ``_ready``,
``_scheduled``, ``_asyncgens``, ``_selector``, ``_closed``, ``_thread_id``,
``_write_to_self``.
``test_loops`` and ``test_waits`` fail when they change.
"""

import asyncio
import logging
import os
import selectors
import threading
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
    "Loop",
    "Work",
    "borrow_loop",
    "describe_callable",
    "explain_foreign_loop",
    "new_loop",
    "server_stops",
    "discard_on_return",
    "stop_loops",
]

_logger = logging.getLogger(__name__)

#: Turns that a loop gets for what a request has left ready on it.
MAX_PASSES = 10
#: Turns in a row that a loop with something ready takes without a look at its sockets.
MAX_BUSY_PASSES = 32
#: Seconds that the work on a loop has to end when the server stops. Odoo's threaded
#: server closes the connections to the database after one
#: (``odoo.service.server.ThreadedServer.stop``).
STOP_GRACE = 0.5
#: Seconds that tasks may take to end after they are cancelled.
CANCEL_GRACE = 5

#: Idle loops. ``deque`` appends and pops are atomic, no lock is needed.
_idle: deque["Loop"] = deque()
#: All loops of the process. A plain set: unlike a ``WeakSet``, it can be listed while
#: another thread adds to it.
_loops: set[ref["Loop"]] = set()
#: Set once the server stops.
_stop = threading.Event()
#: Places in the code that a warning was about.
_warned: set[str] = set()

#: What asyncio says when something of one loop is used on another, and what to do.
FOREIGN_LOOP_ERRORS = ("is bound to a different event loop", "to a different loop")
FOREIGN_LOOP_ADVICE = (
    "each request has an event loop of its own, so requests can't share what asyncio "
    "binds to one (locks, events, queues, tasks, asynchronous clients): take those of "
    "threading and queue, or make one for each request"
)


class _BusySelector(selectors.DefaultSelector):
    """A selector that a loop with something ready asks for nothing, most of the time.

    ``BaseEventLoop._run_once`` asks before each turn whether a socket is ready, with a
    timeout of zero if it has work anyway. The system call gives up the interpreter's
    lock, and a busy thread that takes it keeps it for ``sys.getswitchinterval()``:
    with four clients a request waited for that at every turn.
    """

    _busy_passes = 0
    #: Called before the loop waits; returns whether there is something to do instead.
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
    """What a loop is lent for; ``str`` is what the log calls it."""

    def wait(self) -> None:
        """Called before the loop waits for something."""

    def stop(self) -> None:
        """End: the server stops."""

    def calls_in_thread(self) -> bool:
        """Return whether the next sync call goes to a thread."""
        return False

    def called_in_thread(self) -> None:
        """Called on that thread when it has made a call."""


class Loop(asyncio.SelectorEventLoop):
    """The event loop of one request at a time."""

    #: What the loop is lent for.
    work: Work | None = None
    #: Makes sync calls while the loop goes on, if the work wants that.
    thread: CallThread | None = None
    #: Calls that it has not made yet.
    running_calls = 0
    #: Whether it is not to be lent again.
    discarded = False
    #: Functions that were to be called at the next turn since it was lent.
    scheduled_calls = 0
    _stop_timer: asyncio.TimerHandle | None = None
    _signals: int | None = None
    _selector: _BusySelector

    def __init__(self) -> None:
        super().__init__(_BusySelector())
        #: What this loop is about to hand over to others, which wait for it.
        self._outgoing: deque[tuple[Loop, asyncio.Handle]] = deque()
        self._selector.before_wait = self._before_wait

    def call_soon(
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call a function at the next turn, also if another thread asks for it.

        ``asyncio.BaseEventLoop`` leaves that to ``call_soon_threadsafe``. But a future
        that two requests share calls this method of the loop that waits, on the thread
        of the other request: the loop would sleep on for ever.
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
                # its own thread runs it by now, and may have seen nothing to do
                self._write_to_self()
        else:
            self._call_from_thread(handle)
        return handle

    def _call_from_thread(self, handle: asyncio.Handle) -> None:
        thread_id = get_ident()
        for loop in _all_loops():
            if loop._thread_id == thread_id:
                # As on one loop: the other goes on when this one has made its step. It
                # may be in the middle of a list that the other wants to change.
                loop._outgoing.append((self, handle))
                loop.call_soon(loop._hand_over)
                _warn_of_sharing(handle._callback)
                return
        self._take(handle)

    def run_forever(self) -> None:  # pylint: disable=missing-return
        """Run until :meth:`stop`; what other loops wait for does not wait for more."""
        super().run_forever()
        if self._outgoing:  # of its last step: a slow client may keep it from the next
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
                # for all requests: not in the context of this one
                Context().run(self.add_reader, self._signals, self._read_signal)
        if self.work is not None:
            self.work.wait()
        return bool(self._ready)

    def _stop_soon(self) -> None:
        if self.work is not None and self._stop_timer is None:
            self._stop_timer = self.call_later(STOP_GRACE, self.work.stop)
            # the selector would wait for the time that was known before
            self.call_soon(_do_nothing)

    def _read_signal(self) -> None:
        if read_stop_signal(self._signals):
            _stop.set()

    def give_back(self) -> None:
        """Forget the work that was done on the loop."""
        self.work = None
        if self.thread is not None:
            self.thread.calls.put(None)
            self.thread, self.running_calls = None, 0
        if self._stop_timer is not None:
            self._stop_timer.cancel()
            self._stop_timer = None


def _do_nothing() -> None:
    """Let a loop that waits look around."""


def stop_loops() -> None:
    """Have the work on all loops end: the server stops."""
    _stop.set()
    for loop in _all_loops():
        if loop.is_running():
            loop.call_soon_threadsafe(_do_nothing)


def server_stops() -> bool:
    """Return whether the server stops."""
    return _stop.is_set()


def new_loop() -> Loop:
    """Return a loop that calls on its own thread what others give to threads."""
    keep_loops_apart()
    # Whatever the policy: inline_threads knows it. A loop keeps the context that it is
    # made in (BaseSelectorEventLoop._make_self_pipe): not that of the first request.
    loop = Context().run(Loop)
    loop.run_until_complete(run_threads_inline())
    _loops.add(ref(loop, _loops.discard))
    return loop


def _all_loops() -> list[Loop]:
    """Return the loops of all threads."""
    return [loop for found in list(_loops) if (loop := found()) is not None]


def _close_loops_of_parent() -> None:
    """In the child of a fork: close what it has of its parent's loops.

    It shares the selectors: a loop that is closed, be it by the garbage collector,
    takes its sockets out of them, and no other thread can wake the parent's loop.
    """
    for loop in _all_loops():
        if not (loop.is_closed() or loop.is_running()):
            loop._selector.close()
            loop._selector = _BusySelector()
            loop._default_executor = None  # a thread that is gone may hold its lock
            loop.close()
    _idle.clear()


os.register_at_fork(after_in_child=_close_loops_of_parent)


def _is_clean(loop: Loop) -> bool:
    """Return whether nothing of a request is left on its loop.

    What is ready is run first, while the request's cursor is open: a generator that was
    not read to its end is closed that way.
    """
    passes = 0
    # A timer that is cancelled keeps the context of the request until the next pass.
    while (loop._ready or loop._scheduled) and passes < MAX_PASSES:
        loop.run_until_complete(_nothing())
        passes += 1
    return not (
        loop._ready
        # one that has ended may still be kept by its response
        or any(generator.ag_frame is not None for generator in loop._asyncgens)
        or any(not timer.cancelled() for timer in loop._scheduled)
        # One call: the task of the request was the only one, and never waited.
        or (loop.scheduled_calls > 1 and asyncio.all_tasks(loop))
    )


async def _nothing() -> None:
    """Let a loop make one pass."""


def _discard(loop: Loop, work: Work | None = None) -> None:
    """Close a loop whose request left something on it, after cancelling that.

    :param work: what has left it, None to say nothing in the log
    """
    if loop.is_closed():  # nobody has closed the stream that had it
        return
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        pending: set[asyncio.Task[Any]] = set()
        if tasks:
            _done, pending = loop.run_until_complete(
                asyncio.wait(tasks, timeout=CANCEL_GRACE)
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
    """Say what ends with a request that has not waited for it."""
    leftovers = [
        f"the task {describe_callable(task.get_coro())} is cancelled" for task in tasks
    ]
    leftovers += [
        f"the call of {describe_callable(timer._callback)} at a later time is dropped"
        for timer in timers
    ]
    _logger.warning(
        "%s has ended without waiting for what it has started: %s. Await it, or leave "
        "it to BackgroundTasks.",
        work,
        ", ".join(leftovers),
    )


def describe_callable(called: Any) -> str:
    """Return name and place of a coroutine or function."""
    code = getattr(called, "cr_code", None) or getattr(called, "__code__", None)
    name = getattr(called, "__qualname__", None) or repr(called)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


def _warn_of_sharing(callback: Any) -> None:
    """Say which coroutine waits for another request, once for each place."""
    task = getattr(callback, "__self__", None)
    place = "something"
    if isinstance(task, asyncio.Task):
        coroutine = task.get_coro()
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
    """Say in an exception of asyncio's what to do about it.

    :param exc: any exception; only one about something of another loop is changed
    """
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


def discard_on_return(loop: Loop) -> None:
    """Have a loop closed instead of lent again.

    For a request that was cut off: its generators may wait for somebody to end them.
    """
    loop.discarded = True


def borrow_loop() -> AbstractContextManager[Loop]:
    """Lend an event loop that nobody else runs meanwhile.

    A loop is lent again only if its request left nothing on it: tasks that a handler
    started and did not wait for are cancelled.
    """
    return _Loan()


class _Loan:
    # less than contextlib.contextmanager costs each request

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
        if exc is not None or loop.discarded:
            _discard(loop)
        elif _is_clean(loop):
            _idle.append(loop)
        else:
            _discard(loop, work)
