# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A router that writes, and a mixin that checks what is saved of it."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends
from fastapi.responses import StreamingResponse

from odoo.api import Environment
from odoo.exceptions import UserError

from ..dependencies import odoo_env
from ..exceptions import CommittedHTTPException

Env = Annotated[Environment, Depends(odoo_env)]

LOGGER = "odoo.addons.fastapi.after_response"

router = APIRouter()


def raise_user_error(message: str) -> None:
    error = UserError(message)  # a direct one would have to be translated
    raise error


def leave(env: Environment, name: str) -> None:
    """Write something that a test can look for."""
    env["ir.config_parameter"].sudo().create({"key": f"test.{name}", "value": "x"})


def fail(env: Environment, name: str) -> None:
    leave(env, name)
    raise_user_error("a secret")


@router.post("/tasks")
def with_tasks(env: Env, tasks: BackgroundTasks, error: str = "") -> str:
    leave(env, "handler")
    tasks.add_task(fail, env, "failing task")
    tasks.add_task(leave, env, "task")
    if error == "refused":
        raise_user_error("refused")
    if error == "committed":
        raise CommittedHTTPException(401, "counted")
    return "done"


def chunks(env: Environment, end: str) -> Iterator[str]:
    try:
        leave(env, "first chunk")
        yield "first,"
        leave(env, "second chunk")
        yield "second,"
        if end == "fail":
            raise_user_error("a secret")
        if end == "twice":
            leave(env, "second chunk")
        yield "third"
    finally:
        leave(env, "last chunk")


@router.get("/stream")
def stream(env: Env, tasks: BackgroundTasks, end: str = "") -> StreamingResponse:
    leave(env, "handler")
    tasks.add_task(leave, env, "task")
    return StreamingResponse(chunks(env, end))


class ResponsesMixin:
    """For a ``FastAPITransactionCase``."""

    default_fastapi_router = router

    def call(self, method, path, **arguments):
        """Send a request; the response is the server's."""
        with self._create_test_client(raise_server_exceptions=False) as client:
            return client.request(method, path, **arguments)

    def assert_left(self, *names):
        """Check what the requests so far have left in the database."""
        parameters = self.env["ir.config_parameter"].search(
            [("key", "=like", "test.%")]
        )
        left = {key.removeprefix("test.") for key in parameters.mapped("key")}
        self.assertEqual(left, set(names))
