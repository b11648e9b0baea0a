# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests that swallow database errors, refused streams, and tasks."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any, Literal

import psycopg2
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, UploadFile
from fastapi.responses import Response, StreamingResponse

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError
from odoo.http import request

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.error_handlers import CommittedHTTPException

from .streams import create, wait

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

router = APIRouter(prefix="/late", tags=["late"])

Env = Annotated[Environment, Depends(odoo_env)]

# Swallowed database errors


def divide(env: Environment) -> None:
    with suppress(psycopg2.Error):
        env.cr.execute("SELECT 1 / 0")


def divide_in_savepoint(env: Environment) -> None:
    with suppress(psycopg2.Error), env.cr.savepoint():
        env.cr.execute("SELECT 1 / 0")


@router.post("/swallow")
def swallow(
    env: Env,
    tasks: BackgroundTasks,
    name: str,
    kind: Literal["abort", "savepoint", "commit", "precommit", "http", "committed"],
) -> None:
    create(env, name)
    env.flush_all()
    tasks.add_task(create, env, f"{name} by a task")
    if kind == "savepoint":
        divide_in_savepoint(env)
        return
    if kind == "precommit":
        env.cr.precommit.add(lambda: divide(env))
        return
    divide(env)
    if kind == "commit":
        env.cr.commit()  # pylint: disable=invalid-commit
    if kind == "http":
        raise HTTPException(409, "refused")
    if kind == "committed":
        raise CommittedHTTPException(401, "counted")


@router.get("/swallow/stream")
def swallow_in_stream(env: Env, name: str, handler: bool = False) -> StreamingResponse:
    def chunks() -> Iterator[str]:
        yield "first"
        create(env, f"{name} by the stream")
        env.flush_all()
        divide(env)
        yield "last"

    create(env, name)
    if handler:
        env.flush_all()
        divide(env)
    return StreamingResponse(chunks())


@router.post("/swallow/task")
def swallow_in_task(env: Env, tasks: BackgroundTasks, name: str) -> None:
    def swallowing() -> None:
        create(env, name)
        env.flush_all()
        divide(env)

    tasks.add_task(swallowing)
    tasks.add_task(create, env, f"{name} after it")


def increment(
    env: Environment, item_id: int, lock: int, ask_again: bool, refuse: bool = False
) -> int:
    """Increment an item and swallow the database's error."""
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    wait(env, lock)
    try:
        item.quantity = quantity + 1
        env.flush_all()
    except psycopg2.Error as err:
        env.invalidate_all(flush=False)
        if refuse:
            raise HTTPException(400, "It could not be saved.") from err
        if ask_again:
            item.read(["name"])
    return quantity + 1


@router.post("/swallow/increment/{item_id}")
def increment_swallowing(
    env: Env, item_id: int, lock: int, ask_again: bool = False, refuse: bool = False
) -> int:
    return increment(env, item_id, lock, ask_again, refuse)


@router.post("/swallow/write")
def write_swallowing(env: Env, name: str, refuse: bool = False) -> None:
    try:
        create(env, name)
        env.flush_all()
    except psycopg2.Error as err:
        if refuse:
            raise HTTPException(400, "It could not be saved.") from err


@router.post("/swallow/task/increment/{item_id}")
def increment_swallowing_in_task(
    env: Env, tasks: BackgroundTasks, item_id: int, lock: int
) -> None:
    tasks.add_task(increment, env, item_id, lock, False)


# Refused streams

REFUSED = {"Content-Disposition": 'attachment; filename="a\nb.csv"'}

#: Names of streams whose generators were closed.
closed: list[str] = []


@router.get("/refused")
def refused(
    env: Env, name: str, kind: Literal["stream", "plain", "future"]
) -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        try:
            yield "first"
            yield "last"
        finally:
            closed.append(name)

    create(env, name)
    headers = REFUSED if kind != "future" else {}
    if kind == "plain":
        headers = {**headers, "Content-Length": "9"}
    if kind == "future":

        def fail(*_args: Any) -> None:
            raise OSError("The disk is full.")

        request._inject_future_response = fail
    return StreamingResponse(chunks(), headers=headers)


@router.get("/hook/stream")
def fail_after_commit(env: Env, name: str) -> StreamingResponse:
    def fail() -> None:
        raise ConcurrencyError("Another transaction was faster.")

    create(env, name)
    env.cr.postcommit.add(fail)
    return StreamingResponse(iter(["all"]))


