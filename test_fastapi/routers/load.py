# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes for the tests under load.

Responses that name their caller, conflicting writes, and counts of what is left in the
process afterwards.
"""

import asyncio
import gc
import json
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

import psutil
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from odoo import http, sql_db
from odoo.api import Environment
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.sql_db import Cursor

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    odoo_env,
    optionally_authenticated_partner,
    optionally_authenticated_partner_env,
)

from .streams import wait
from .transactions import TeapotError

router = APIRouter(prefix="/load", tags=["load"])

Env = Annotated[Environment, Depends(odoo_env)]


class Caller:
    """The caller; each :meth:`identity` is read from the database."""

    def __init__(
        self,
        request: Request,
        env: Annotated[Environment, Depends(optionally_authenticated_partner_env)],
        partner: Annotated[
            ResPartner | None, Depends(optionally_authenticated_partner)
        ],
        nonce: str,
    ) -> None:
        self.request = request
        self.env = env
        self.partner = partner
        self.nonce = nonce

    def identity(self) -> dict[str, Any]:
        """Return the caller's identity; its query lets other threads run."""
        return {
            "nonce": self.nonce,
            "title": self.request.app.title,
            "uid": self.env.uid,
            "company": self.env.company.id,
            "lang": self.env.lang,
            "partner": self.partner.id if self.partner else None,
            "in_context": self.env.context.get("authenticated_partner_id"),
            "items": self.env["test.fastapi.item"].search([]).mapped("name"),
        }


def with_session(identity: dict[str, Any]) -> dict[str, Any]:
    return {**identity, "session_uid": http.request.session.uid}


Asked = Annotated[Caller, Depends()]


@router.get("/sync")
def name_twice(caller: Asked) -> list[dict[str, Any]]:
    return [with_session(caller.identity()), with_session(caller.identity())]


@router.get("/async")
async def name_twice_async(caller: Asked) -> list[dict[str, Any]]:
    first = with_session(caller.identity())
    await asyncio.sleep(0)
    return [first, with_session(caller.identity())]


def lines(caller: Caller, count: int, padding: int) -> Iterator[str]:
    for _number in range(count):
        identity = with_session(caller.identity())
        yield f"{json.dumps(identity)}{' ' * padding}\n"


@router.get("/stream")
def name_in_lines(caller: Asked, count: int = 3, padding: int = 0) -> StreamingResponse:
    return StreamingResponse(lines(caller, count, padding))


@router.get("/stream/async")
async def name_in_lines_async(
    caller: Asked, count: int = 3, padding: int = 0
) -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        for line in lines(caller, count, padding):
            yield line
            await asyncio.sleep(0)

    return StreamingResponse(chunks())


@router.get("/raise/{kind}")
def name_in_error(
    caller: Asked,
    kind: Literal["user", "access", "missing", "http", "unavailable", "teapot", "bare"],
) -> None:
    named = json.dumps(with_session(caller.identity()))
    raise {
        "user": UserError(named),
        "access": AccessError(named),
        "missing": MissingError(named),
        "http": HTTPException(409, named),
        "unavailable": HTTPException(503, named),
        "teapot": TeapotError(named),
        "bare": ZeroDivisionError(named),
    }[kind]


#: Background tasks whose identity differed from their request's.
mistaken: list[Any] = []


def name_again(caller: Caller, identity: dict[str, Any]) -> None:
    if caller.identity() != identity:
        mistaken.append([identity, caller.identity()])


@router.get("/task")
def name_in_task(caller: Asked, tasks: BackgroundTasks) -> list[dict[str, Any]]:
    identity = caller.identity()
    tasks.add_task(name_again, caller, identity)
    return [with_session(identity)]


@router.get("/state")
def state(request: Request, env: Env) -> dict[str, Any]:
    """Return the values of the endpoint that serve this request."""
    return {
        "title": request.app.title,
        "uid": env.uid,
        "company": env.company.id,
        "root_path": request.scope["root_path"],
    }


@router.get("/hold")
def hold(env: Env, lock: int) -> None:
    wait(env, lock)


@router.get("/connections")
def connections() -> int:
    """Count what is borrowed from the pool; this request borrows one too.

    PostgreSQL can't tell: a connection is idle shortly before it is given back.
    """
    return sum(connection._pool_in_use for connection in sql_db._Pool._connections)


