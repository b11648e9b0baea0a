# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, WebSocket
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse
from pydantic import StringConstraints

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import transactions
from odoo.addons.fastapi.models import FastapiApp
from odoo.addons.fastapi.records import CrudRouter, schema_from
from odoo.addons.fastapi.transactions import Transactions
from odoo.addons.fastapi_bus import record_events

ORDER = "my.demo.live.order"
PAGE = Path(__file__).parent / "static" / "page.html"

#: Not only spaces, which Odoo would accept.
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

Tx: TypeAlias = Annotated[Transactions, Depends(transactions)]

router = APIRouter()


@router.get("/", include_in_schema=False)
def get_page() -> FileResponse:
    return FileResponse(PAGE)


@router.websocket("/live")
async def send_orders(websocket: WebSocket, tx: Tx) -> None:
    """Send all orders, and then those that change."""
    await websocket.accept()
    async for message in follow_orders(tx):
        await websocket.send_json(message)


@router.get("/events", response_class=EventSourceResponse)
async def stream_orders(tx: Tx) -> AsyncIterator[dict[str, Any]]:
    """Stream them to clients without WebSockets, for example behind some proxies."""
    async for message in follow_orders(tx):
        yield message


async def follow_orders(tx: Transactions) -> AsyncIterator[dict[str, Any]]:
    async with record_events(tx, ORDER) as changes:
        yield {"orders": await tx.run(read_orders, changes.ids), "removed": []}
        async for change in changes:
            orders = await tx.run(read_orders, change.ids)
            yield {"orders": orders, "removed": change.removed}


def read_orders(env: Environment, ids: tuple[int, ...]) -> list[dict[str, Any]]:
    # not browse: some may have been deleted meanwhile
    return env[ORDER].search_read([("id", "in", ids)], ["name", "state"])


class LiveApp(FastapiApp):
    _name = "fastapi.app.my_demo_live"
    _description = "My Demo Live"
    _root_path = "/my_demo_live"
    _auth = ("session",)
    _run_as = "caller"
    _create_endpoint = True

    def _get_routers(self) -> list[APIRouter]:
        Order = schema_from(self.env[ORDER], "id", "name", "state")
        crud = CrudRouter(
            ORDER,
            prefix="/orders",
            schema=Order,
            create=Order.for_create(name=Name),
            update=Order.for_update("state", name=Name),
            delete=True,
        )
        return [router, crud]
