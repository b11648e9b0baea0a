# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Defers background tasks until the transaction of their request is committed.

Starlette runs tasks as part of the response, and FastAPI tears down dependencies after
them. Here, a task must only run after the commit. So the tasks of a handler are moved
to the state of the request when the handler returns.

A task can use the context variables of its handler, and open uploads. FastAPI keeps
forms on an exit stack of the request (``fastapi_middleware_astack`` in the scope),
which it closes before the response is sent. So the tasks take over the content of the
stack. ``test_tasks`` fails if FastAPI keeps forms elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from contextvars import copy_context
from copy import copy
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask, BackgroundTasks
from starlette.datastructures import UploadFile

from ..bridge.inline_threads import no_running_loop
from ..bridge.loops import Work, borrow_loop, explain_foreign_loop, server_stops
from ..bridge.request_state import get_state

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from contextvars import Context

    from starlette.responses import Response

__all__ = ["TaskRun", "defer"]

_logger = logging.getLogger(__name__)

#: Key of the ASGI scope: FastAPI's exit stack of the request
#: (``fastapi.middleware.asyncexitstack``, ``fastapi.routing.get_request_handler``).
_FILES_KEY = "fastapi_middleware_astack"


class TaskRun(Work):
    """A background task, which can be called more than once.

    Before a second call, after a conflict with another transaction, uploads are reset.

    :param task: the task
    :param context: context variables of the handler; the caller of the task enters it
    :param files: open files of all tasks of the request
    """

    #: The application of the task, which the task keeps alive.
    application: Any = None

    def __init__(self, task: BackgroundTask, context: Context, files: _Files) -> None:
        self._task = task
        self.context = context
        self._files = files
        self._uploads: list[tuple[UploadFile, int]] | None = None

    def __call__(self) -> None:
        self._rewind()
        try:
            with borrow_loop() as loop:
                self._run = loop.create_task(self._task())
                loop.work = self
                loop.run_until_complete(self._run)
        except asyncio.CancelledError as err:
            if server_stops():
                raise RuntimeError("The task is cancelled: the server stops.") from err
            raise RuntimeError("The task has cancelled itself.") from err
        except RuntimeError as err:
            explain_foreign_loop(err)
            raise

    def stop(self) -> None:
        self._run.cancel()

    def _rewind(self) -> None:
        if self._uploads is None:
            self._uploads = [
                (upload, upload.file.tell())
                for upload in _find_uploads(*self._arguments())
                if not upload.file.closed
            ]
            return
        for upload, position in self._uploads:
            upload.file.seek(position)

    def _arguments(self) -> tuple[Any, Any]:
        return getattr(self._task, "args", ()), getattr(self._task, "kwargs", {})

    def close(self) -> None:
        """Close the files of the request, after its last task."""
        self._files.close()

    def __str__(self) -> str:
        return f"Background task {self._name}"

    @property
    def _name(self) -> str:
        function = getattr(self._task, "func", self._task)
        return getattr(function, "__name__", str(function))

    def describe(self) -> str:
        """Describe the call of the task for the log, with types instead of values."""
        args, kwargs = self._arguments()
        shapes = [_shape(value) for value in args]
        shapes += [f"{name}={_shape(value)}" for name, value in kwargs.items()]
        return f"{self._name}({', '.join(shapes)})"


class _Files:
    """The open files of a request; closed with the last reference."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    def close(self) -> None:
        stack, self._stack = self._stack, AsyncExitStack()
        # the garbage collector may call this anywhere
        with no_running_loop(), borrow_loop() as loop:
            loop.run_until_complete(stack.aclose())

    def __del__(self) -> None:
        self.close()


def defer(
    scope: MutableMapping[str, Any],
    response: Response | Any,
    injected: BackgroundTasks | None,
) -> Any:
    """Move the tasks of a handler to the state of its request, in their order.

    :param scope: ASGI scope of the request
    :param response: result of the handler; tasks of a response replace the injected
        ones, as in FastAPI
    :param injected: the tasks object that FastAPI passes to handlers and dependencies
    :return: the result, a copy if it is a response with tasks: the handler may return
        the same object to each request
    """
    state = get_state(scope)
    if state is None or state.tasks is None:
        return response
    own: BackgroundTask | None = getattr(response, "background", None)
    tasks: list[BackgroundTask] = []
    if isinstance(own, BackgroundTask):
        response = copy(response)
        response.background = None
        tasks = own.tasks if isinstance(own, BackgroundTasks) else [own]
    elif injected is not None:
        tasks = injected.tasks
    if injected is not None:
        injected.tasks = []
    if tasks:
        context = copy_context()
        files = _Files(scope[_FILES_KEY].pop_all())
        state.tasks.extend(TaskRun(task, context, files) for task in tasks)
    return response


def _find_uploads(*values: Any) -> Iterator[UploadFile]:
    """Yield the uploads in values and their items."""
    for value in values:
        if isinstance(value, UploadFile):
            yield value
        elif isinstance(value, dict):
            yield from _find_uploads(*value.values())
        elif isinstance(value, list | tuple):
            yield from _find_uploads(*value)


def _shape(value: Any) -> str:
    """Return the type of a value, with the size of a container."""
    name = type(value).__name__
    if isinstance(value, str | bytes | list | tuple | set | frozenset | dict):
        name += f"[{len(value)}]"
    return name
