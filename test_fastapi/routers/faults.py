# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes that wait for a lock, so that a test can break something meanwhile."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

import psycopg2
from fastapi import APIRouter, BackgroundTasks, Depends
from fastapi.responses import StreamingResponse

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env

from .streams import create, wait

router = APIRouter(prefix="/faults", tags=["faults"])

Env = Annotated[Environment, Depends(odoo_env)]

#: A system parameter, which Odoo caches.
PARAMETER = "test_fastapi.fault"


@router.post("/write")
def write(env: Env, name: str, lock: int = 0, swallow: bool = False) -> int:
    """Wait in the middle of the transaction.

    :param swallow: whether the handler swallows database errors meanwhile
    """
    item = env["test.fastapi.item"].create({"name": name})
    env.flush_all()
    with contextlib.suppress(psycopg2.Error if swallow else ()):
        wait(env, lock)
    return item.id


def wait_outside(env: Env, lock: int = 0) -> Iterator[None]:
    """Wait after the handler, on another connection than the request's."""
    yield
    with contextlib.closing(env.registry.cursor()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


@router.post("/write/end", dependencies=[Depends(wait_outside)])
def write_to_the_end(env: Env, name: str, flush: bool = False) -> int:
    """Wait between handler and commit.

    :param flush: whether to flush in the handler, so that only the commit is left
    """
    item = env["test.fastapi.item"].create({"name": name})
    if flush:
        env.flush_all()
    return item.id


@router.get("/parameter")
def get_parameter(env: Env) -> str:
    return env["ir.config_parameter"].sudo().get_param(PARAMETER, "")


@router.get("/stream/parameter")
def stream_parameter(env: Env, value: int, fail: bool = False) -> StreamingResponse:
    """Set and read the parameter for each chunk, so that Odoo caches it."""

    def generate() -> Iterator[str]:
        parameters = env["ir.config_parameter"].sudo()
        for number in range(1_000_000):
            parameters.set_param(PARAMETER, f"{value:2} {number}")
            yield parameters.get_param(PARAMETER) + "\n"
            if fail and number == 1:
                raise ZeroDivisionError()

    return StreamingResponse(generate())


@router.post("/task")
def leave_to_task(env: Env, tasks: BackgroundTasks, name: str) -> str:
    tasks.add_task(create, env, name)
    return name


@router.post("/task/empty", status_code=204)
def leave_to_task_without_content(env: Env, tasks: BackgroundTasks, name: str) -> None:
    tasks.add_task(create, env, name)


@router.post("/task/stream")
def leave_to_task_after_stream(
    env: Env, tasks: BackgroundTasks, name: str, lock: int = 0, fail: bool = False
) -> StreamingResponse:
    """Wait between the last chunk and the end."""

    def generate() -> Iterator[str]:
        yield name
        wait(env, lock)
        if fail:
            raise ZeroDivisionError()

    tasks.add_task(create, env, name)
    return StreamingResponse(generate())
