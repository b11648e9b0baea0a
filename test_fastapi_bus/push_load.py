# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Push to many clients, for the tests under load."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, WebSocket

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi_bus import bus_events, send_event

router = APIRouter(prefix="/push")

Env = Annotated[Environment, Depends(odoo_env)]

#: When each number was committed (``time.time``).
committed: dict[int, float] = {}


@router.websocket("/numbers")
async def push_numbers(websocket: WebSocket) -> None:
    await websocket.accept()
    async with bus_events("push/numbers") as events:
        await websocket.send_json("listening")
        async for event in events:
            await websocket.send_json(event.payload)


@router.post("/{number}")
def send_number(env: Env, number: int, to: Literal["apps", "odoo"]) -> None:
    """Send a number to the clients of this app, or of Odoo's own WebSocket."""

    @env.cr.postcommit.add
    def remember() -> None:
        committed[number] = time.time()

    if to == "apps":
        send_event(env, "push/numbers", "number", number)
    else:
        env["bus.bus"]._sendone("push_numbers", "number", number)


@router.get("/{number}")
def get_time(number: int) -> float:
    return committed[number]
