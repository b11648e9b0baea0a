# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An event loop of the process that always turns, on a thread of its own.

The loop of a request only turns while its request is served. Lifespans, WebSockets and
objects that requests share (asynchronous clients, schedulers, queues) need a loop that
goes on. They all share this one. It starts on first use. In the evented server, its
thread is a greenlet. The child of a fork gets a new one.

Many users share the loop, so none may block it: ``block_watch`` logs which one does.
Sync calls (``anyio.to_thread``) run on worker threads, which don't keep the process
from exiting. A loop that a startup blocks for too long is abandoned: a new one takes
its place, and it goes on by itself when it can.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from .block_watch import TimedSelector, watch_blocks
from .greenlets import current_greenlet, frame_of, keep_loops_apart
from .inline_threads import keep_worker_threads, no_running_loop, threads_inline
from .loops import Loop, describe_callable, register_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import TypeVar

    T = TypeVar("T")

__all__ = [
    "SharedLoop",
    "TaskOwner",
    "context_for_shared_loop",
    "get_shared_loop",
    "shared_threads",
]

_logger = logging.getLogger(__name__)

#: Name of the database for the log, see ``_LoopThread``.
_dbname: ContextVar[str] = ContextVar("dbname")
#: Who ends the tasks that code in this context starts.
_owner: ContextVar[TaskOwner] = ContextVar("owner")

#: The threads that run a shared loop, also an abandoned one.
shared_threads: set[int] = set()
#: The shared loop of the process.
_current: SharedLoop | None = None
_lock = threading.Lock()
#: The loops of the parent of a fork, with their tasks. They are kept: the garbage
#: collector would run the cleanup code of the tasks.
_of_parent: list[Any] = []


class _LoopThread(threading.Thread):
    """The thread of a shared loop."""

    @property
    def dbname(self) -> str:
        """The database that Odoo names in log entries (``odoo.netsvc``)."""
        try:
            return _dbname.get()
        except LookupError:
            raise AttributeError("dbname") from None

    @dbname.setter
    def dbname(self, value: str) -> None:
        _dbname.set(value)


class TaskOwner:
    """Ends the tasks and timers that were started in its context.

    :param name: name for the log
    """

    def __init__(self, name: str) -> None:
        self.name = name
        #: The tasks, also those that have ended.
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    def enter(self) -> None:
        """Own what code in the current context starts from now on."""
        _owner.set(self)

    async def cancel(self, timeout: float) -> None:
        """Cancel the tasks and timers of this owner on the running shared loop.

        :param timeout: seconds for the tasks to end
        """
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SharedLoop)
        for timer in loop._scheduled.copy():
            if timer._context.get(_owner) is self:  # type: ignore[attr-defined]
                timer.cancel()
        tasks = [
            task
            for task in self.tasks
            if not task.done()
            and task is not asyncio.current_task()
            # a lifespan may have been about to begin on a loop that was abandoned
            and task.get_loop() is loop
        ]
        for task in tasks:
            task.cancel()
        if tasks:
            _done, pending = await asyncio.wait(tasks, timeout=timeout)
            for task in pending:
                _logger.error("%s is cancelled and does not end: it is given up.", task)


