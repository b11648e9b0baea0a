# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Gives each greenlet its own running event loop, in servers patched by gevent.

All requests of Odoo's evented server are greenlets of one thread. asyncio stores the
running loop by thread, and Python the hooks of asynchronous generators. When a greenlet
waits inside a handler, for example for PostgreSQL, the next one would use its loop and
hooks. So they are exchanged at each switch of greenlets. So is the current task if
asyncio stores it by thread.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .inline_threads import leave_loop, return_to_loop

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["current_greenlet", "frame_of", "keep_loops_apart"]

#: Hooks, running loop and task of the greenlets that wait inside a loop.
_left: WeakKeyDictionary[Any, tuple[Any, Any, Any]] = WeakKeyDictionary()
_NONE: tuple[Any, Any, Any] = ((None, None), None, None)
#: The previous trace function, which ours calls.
_next_trace: Any = None


def _is_patched() -> bool:
    """Return whether gevent has patched threads."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


def keep_loops_apart() -> None:
    """Give each greenlet of this thread its own running loop.

    Does nothing if gevent has not patched threads.
    """
    global _next_trace
    if not _is_patched():
        return
    previous = sys.modules["greenlet"].settrace(_trace)
    if previous is not _trace:
        _next_trace = previous


def _trace(event: str, args: Any) -> None:
    """Called by ``greenlet`` at a switch, in the greenlet that continues."""
    origin, target = args
    loop, hooks = asyncio._get_running_loop(), sys.get_asyncgen_hooks()
    if loop is not None or hooks[0] is not None:
        _left[origin] = (hooks, *leave_loop())
        _restore(*_left.pop(target, _NONE))
    elif _left and target in _left:
        _restore(*_left.pop(target))
    if _next_trace is not None:
        _next_trace(event, args)


def _restore(hooks: Any, loop: Any, task: Any) -> None:
    return_to_loop(loop, task)
    sys.set_asyncgen_hooks(*hooks)


def current_greenlet() -> Any:
    """Return the running greenlet; None if threads are not greenlets."""
    return sys.modules["greenlet"].getcurrent() if _is_patched() else None


def frame_of(thread_id: int, greenlet: Any) -> FrameType | None:
    """Return the frame that a thread executes.

    :param greenlet: what :func:`current_greenlet` has returned on that thread
    """
    if greenlet is None:
        return sys._current_frames().get(thread_id)
    frame: FrameType | None = greenlet.gr_frame  # None for the current one
    return frame
