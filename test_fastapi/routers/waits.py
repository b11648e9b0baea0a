# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Handlers and streams that wait: for events, for each other, for their client."""

import asyncio
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env

router = APIRouter(prefix="/waits", tags=["waits"])

Env = Annotated[Environment, Depends(odoo_env)]

#: Names of what has ended, and how.
ended: list[str] = []
#: Names of streams that continued after their first chunk.
started: list[str] = []


def count_items(env: Environment) -> int:
    return env["test.fastapi.item"].search_count([])


@router.get("/ended")
def get_ended() -> list[str]:
    return ended


@router.get("/started")
def get_started() -> list[str]:
    return started


@router.get("/plain")
def plain() -> str:
    return "plain"


# Streams


async def chunks(
    env: Environment, request: Request, name: str, kind: str
) -> AsyncIterator[str]:
    how = "cancelled"
    try:
        yield f"{count_items(env)}\n"
        started.append(name)
        if kind == "event":
            await asyncio.Event().wait()
        elif kind == "sleep":
            await asyncio.sleep(3600)
        elif kind == "write":
            env["test.fastapi.item"].create({"name": name})
            env.flush_all()
            await asyncio.sleep(3600)
        elif kind == "poll":
            while not await request.is_disconnected():
                await asyncio.sleep(0.1)
            how = "polled"
        elif kind == "read":
            while True:
                await asyncio.sleep(0.05)
                yield f"{count_items(env)}\n"
    finally:
        ended.append(f"{name} {how}")


Kind = Literal["event", "sleep", "write", "poll", "read"]


@router.get("/stream")
async def stream(env: Env, request: Request, name: str, kind: Kind) -> Any:
    return StreamingResponse(chunks(env, request, name, kind))


@router.get("/events", response_class=EventSourceResponse)
async def events(
    env: Env, request: Request, name: str, kind: Kind
) -> AsyncIterator[str]:
    async for chunk in chunks(env, request, name, kind):
        yield chunk


@router.get("/events/sync", response_class=EventSourceResponse)
def events_sync(env: Env, name: str, seconds: float) -> Iterator[Any]:
    """Sleep between two events; each has the database that Odoo set on the thread."""
    try:
        yield [count_items(env), getattr(threading.current_thread(), "dbname", None)]
        time.sleep(seconds)
        yield [count_items(env), getattr(threading.current_thread(), "dbname", None)]
    finally:
        ended.append(f"{name} closed")


@router.get("/events/parameter", response_class=EventSourceResponse)
def events_parameter(env: Env, key: str, value: str) -> Iterator[str]:
    """Change a system parameter, which clears a cache of all processes."""
    yield "before"
    env["ir.config_parameter"].sudo().set_param(key, value)
    yield "after"


@router.get("/disconnected")
async def disconnected(request: Request, name: str) -> None:
    """Poll until the client has disconnected."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.05)
    ended.append(name)


# Shared by requests

lock = asyncio.Lock()
semaphore = asyncio.Semaphore(1)
queue: asyncio.Queue[str] = asyncio.Queue()
happened: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
futures: list[asyncio.Future[str]] = []


@router.get("/lock")
async def with_lock(seconds: float) -> str:
    async with lock:
        await asyncio.sleep(seconds)
    return "lock"


@router.get("/semaphore")
async def with_semaphore(seconds: float) -> str:
    async with semaphore:
        await asyncio.sleep(seconds)
    return "semaphore"


@router.get("/queue")
async def get_from_queue() -> str:
    return await queue.get()


@router.post("/queue")
async def put_into_queue(item: str) -> None:
    queue.put_nowait(item)


@router.get("/happened/{name}")
async def wait_until_it_happened(name: str) -> bool:
    return await happened[name].wait()


@router.post("/happened/{name}")
async def let_it_happen(name: str) -> None:
    happened[name].set()


@router.get("/future")
async def wait_for_future() -> str:
    future = asyncio.get_running_loop().create_future()
    futures.append(future)
    return await future


@router.post("/future")
def resolve_futures(value: str) -> int:
    """Resolve all futures, on a thread without a loop."""
    count = len(futures)
    while futures:
        futures.pop().set_result(value)
    return count


@router.get("/waiting")
def count_waiting() -> dict[str, int]:
    return {
        "lock": len(lock._waiters or ()),
        "semaphore": len(semaphore._waiters or ()),
        "queue": len(queue._getters),
        "happened": sum(len(event._waiters) for event in happened.values()),
        "future": len(futures),
    }


# The server stops


@router.get("/for-ever")
async def wait_for_ever(env: Env, lock: int, stubborn: bool = False) -> None:
    """Wait in the middle of a transaction.

    :param lock: a PostgreSQL lock, by which a test sees that the request waits
    :param stubborn: whether to continue when cancelled
    """
    env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock])
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not stubborn:
                raise


def wait_until_closed(env: Environment) -> None:
    """Wait until the stopping server has closed the connection to the database."""
    while not env.cr._cnx.closed:
        time.sleep(0.01)


@router.get("/until-closed")
async def be_late(
    env: Env,
    lock: int,
    name: str,
    moment: Literal["teardown", "query", "return", "flush", "rollback", "close"],
) -> None:
    """Be at a certain point when the stopping server closes the connections.

    :param lock: a PostgreSQL lock, by which a test sees that the request runs
    :param name: name of an item to create
    :param moment: the last two are in ``odoo.sql_db.Cursor.close``, after a rollback
        and after a commit
    """
    env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock])
    env["test.fastapi.item"].create({"name": name})
    env.flush_all()
    cr = env.cr
    if moment == "flush":
        cr.precommit.add(lambda: wait_until_closed(env))
    elif moment == "close":
        # a transaction after the commit, which the test sees, too
        cr.postcommit.add(
            lambda: cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock])
        )
        cr.postcommit.add(lambda: cr.prerollback.add(lambda: wait_until_closed(env)))
    elif moment == "rollback":
        # the first rollback is that of the dispatcher, before the app responds
        cr.postrollback.add(lambda: cr.prerollback.add(lambda: wait_until_closed(env)))
    if moment in ("teardown", "rollback"):
        try:
            await asyncio.Event().wait()
        finally:
            if moment == "teardown":
                wait_until_closed(env)
    elif moment in ("query", "return"):
        wait_until_closed(env)
    if moment == "query":
        env.cr.execute("SELECT 1")


# Tasks and callbacks that are not awaited


async def work_of_task() -> None:
    await asyncio.sleep(3600)


def call_later() -> None:
    ended.append("called later")


@router.get("/left/{number}")
async def leave_behind(number: int) -> int:
    asyncio.create_task(work_of_task())  # noqa: RUF006
    asyncio.get_running_loop().call_later(3600, call_later)
    return number


# Calls to the own server


@router.get("/own-server")
def call_own_server(port: int, path: str) -> str:
    url = f"http://127.0.0.1:{port}{path}"
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read().decode()


@router.get("/own-server/async")
async def call_own_server_async(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    content = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return content.decode().rpartition("\r\n\r\n")[2]


@router.get("/sleep")
async def sleep(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


@router.get("/generators")
async def generators(env: Env, turns: int) -> bool:
    """Return whether loop, task and hooks stay those of the request."""

    async def count() -> AsyncIterator[int]:
        for number in range(turns):
            yield number

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    async for number in count():
        env.cr.execute(
            "SELECT pg_sleep(0.01)"
        )  # other requests continue in the evented server
        if asyncio.get_running_loop() is not loop or asyncio.current_task() is not task:
            return False
        if number % 2:
            await asyncio.sleep(0.01)
    return True
