# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ends the tasks that the app of a WebSocket has started and left.

All connections share one loop. So a task may serve others, although it was started by
this connection: the reader of a client that this one has used first, for example. Only
tasks that use the connection are cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .app_run import DISCONNECT_GRACE
from .loops import describe_callable
from .request_state import get_state
from .shared_loop import SharedLoop, TaskOwner

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["ConnectionTasks"]

_logger = logging.getLogger(__name__)

#: Places in the code that have already caused a warning.
_warned: set[str] = set()


class ConnectionTasks(TaskOwner):
    """The tasks that were started in the context of a connection.

    :param scope: ASGI scope of the connection
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__("WebSocket")
        self._scope = scope
        #: Tasks that have sent or received.
        self._users: WeakSet[asyncio.Task[Any]] = WeakSet()

    def add_user(self, task: asyncio.Task[Any]) -> None:
        """Note that a task has sent or received."""
        self._users.add(task)

    async def end(self, main: asyncio.Task[Any]) -> None:
        """Cancel the tasks that use the connection, and warn of others.

        :param main: the task of the app itself
        """
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SharedLoop)
        users = set()
        for task, owner in loop.owners.copy().items():
            if owner is not self or task is main or task.done():
                continue
            if task in self._users or self._is_used_by(task):
                users.add(task)
                task.cancel()
            else:
                self._warn_of(task)
        if users:
            _done, pending = await asyncio.wait(users, timeout=DISCONNECT_GRACE)
            for task in pending:
                _logger.error("%s is cancelled and does not end: it is given up.", task)

    def _is_used_by(self, task: asyncio.Task[Any]) -> bool:
        """Return whether the code of a task has the WebSocket in a variable."""
        state = get_state(self._scope)
        coroutine: Any = task.get_coro()
        while (frame := getattr(coroutine, "cr_frame", None)) is not None:
            for value in frame.f_locals.values():
                for each in (value, *_attributes(value).values()):
                    scope = _attributes(each).get("scope")
                    if isinstance(scope, dict) and get_state(scope) is state:
                        return state is not None
            coroutine = coroutine.cr_await
        return False

    def _warn_of(self, task: asyncio.Task[Any]) -> None:
        place = describe_callable(task.get_coro())
        if place not in _warned:
            _warned.add(place)
            _logger.warning(
                "The task %s goes on after the connection that has started it (%s). If"
                " it is of no use to others, cancel it in that connection.",
                place,
                self.name,
            )


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object, without calling its code."""
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}