class SharedLoop(Loop):
    """An event loop with many users, which always turns.

    ``call_soon`` and ``call_soon_threadsafe`` may be called from any thread.
    """

    is_shared = True
    #: Whether another loop has taken the place of this one.
    abandoned = False
    _selector: TimedSelector

    def __init__(self) -> None:
        super().__init__(TimedSelector())
        #: Owners of tasks, for the log.
        self.owners: WeakKeyDictionary[asyncio.Task[Any], TaskOwner]
        self.owners = WeakKeyDictionary()
        #: Functions to call when the loop is abandoned, on any thread.
        self.on_abandon: set[Callable[[], None]] = set()
        #: Held by the thread that runs the loop.
        self._turning = threading.Lock()
        #: Held by a thread that runs the loop in :meth:`drive`.
        self._driving = threading.Lock()
        #: Not set while a thread calls :meth:`drive`.
        self._undriven = threading.Event()
        self._undriven.set()
        self._greenlet: Any = None
        self._worker_keeper = self.create_task(keep_worker_threads())
        self._thread = _LoopThread(
            target=self._turn, daemon=True, name="odoo.fastapi.shared_loop"
        )
        self._watch = threading.Thread(
            target=watch_blocks,
            args=(self._selector, self.describe_block),
            daemon=True,
            name="odoo.fastapi.shared_loop.watch",
        )

    def start(self) -> None:
        """Start the thread of the loop, and wait until it turns."""
        turns = threading.Event()
        self.call_soon(turns.set)
        self._thread.start()
        self._watch.start()
        turns.wait()

    def _turn(self) -> None:
        """Run the loop, except while another thread does."""
        keep_loops_apart()
        while True:
            self._undriven.wait()
            with self._turning:
                if not self._undriven.is_set():
                    continue
                try:
                    self.run_forever()
                except BaseException:  # SystemExit of a task, which asyncio raises here
                    _logger.exception("A task has tried to end the process.")

    def run_forever(self) -> None:  # pylint: disable=missing-return
        self._greenlet = current_greenlet()
        thread_id = threading.get_ident()
        shared_threads.add(thread_id)
        try:
            super().run_forever()
        finally:
            shared_threads.discard(thread_id)
            self._selector.end_turn()

    def drive(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; the calling thread runs the loop meanwhile.

        The coroutine can use what the calling thread has locked. So can the sync calls
        that it makes with anyio.
        """
        with self._driving:
            self._undriven.clear()
            try:
                self.call_soon_threadsafe(self._let_go)
                with self._turning, no_running_loop():
                    return self.run_until_complete(_inline(coroutine))
            finally:
                self._undriven.set()

    def _let_go(self) -> None:
        if self._thread_id == self._thread.ident:
            self.stop()

    def create_task(self, coro: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = super().create_task(coro, **kwargs)
        context = kwargs.get("context")
        owner = _owner.get(None) if context is None else context.get(_owner)
        if owner is not None:
            self.owners[task] = owner
            owner.tasks.add(task)
        return task

    def _before_wait(self) -> bool:
        # unlike the loop of a request, it does not read the signals of a worker: the
        # worker itself does between requests
        return bool(self._ready)

    def runs_here(self) -> bool:
        """Return whether the calling thread runs the loop."""
        return self._thread_id == threading.get_ident()

    def blocked_for(self) -> float:
        """Return for how many seconds the current callback has been running."""
        began = self._selector.turn_began
        return 0 if began is None else time.monotonic() - began

    def describe_block(self) -> str:
        """Return what the loop executes: owner, task, and the stack, last line first.

        Empty if it waits.
        """
        thread_id = self._thread_id
        if thread_id is None or self._selector.turn_began is None:
            return ""
        lines = []
        task = asyncio.current_task(self)
        if task is not None:
            if owner := self.owners.get(task):
                lines.append(owner.name)
            lines.append(describe_callable(task.get_coro()))
        frame = frame_of(thread_id, self._greenlet)
        if frame is not None:
            stack = traceback.extract_stack(frame)
            lines += [f"{s.filename}:{s.lineno}, in {s.name}" for s in reversed(stack)]
        return "\n  ".join(lines)

    def abandon(self) -> bool:
        """Let a new loop take the place of this one; return False if it already has."""
        global _current
        with _lock:
            if _current is not self:
                return False
            _current = None
            self.abandoned = True
        for callback in self.on_abandon.copy():
            callback()
        return True


async def _inline(coroutine: Coroutine[Any, Any, T]) -> T:
    with threads_inline():
        return await coroutine


def get_shared_loop() -> SharedLoop:
    """Return the running shared loop of the process."""
    global _current
    loop = _current
    if loop is None:
        with _lock:
            loop = _current
            if loop is None:
                # in an empty context, which loop and thread keep
                loop = Context().run(_new_shared_loop)
                _current = loop
    return loop


def _new_shared_loop() -> SharedLoop:
    loop = SharedLoop()
    register_loop(loop)
    loop.start()
    return loop


def context_for_shared_loop() -> Context:
    """Return a copy of the context, in which log entries name the current database."""
    context = copy_context()
    dbname = getattr(threading.current_thread(), "dbname", None)
    if dbname:
        context.run(_dbname.set, dbname)
    return context


def _forget_parent() -> None:
    """Forget the loop in the child of a fork, where its thread does not exist."""
    global _current, _lock
    _lock = threading.Lock()
    loop, _current = _current, None
    if loop is not None:
        loop._thread_id = None  # a thread of the child may have the same id
        _of_parent.append((loop, asyncio.all_tasks(loop)))


os.register_at_fork(after_in_child=_forget_parent)
