# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets for the tests under load."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import psycopg2
from fastapi import APIRouter, Depends, WebSocket

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import transactions
from odoo.addons.fastapi.transactions import Transactions

router = APIRouter(prefix="/ws-load")

#: Number of handlers that run, by kind.
running: Counter[str] = Counter()
#: Number of attempts to increment an item, by its id.
attempts: Counter[int] = Counter()
#: Where clients that increment the same item wait for each other, by its id.
meetings: dict[int, threading.Barrier] = {}
#: Seconds to wait there. Then the others have ended, and none waits any more.
MEETING_TIMEOUT = 10


@contextmanager
def count(kind: str) -> Iterator[None]:
    running[kind] += 1
    try:
        yield
    finally:
        running[kind] -= 1


@router.get("/running")
def get_running() -> dict[str, int]:
    """Return the kinds of WebSockets whose handlers run."""
    return +running


@router.get("/attempts/{item_id}")
def get_attempts(item_id: int) -> int:
    return attempts[item_id]


@router.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    with count("echo"):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)


@router.websocket("/deaf")
async def deaf(websocket: WebSocket) -> None:
    """Receive nothing."""
    with count("deaf"):
        await websocket.accept()
        await asyncio.Event().wait()


@router.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    """Send without end."""
    with count("talk"):
        await websocket.accept()
        while True:
            await websocket.send_bytes(b"\0" * 64 * 1024)


@router.websocket("/increment/{item_id}")
async def increment_on_demand(
    websocket: WebSocket,
    item_id: int,
    tx: Annotated[Transactions, Depends(transactions)],
    clients: int = 1,
) -> None:
    """Increment an item for each message, and send its new quantity.

    Sends the name of the exception instead if nothing is saved.

    :param clients: number of clients that read the item before one of them writes
    """
    meeting = meetings.setdefault(item_id, threading.Barrier(clients))

    async def increment_once() -> int | str:
        seen = False

        def increment(env: Environment) -> int:
            nonlocal seen
            attempts[item_id] += 1
            item = env["test.fastapi.item"].browse(item_id)
            quantity = item.quantity
            if not seen:  # a replay meets no one
                seen = True
                with suppress(threading.BrokenBarrierError):  # the others have ended
                    meeting.wait(MEETING_TIMEOUT)
            item.quantity = quantity + 1
            return quantity + 1

        try:
            return await tx.run(increment)
        except psycopg2.Error as err:
            return type(err).__name__

    with count("increment"):
        await websocket.accept()
        async for _text in websocket.iter_text():
            await websocket.send_json(await increment_once())
