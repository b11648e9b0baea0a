# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi_bus import bus_events, send_event
from odoo.addons.fastapi_bus.reader import _readers

router = APIRouter()

Env = Annotated[Environment, Depends(odoo_env)]
LastEventId = Annotated[str | None, Header()]


@router.get("/events/{order_id}", response_class=EventSourceResponse)
async def stream_events(
    order_id: int, last_event_id: LastEventId = None, queue: int = 1000
) -> AsyncIterator[ServerSentEvent]:
    channel = f"orders/{order_id}"
    async with bus_events(channel, last_event_id=last_event_id, queue=queue) as events:
        yield ServerSentEvent(comment="listening")
        async for event in events:
            yield ServerSentEvent(data=event.payload, event=event.type, id=event.id)


@router.post("/events/{order_id}")
def send(
    env: Env, order_id: int, payload: Annotated[Any, Body()], fail: bool = False
) -> None:
    send_event(env, f"orders/{order_id}", "changed", payload)
    if fail:
        env.flush_all()
        raise HTTPException(409)


@router.get("/readers")
def count_readers() -> dict[str, int]:
    names = [thread.name for thread in threading.enumerate()]
    threads = sum(name.startswith("fastapi_bus.") for name in names)
    listeners = sum(len(reader._listeners) for reader in _readers.values())
    return {"readers": len(_readers), "threads": threads, "listeners": listeners}
