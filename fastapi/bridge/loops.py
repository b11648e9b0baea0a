# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Event loops, each lent to one running request at a time.

A request runs its app on the thread that serves it: Odoo binds much to that thread
(the database name in log lines, query counters, locks, the profiler), and a hand-over
to another one costs more than most handlers. Two requests never share a loop: a
handler that blocks, in a row lock say, would stop the other, which may be the one that
holds the lock.

Making a loop costs a selector and a socket pair, so loops are kept for the next
request. They hold no thread but what a handler asks for (``asyncio.to_thread``).
"""

import asyncio
import os
import selectors
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context
from typing import Any
from weakref import WeakSet

import odoo

from .inline_threads import run_threads_inline

__all__ = ["borrow_loop", "new_loop", "one_at_a_time", "spoil"]

#: To be held while a loop runs. In Odoo's evented server all requests are greenlets of
#: one thread, of which asyncio knows one running loop only; elsewhere it does nothing.
one_at_a_time: AbstractContextManager = (
    threading.RLock() if odoo.evented else nullcontext()
)

#: Turns that a loop gets for what a request has left ready on it.
MAX_PASSES = 10
#: Turns in a row that a loop with something ready takes without a look at its sockets.
MAX_BUSY_PASSES = 32

#: Idle loops. ``deque`` appends and pops are atomic, no lock is needed.
_idle: deque[asyncio.AbstractEventLoop] = deque()
#: Loops that are lent and not to be lent again.
_spoiled: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
#: All loops of the process.
_loops: WeakSet[Any] = WeakSet()


class _BusySelector(selectors.DefaultSelector):
    """A selector that a loop with something ready asks for nothing, most of the time.

    ``BaseEventLoop._run_once`` asks before each turn whether a socket is ready, with a
    timeout of zero if it has work anyway. The system call gives up the interpreter's
    lock, and a busy thread that takes it keeps it for ``sys.getswitchinterval()``:
    with four clients a request waited for that at every turn.
    """

    _busy_passes = 0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0 and self._busy_passes < MAX_BUSY_PASSES:
            self._busy_passes += 1
            return []
        self._busy_passes = 0
        return super().select(timeout)


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a loop that calls on its own thread what others give to threads."""
    # Whatever the policy: inline_threads knows it. A loop keeps the context that it is
    # made in (BaseSelectorEventLoop._make_self_pipe): not that of the first request.
    loop = Context().run(asyncio.SelectorEventLoop, _BusySelector())
    with one_at_a_time:
        loop.run_until_complete(run_threads_inline())
    _loops.add(loop)
    return loop


def _close_loops_of_parent() -> None:
    """In the child of a fork: close what it has of its parent's loops.

    It shares the selectors: a loop that is closed, be it by the garbage collector,
    takes its sockets out of them, and no other thread can wake the parent's loop.
    """
    for loop in list(_loops):
        if not (loop.is_closed() or loop.is_running()):
            loop._selector.close()
            loop._selector = _BusySelector()
            loop._default_executor = None  # a thread that is gone may hold its lock
            loop.close()
    _idle.clear()


os.register_at_fork(after_in_child=_close_loops_of_parent)


def _is_clean(loop: Any) -> bool:
    """Return whether nothing of a request is left on its loop.

    What is ready is run first, while the request's cursor is open: a generator that was
    not read to its end is closed that way.
    """
    passes = 0
    while loop._ready and passes < MAX_PASSES:
        with one_at_a_time:
            loop.run_until_complete(_nothing())
        passes += 1
    return not (
        loop._ready
        # one that has ended may still be kept by its response
        or any(generator.ag_frame is not None for generator in loop._asyncgens)
        or any(not timer.cancelled() for timer in loop._scheduled)
        or asyncio.all_tasks(loop)
    )


async def _nothing() -> None:
    """Let a loop make one pass."""


def _discard(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop whose request left work behind, after cancelling that work."""
    if loop.is_closed():  # nobody has closed the stream that had it
        return
    try:
        with one_at_a_time:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def spoil(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop closed instead of lent again.

    For a request that was cut off: its generators may wait for somebody to end them.
    """
    _spoiled.add(loop)


@contextmanager
def borrow_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Lend an event loop that nobody else runs meanwhile.

    A loop is lent again only if its request left nothing on it: tasks that a handler
    started and did not wait for are cancelled.
    """
    try:
        loop = _idle.pop()
    except IndexError:
        loop = new_loop()
    try:
        yield loop
    except BaseException:
        _discard(loop)
        raise
    if loop not in _spoiled and _is_clean(loop):
        _idle.append(loop)
    else:
        _discard(loop)
