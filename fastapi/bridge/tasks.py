# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Background tasks, taken from a response before they run.

Starlette runs them as part of the response, when its last byte is sent, and FastAPI
tears down the dependencies only then. Here the transaction comes first: a task must not
run before the commit, nor at all if there is none. So a handler's tasks are put aside
when it returns, for the bridge to hand out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask, BackgroundTasks

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["TASKS_KEY", "put_aside"]

#: Key of the ASGI scope: the list that takes the tasks. Without it, as in a test
#: client, tasks run as Starlette has it.
TASKS_KEY = "odoo.fastapi.tasks"


def put_aside(
    tasks: list[BackgroundTask],
    response: Response | Any,
    injected: BackgroundTasks | None,
) -> None:
    """Move the tasks of a handler into ``tasks``.

    :param tasks: takes them, in the order in which they would have run
    :param response: what the handler returned; if it is a response with tasks of its
        own, they replace the injected ones, as in FastAPI
    :param injected: what FastAPI hands to handlers and dependencies
    """
    own: BackgroundTask | None = getattr(response, "background", None)
    if isinstance(own, BackgroundTask):
        response.background = None
        tasks.extend(own.tasks if isinstance(own, BackgroundTasks) else [own])
        if injected is not None:
            injected.tasks = []
    elif injected is not None:
        tasks.extend(injected.tasks)
        injected.tasks = []
