# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Streamed responses and background tasks."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, UploadFile
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.fastapi.dependencies import odoo_env

router = APIRouter(tags=["streams"])

Env = Annotated[Environment, Depends(odoo_env)]


#: Names of closed generators.
closed: list[str] = []


def wait(env: Environment, lock: int) -> None:
    """Wait for a lock of PostgreSQL that a test holds."""
    if lock:
        env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def create(env: Environment, name: str) -> None:
    env["test.fastapi.item"].create({"name": name})


def items(
    env: Environment, name: str, count: int, lock: int, fail: bool
) -> Iterator[str]:
    """Create items, one for each chunk; wait for a lock after the first."""
    try:
        for number in range(count):
            if number == 1:
                wait(env, lock)
                if fail:
                    raise UserError(env._("no more"))
            create(env, f"{name} {number}")
            yield f"{name} {number}\n"
    finally:
        closed.append(name)


@router.get("/stream/request")
def stream_of_request() -> StreamingResponse:
    """Read ``odoo.http.request`` while the response is streamed."""

    def generate() -> Iterator[str]:
        for _number in range(2):
            yield f"{request.env.user.login}\n"

    return StreamingResponse(generate())


@router.get("/stream")
def stream(
    env: Env, name: str, count: int = 3, lock: int = 0, fail: bool = False
) -> StreamingResponse:
    create(env, f"{name} by the handler")
    return StreamingResponse(items(env, name, count, lock, fail))


@router.get("/stream/async")
async def stream_async(
    env: Env, name: str, count: int = 3, lock: int = 0, fail: bool = False
) -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        for chunk in items(env, name, count, lock, fail):
            yield chunk
            await asyncio.sleep(0)

    create(env, f"{name} by the handler")
    return StreamingResponse(chunks())


@router.get("/stream/events", response_class=EventSourceResponse)
def events(
    env: Env, name: str, count: int = 3, lock: int = 0, fail: bool = False
) -> Iterator[dict[str, str]]:
    for chunk in items(env, name, count, lock, fail):
        yield {"item": chunk.strip()}


@router.get("/stream/parameter")
def stream_parameter(
    env: Env, key: str, value: str, fail: bool = False
) -> StreamingResponse:
    """Stream a system parameter, change it and stream it again."""

    def generate() -> Iterator[str]:
        parameters = env["ir.config_parameter"].sudo()
        yield f"{parameters.get_param(key)}\n"
        parameters.set_param(key, value)
        yield f"{parameters.get_param(key)}\n"
        if fail:
            raise UserError(env._("no more"))

    return StreamingResponse(generate())


@router.get("/stream/closed")
def get_closed() -> list[str]:
    return closed


@router.get("/stream/bytes")
def stream_bytes(size: int, chunk: int = 64 * 1024) -> StreamingResponse:
    """Stream ``size`` bytes in chunks of ``chunk`` bytes."""
    block = bytes(range(256)) * (chunk // 256)
    return StreamingResponse(block for _number in range(size // chunk))


@router.get("/file")
def file() -> FileResponse:
    return FileResponse(Path(__file__))


@router.get("/large")
def large(size: int) -> dict[str, str]:
    """Respond in one piece of any size."""
    return {"data": "x" * size}


@router.post("/upload")
def upload(file: UploadFile) -> int:
    size = 0
    while chunk := file.file.read(1024 * 1024):
        size += len(chunk)
    return size


# Background tasks


def task(env: Environment, name: str, lock: int = 0, fail: bool = False) -> None:
    wait(env, lock)
    env["test.fastapi.item"].create({"name": name})
    if fail:
        raise UserError(env._("the task failed"))


async def task_async(env: Environment, name: str) -> None:
    task(env, name)


def task_of_dependency(tasks: BackgroundTasks, env: Env, name: str) -> None:
    tasks.add_task(task, env, f"{name} by a dependency")


@router.post("/tasks", dependencies=[Depends(task_of_dependency)])
def tasks(
    env: Env, tasks: BackgroundTasks, name: str, lock: int = 0, error: bool = False
) -> dict[str, Any]:
    create(env, f"{name} by the handler")
    tasks.add_task(task, env, f"{name} by a task", lock)
    tasks.add_task(task, env, f"{name} by a failing task", fail=True)
    tasks.add_task(task_async, env, f"{name} by an async task")
    if error:
        raise HTTPException(409, "no task")
    return {"thread": threading.get_ident()}


@router.post("/tasks/response")
def tasks_of_response(env: Env, name: str) -> JSONResponse:
    return JSONResponse(
        "accepted", 202, background=BackgroundTask(task, env, f"{name} by a task")
    )


@router.get("/tasks/stream")
def tasks_of_stream(env: Env, name: str) -> StreamingResponse:
    return StreamingResponse(
        items(env, name, 2, 0, False),
        background=BackgroundTask(task, env, f"{name} by a task"),
    )


def increment(env: Environment, item_id: int, lock: int) -> None:
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    wait(env, lock)
    item.quantity = quantity + 1


@router.post("/tasks/increment/{item_id}")
def increment_by_task(
    env: Env, tasks: BackgroundTasks, item_id: int, lock: int
) -> None:
    tasks.add_task(increment, env, item_id, lock)