@router.get("/left")
def left() -> dict[str, int]:
    """Count what the process could leak; this request counts too."""
    serving = [
        thread
        for thread in threading.enumerate()
        if getattr(thread, "type", None) == "http"
    ]
    gc.collect()  # after the list: frees what ended threads left
    process = psutil.Process()
    counts = {
        "serving": len(serving),
        "threads": process.num_threads(),
        "files": process.num_fds(),
        "mistaken tasks": len(mistaken),
        "open loops": 0,
        "open cursors": 0,
        "requests": 0,
        "tasks of loops": 0,
        "environments": 0,
    }
    for found in gc.get_objects():
        kind = type(found)  # isinstance would resolve proxies, which need a request
        if issubclass(kind, asyncio.AbstractEventLoop):
            counts["open loops"] += not found.is_closed()
        elif issubclass(kind, Cursor):
            counts["open cursors"] += not found.closed
        elif issubclass(kind, http.Request):
            counts["requests"] += 1
        elif issubclass(kind, asyncio.Task):
            counts["tasks of loops"] += 1
        elif issubclass(kind, Environment):
            counts["environments"] += 1
    return counts


@router.get("/alive")
def alive() -> list[str]:
    """Name the requests that still exist, this one included."""
    gc.collect()
    return [
        f"{found.httprequest.method} {found.httprequest.path}"
        for found in gc.get_objects()
        if issubclass(type(found), http.Request)
    ]


# Writers

#: PostgreSQL sequences: a rollback doesn't reset them.
ATTEMPTS = "test_fastapi_attempts"
TASK_ATTEMPTS = "test_fastapi_task_attempts"


class Order(BaseModel):
    name: str
    #: The item that all orders write.
    counter_id: int
    #: The item that the background task writes.
    task_counter_id: int
    #: How the request fails; empty: it succeeds.
    error: Literal["", "http", "user", "bare", "constraint", "teardown"] = ""
    #: Whether the handler flushes; otherwise Odoo does, before it commits.
    flush: bool = False


def write(env: Environment, name: str, counter_id: int, sequence: str) -> None:
    """Create an item and increment another, which concurrent requests write too.

    Names of items are unique; a random suffix lets the same name come twice.
    """
    env.cr.execute("SELECT nextval(%s)", [sequence])
    counter = env["test.fastapi.item"].browse(counter_id)
    quantity = counter.quantity
    counter.create({"name": f"{name} {uuid.uuid4().hex}"})
    env.cr.execute("SELECT pg_sleep(0.005)")  # let other threads run
    counter.quantity = quantity + 1


def task(env: Environment, order: Order) -> None:
    write(env, f"{order.name}-task", order.task_counter_id, TASK_ATTEMPTS)


async def task_async(env: Environment, order: Order) -> None:
    task(env, order)


def fail_in_the_end(order: Order) -> Iterator[None]:
    yield
    if order.error == "teardown":
        raise HTTPException(409, "teardown")


def take(env: Environment, order: Order) -> None:
    write(env, order.name, order.counter_id, ATTEMPTS)
    if order.flush:
        env.flush_all()
    if order.error == "http":
        raise HTTPException(409, "http")
    if order.error == "user":
        raise UserError("user")  # pylint: disable=translation-required
    if order.error == "bare":
        raise ZeroDivisionError("bare")
    if order.error == "constraint":
        env["test.fastapi.item"].browse(order.counter_id).quantity = -1


@router.post("/write", dependencies=[Depends(fail_in_the_end)])
def write_sync(env: Env, tasks: BackgroundTasks, order: Order) -> str:
    tasks.add_task(task, env, order)
    take(env, order)
    return order.name


@router.post("/write/async", dependencies=[Depends(fail_in_the_end)])
async def write_async(env: Env, tasks: BackgroundTasks, order: Order) -> str:
    tasks.add_task(task_async, env, order)
    take(env, order)
    return order.name


@router.post("/write/stream", dependencies=[Depends(fail_in_the_end)])
def write_stream(env: Env, tasks: BackgroundTasks, order: Order) -> Response:
    def chunks() -> Iterator[str]:
        yield from ('"', order.name, '"')
        name = f"{order.name}-stream {uuid.uuid4().hex}"
        env["test.fastapi.item"].create({"name": name})

    tasks.add_task(task, env, order)
    take(env, order)
    return StreamingResponse(chunks())
