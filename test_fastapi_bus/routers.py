# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, HTTPException, WebSocket
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    odoo_env,
    transactions,
)
from odoo.addons.fastapi.message_routes import MessageRoute
from odoo.addons.fastapi.transactions import Transactions
from odoo.addons.fastapi_bus import bus_events, channel, record_events, send_event
from odoo.addons.fastapi_bus.reader import _readers

router = APIRouter()

Env = Annotated[Environment, Depends(odoo_env)]
Tx = Annotated[Transactions, Depends(transactions)]
LastEventId = Annotated[str | None, Header()]


@router.get("/events/{order_id}", response_class=EventSourceResponse)
async def stream_events(
    order_id: int, last_event_id: LastEventId = None, queue: int = 1000
) -> AsyncIterator[ServerSentEvent]:
    name = channel("orders", order_id)
    async with bus_events(name, last_event_id=last_event_id, queue=queue) as events:
        yield ServerSentEvent(comment="listening")
        async for event in events:
            yield ServerSentEvent(data=event.payload, event=event.type, id=event.id)


@router.websocket("/events/{order_id}")
async def send_events(
    websocket: WebSocket,
    order_id: int,
    last_event_id: str | None = None,
    queue: int = 1000,
) -> None:
    """Start to listen before the connection moves to the shared loop."""
    name = channel("orders", order_id)
    async with bus_events(name, last_event_id=last_event_id, queue=queue) as events:
        await websocket.accept()
        async for event in events:
            await websocket.send_json([event.id, event.type, event.payload])


@router.websocket("/late/{order_id}")
async def send_events_late(websocket: WebSocket, order_id: int) -> None:
    """Start to listen when the environment of the request is closed."""
    await websocket.accept()
    async with bus_events(f"orders/{order_id}") as events:
        await websocket.send_text("listening")
        async for event in events:
            await websocket.send_json(event.payload)


@router.websocket("/records")
async def send_records(websocket: WebSocket, tx: Tx) -> None:
    await websocket.accept()
    async with record_events(tx, "test.bus.record") as changes:
        await websocket.send_json(changes.ids)
        async for change in changes:
            await websocket.send_json([change.ids, change.removed])


@router.get("/records", response_class=EventSourceResponse)
async def stream_records(tx: Tx) -> AsyncIterator[Any]:
    async with record_events(tx, "test.bus.record") as changes:
        yield changes.ids
        async for change in changes:
            yield [change.ids, change.removed]


@router.post("/records")
def create_record(env: Env, name: str) -> int:
    return env["test.bus.record"].create({"name": name}).id


@router.delete("/records/{record_id}")
def delete_record(env: Env, record_id: int) -> None:
    env["test.bus.record"].browse(record_id).unlink()


@router.post("/events/{order_id}")
def send(
    env: Env, order_id: int, payload: Annotated[Any, Body()], fail: bool = False
) -> None:
    send_event(env, f"orders/{order_id}", "changed", payload)
    if fail:
        env.flush_all()
        raise HTTPException(409)


class Say(BaseModel):
    text: str


class Said(BaseModel):
    text: str


chat = MessageRoute(router, "/chat/{room}", receive=Say, send=Said)


@chat.on_message
def say(message: Say, room: str, env: Env) -> None:
    send_event(env, channel("chat", room), "said", message.text)
    if message.text == "fail":
        raise HTTPException(409, "Not this.")


@chat.events
async def follow(room: str) -> AsyncIterator[Said]:
    async for event in bus_events(channel("chat", room)):
        yield Said(text=event.payload)


#: Routes for callers with a credential.
callers = APIRouter(prefix="/caller", dependencies=[Depends(authenticated_partner)])
callers.add_api_websocket_route("/events/{order_id}", send_events)
callers.add_api_websocket_route("/records", send_records)
callers.get("/records", response_class=EventSourceResponse)(stream_records)
callers.get("/events/{order_id}", response_class=EventSourceResponse)(stream_events)
router.include_router(callers)


@router.get("/readers")
def count_readers() -> dict[str, int]:
    names = [thread.name for thread in threading.enumerate()]
    threads = sum(name.startswith("fastapi_bus.") for name in names)
    listeners = sum(len(reader._listeners) for reader in _readers.values())
    return {"readers": len(_readers), "threads": threads, "listeners": listeners}
