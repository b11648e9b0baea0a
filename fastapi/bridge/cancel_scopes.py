# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Moves the cancel scopes of anyio from one task to another.

FastAPI opens a cancel scope for dependencies with ``yield``
(``fastapi.dependencies.utils._solve_generator``), which stays open while the handler
runs. anyio binds a scope to its task, and the timer of its deadline to the loop.

Only this module uses these private names. ``test_movable`` fails when they change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from anyio._backends import _asyncio as anyio_asyncio

__all__ = ["adopt_scopes", "check_scopes", "leave_scopes"]


def check_scopes(task: asyncio.Task[Any]) -> None:
    """Check that the scopes of a task can move.

    :raises RuntimeError: they are of a task group whose tasks are running
    """
    inner = None
    for scope in _scopes(anyio_asyncio._task_states.get(task)):
        if scope._tasks - {task} or scope._child_scopes - {inner}:
            raise RuntimeError(
                "This can't be awaited within a task group of anyio whose tasks are"
                " running: start them afterwards."
            )
        inner = scope


def leave_scopes(task: asyncio.Task[Any]) -> Any:
    """Take the scopes from the running task, and return its state for anyio."""
    state = anyio_asyncio._task_states.pop(task, None)
    for scope in _scopes(state):
        scope._tasks.discard(task)
        for name in ("_timeout_handle", "_cancel_handle"):
            handle = getattr(scope, name)
            if handle is not None:
                handle.cancel()
                setattr(scope, name, None)
    return state


def adopt_scopes(state: Any, task: asyncio.Task[Any]) -> None:
    """Give scopes that another task has left to the running task."""
    if state is None:
        return
    anyio_asyncio._task_states[task] = state
    for scope in _scopes(state):
        if scope is state.cancel_scope:
            scope._tasks.add(task)
        scope._host_task = task
        if hasattr(scope, "_cancelling_at_enter"):  # older versions have none
            scope._cancelling_at_enter = 0
        if scope._cancel_called:
            scope._deliver_cancellation(scope)
        else:
            scope._timeout()


def _scopes(state: Any) -> Iterator[Any]:
    """Yield the open scopes of a task, the innermost first."""
    scope = None if state is None else state.cancel_scope
    while scope is not None:
        yield scope
        scope = scope._parent_scope