@router.get("/refused/closed")
def get_closed() -> list[str]:
    return closed


# Tasks

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
#: Results of tasks.
found: list[Any] = []


@router.get("/found")
def get_found() -> list[Any]:
    """Return the results of tasks since the last call."""
    result, found[:] = found[:], []
    return result


def set_in_dependency() -> None:
    correlation_id.set(f"{correlation_id.get()} dependency")


def note_correlation(place: str) -> None:
    found.append([place, correlation_id.get(), bool(request)])


async def note_correlation_async(place: str) -> None:
    note_correlation(place)


def add_notes(tasks: BackgroundTasks, place: str) -> None:
    tasks.add_task(note_correlation, place)
    tasks.add_task(note_correlation_async, f"{place}, async")


@router.post("/context", dependencies=[Depends(set_in_dependency)])
def context(tasks: BackgroundTasks, place: str) -> None:
    correlation_id.set(f"{correlation_id.get()} handler")
    add_notes(tasks, place)


@router.post("/context/async", dependencies=[Depends(set_in_dependency)])
async def context_async(tasks: BackgroundTasks, place: str) -> None:
    correlation_id.set(f"{correlation_id.get()} handler")
    add_notes(tasks, place)


@router.post("/context/stream", dependencies=[Depends(set_in_dependency)])
def context_stream(tasks: BackgroundTasks, place: str) -> StreamingResponse:
    correlation_id.set(f"{correlation_id.get()} handler")
    add_notes(tasks, place)
    return StreamingResponse(iter([correlation_id.get()]))


#: Uploads that handlers and tasks received.
uploads: list[Any] = []


def read_file(env: Environment, file: UploadFile, lock: int = 0) -> None:
    """Take a lock, then add the size of an upload to an item of its name."""
    size = len(file.file.read())
    items = env["test.fastapi.item"]
    item = items.search([("name", "=", file.filename)])
    item.read(["quantity"])
    wait(env, lock)
    if item:
        item.quantity += size
    else:
        items.create({"name": file.filename, "quantity": size})
    uploads.append(file.file)


async def read_file_async(env: Environment, file: UploadFile) -> None:
    await file.seek(0)
    content = await file.read()
    env["test.fastapi.item"].create(
        {"name": f"{file.filename} async", "quantity": len(content)}
    )


def fail_in_the_end(fail: bool = False) -> Iterator[None]:
    yield
    if fail:
        raise HTTPException(409, "in the end")


@router.post("/upload", dependencies=[Depends(fail_in_the_end)])
def upload(env: Env, tasks: BackgroundTasks, file: UploadFile, lock: int = 0) -> None:
    uploads.append(file.file)
    tasks.add_task(read_file, env, file, lock)
    if not lock:
        tasks.add_task(read_file_async, env, file=file)


@router.get("/upload/closed")
def get_closed_uploads() -> list[bool]:
    """Return for each upload whether it is closed; clear the list if all are."""
    result = [file.closed for file in uploads]
    if all(result):
        uploads.clear()
    return result


class Alarm(BaseException):
    pass


class AlarmGroup(BaseExceptionGroup):
    pass


RAISED: dict[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit(1),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "Alarm": Alarm,
    "AlarmGroup": lambda: AlarmGroup("both", [SystemExit(1), Alarm()]),
}


def raise_in_task(env: Environment, kind: str, name: str) -> None:
    create(env, name)
    raise RAISED[kind]()


async def raise_in_task_async(env: Environment, kind: str, name: str) -> None:
    raise_in_task(env, kind, name)


@router.post("/raise")
def tasks_that_raise(env: Env, tasks: BackgroundTasks, name: str, kind: str) -> None:
    tasks.add_task(raise_in_task, env, kind, f"{name} lost")
    tasks.add_task(create, env, f"{name} first")
    tasks.add_task(raise_in_task_async, env, kind, name=f"{name} lost, too")
    tasks.add_task(create, env, f"{name} last")


@router.post("/task")
def one_task(env: Env, tasks: BackgroundTasks, name: str, size: int = 0) -> Response:
    """Respond in one piece of any size; a task creates an item."""
    tasks.add_task(create, env, name)
    return Response(b"x" * size)
