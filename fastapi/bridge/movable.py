# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Moves a running coroutine from one event loop to another.

A task belongs to its loop, but a coroutine does not: it only knows the loop of the
objects that it awaits. So :class:`Movable` steps a coroutine inside of whatever task
awaits it. At :meth:`Movable.move` the coroutine is suspended, and the task goes on
without it. Later a task of another loop continues it::

    loop 1:  await movable ──> coroutine … await movable.move()    (returns)
    loop 2:  await movable ──────────────> … return                (returns)

The coroutine has one context for its whole life, so a token of a context variable can
be reset after the move. ``asyncio.current_task()`` is the task that steps it.
"""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from types import coroutine
from typing import TYPE_CHECKING, Any

from .cancel_scopes import adopt_scopes, check_scopes, leave_scopes

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

__all__ = ["Movable"]

#: What the coroutine yields when it is suspended.
_MOVE: Any = object()


class Movable:
    """A coroutine that one task after the other can step.

    :param context: the coroutine runs in it; None for a copy of the current one
    """

    _task: asyncio.Task[Any] | None = None
    #: Cancel scopes of the last task, for the next one.
    _scopes: Any = None

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> None:
        self._coroutine = coroutine
        self._context = copy_context() if context is None else context

    def __await__(self) -> Generator[Any, Any, None]:
        """Step the coroutine until it moves or ends.

        :raises BaseException: the coroutine raised it
        """
        task = self._task = asyncio.current_task()
        assert task is not None
        scopes, self._scopes = self._scopes, None
        adopt_scopes(scopes, task)
        step, value = self._coroutine.send, None
        try:
            while True:
                yielded = self._context.run(step, value)
                if yielded is _MOVE:
                    self._scopes = leave_scopes(task)
                    return
                try:
                    value = yield yielded
                    step = self._coroutine.send
                except BaseException as exc:  # for the coroutine, such as a cancel
                    step, value = self._coroutine.throw, exc
        except StopIteration:
            return  # the coroutine has ended
        finally:
            self._task = None
            del step, value  # a cycle of an exception and this frame

    def check(self) -> None:
        """Check whether the running code can move.

        :raises RuntimeError: called in another task, or within a task group of anyio
            whose tasks are running
        """
        task = asyncio.current_task()
        if task is None or task is not self._task:
            raise RuntimeError(
                "This must be awaited in the task that serves the connection, not in "
                "one that was started with asyncio.create_task, a task group or "
                "asyncio.wait_for."
            )
        check_scopes(task)

    async def move(self) -> None:
        """Suspend the coroutine; to be awaited by itself.

        :raises RuntimeError: see :meth:`check`
        """
        self.check()
        await _suspend()


@coroutine
def _suspend() -> Generator[Any, Any, None]:
    yield _MOVE
