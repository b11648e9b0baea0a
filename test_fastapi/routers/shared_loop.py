# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A lifespan with a ticker, a queue worker and a lock; a mounted app."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import StreamingResponse

from odoo.addons.fastapi.bridge import on_shared_loop

mounted = FastAPI()
lock = asyncio.Lock()


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    state: dict[str, Any] = {"queue": queue, "done": [], "ticks": [0]}

    async def tick() -> None:
        while True:
            state["ticks"][0] += 1
            await asyncio.sleep(0.01)

    async def work() -> None:
        while True:
            state["done"].append(await queue.get())

    tasks = [asyncio.create_task(tick()), asyncio.create_task(work())]
    yield state
    for task in tasks:
        task.cancel()


async def take_turns(turns: list[int], number: int) -> list[int]:
    """Wait for the lock, which all requests share."""
    async with lock:
        turns.append(number)
        await asyncio.sleep(0)
        return turns[-1:]


async def wait_wrongly() -> None:
    """Block the loop until the log names this line."""
    logged = threading.Event()

    def note(_record: logging.LogRecord) -> bool:
        logged.set()
        return True

    logger = logging.getLogger("odoo.addons.fastapi.bridge.block_watch")
    logger.addFilter(note)
    logged.wait(20)
    logger.removeFilter(note)


@mounted.get("/turn/{number}")
async def get_turn(number: int) -> list[int]:
    return await take_turns([], number)


@mounted.get("/sync")
def get_thread() -> str:
    return threading.current_thread().name


@mounted.get("/stream")
async def stream() -> StreamingResponse:
    async def produce() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} "

    return StreamingResponse(produce())


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan
    app.mount("/mounted", on_shared_loop(mounted))

    @app.get("/ticks")
    def get_ticks(request: Request) -> int:
        return request.state.ticks[0]

    @app.post("/queue/{name}")
    async def put(name: str, request: Request) -> None:
        await on_shared_loop(request.state.queue.put(name))

    @app.post("/queue/{name}/sync")
    def put_sync(name: str, request: Request) -> None:
        request.state.queue.put_nowait(name)

    @app.post("/block")
    async def block() -> None:
        await on_shared_loop(wait_wrongly())

    @app.get("/done")
    def get_done(request: Request) -> list[str]:
        return request.state.done

    @app.get("/turn/{number}")
    async def get_turn_here(number: int) -> list[int]:
        return await on_shared_loop(take_turns([], number))
