# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets: what happens before they are accepted, and afterwards."""

import logging
from collections.abc import Iterator
from typing import Annotated, Any

import psycopg2
from anyio import to_thread
from fastapi import APIRouter, Depends, Security, WebSocket, WebSocketDisconnect

from odoo import http
from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.base.models.res_users import ResUsers
from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.dependencies import (
    authenticated_caller,
    authenticated_partner,
    fastapi_endpoint,
    odoo_env,
    odoo_user,
    optionally_authenticated_partner,
    paging,
)
from odoo.addons.fastapi.schemas import Paging

from .transactions import EXCEPTIONS

_logger = logging.getLogger(__name__)

router = APIRouter(prefix="/ws")

Env = Annotated[Environment, Depends(odoo_env)]


async def echo_all(websocket: WebSocket) -> None:
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@router.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    protocols = websocket.scope["subprotocols"]
    await websocket.accept(
        protocols[-1] if protocols else None, [(b"x-greeting", b"hello")]
    )
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"], message.get("reason"))
            if message.get("bytes") is not None:
                await websocket.send_bytes(message["bytes"])
            else:
                await websocket.send_text(message["text"])
    except WebSocketDisconnect as err:
        _logger.info("A WebSocket ends with %s.", err.code)
        raise


@router.websocket("/request")
async def request_of_odoo(websocket: WebSocket) -> None:
    """Send whether there is a request of Odoo, before and after ``accept``."""
    before = bool(http.request)
    await websocket.accept()
    after = bool(http.request)
    in_thread = await to_thread.run_sync(lambda: bool(http.request))
    await websocket.send_json([before, after, in_thread])


@router.websocket("/url")
async def url(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(str(websocket.url))
    await echo_all(websocket)


@router.websocket("/dependencies")
async def dependencies(
    websocket: WebSocket,
    env: Env,
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
    pages: Annotated[Paging, Depends(paging)],
    endpoint: Annotated[Any, Depends(fastapi_endpoint)],
) -> None:
    found = {
        "uid": env.uid,
        "lang": env.lang,
        "partner_id": partner.id,
        "context": partner.env.context.get("authenticated_partner_id"),
        "offset": pages.offset,
        "root_path": endpoint.root_path,
        "url": str(websocket.url),
        "client": websocket.client.host,
    }
    await websocket.accept()
    await websocket.send_json(found)
    await echo_all(websocket)


@router.websocket("/scoped")
async def scoped(
    websocket: WebSocket,
    caller: Annotated[Caller, Security(authenticated_caller, scopes=["orders"])],
    env: Env,
) -> None:
    found = [caller.method, caller.user_id, env.uid]
    await websocket.accept()
    await websocket.send_json(found)
    await echo_all(websocket)


@router.websocket("/caller")
async def of_caller(
    websocket: WebSocket, caller: Annotated[Caller, Depends(authenticated_caller)]
) -> None:
    await websocket.accept()
    await websocket.send_json([caller.method, caller.user_id])
    await echo_all(websocket)


@router.websocket("/odoo-user")
async def of_odoo_user(
    websocket: WebSocket, user: Annotated[ResUsers, Depends(odoo_user)]
) -> None:
    user_id = user.id
    await websocket.accept()
    await websocket.send_json(user_id)
    await echo_all(websocket)


@router.websocket("/visitor")
async def visitor(
    websocket: WebSocket,
    partner: Annotated[ResPartner | None, Depends(optionally_authenticated_partner)],
) -> None:
    partner_id = partner and partner.id
    await websocket.accept()
    await websocket.send_json(partner_id)
    await echo_all(websocket)


@router.websocket("/refused")
async def refused(websocket: WebSocket, env: Env, name: str, error: str) -> None:
    env["test.fastapi.item"].create({"name": name})
    if error == "close":
        await websocket.close(1008)
        return
    raise EXCEPTIONS[error]


@router.websocket("/items")
async def create_item(
    websocket: WebSocket, env: Env, name: str, late: str = ""
) -> None:
    item = env["test.fastapi.item"].create({"name": name})
    if late:
        # fails after the app has accepted, before the commit
        @env.cr.precommit.add
        def fail() -> None:
            raise EXCEPTIONS[late]

    item_id = item.id
    try:
        await websocket.accept()
    except BaseException as err:
        _logger.info("A WebSocket is not opened: %r", err)
        raise
    await websocket.send_json(item_id)
    await echo_all(websocket)


@router.websocket("/swallowed")
async def swallowed(websocket: WebSocket, env: Env) -> None:
    try:
        env.cr.execute("SELECT 1 / 0", log_exceptions=False)
    except psycopg2.Error:
        _logger.debug("swallowed")
    await websocket.accept()


@router.websocket("/increment/{item_id}")
async def increment(websocket: WebSocket, env: Env, item_id: int, lock: int) -> None:
    """Increment an item; wait for a lock between read and write."""
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    item.quantity = quantity + 1
    await websocket.accept()
    await websocket.send_json(quantity + 1)
    await echo_all(websocket)


def torn_down() -> Iterator[None]:
    try:
        yield
    finally:
        _logger.info("A WebSocket is torn down.")


@router.websocket("/fails", dependencies=[Depends(torn_down)])
async def fails(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive_text()
    raise ZeroDivisionError("secret")


class ConnectionManager:
    """As in the tutorial of FastAPI."""

    def __init__(self) -> None:
        self.active_connections: list[WebSocket] = []

    async def connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active_connections.append(websocket)

    def disconnect(self, websocket: WebSocket) -> None:
        self.active_connections.remove(websocket)

    async def send_personal_message(self, message: str, websocket: WebSocket) -> None:
        await websocket.send_text(message)

    async def broadcast(self, message: str) -> None:
        for connection in self.active_connections:
            await connection.send_text(message)


manager = ConnectionManager()


@router.websocket("/chat/{client_id}")
async def chat(websocket: WebSocket, client_id: int) -> None:
    await manager.connect(websocket)
    try:
        while True:
            data = await websocket.receive_text()
            await manager.send_personal_message(f"You wrote: {data}", websocket)
            await manager.broadcast(f"Client #{client_id} says: {data}")
    except WebSocketDisconnect:
        manager.disconnect(websocket)
        await manager.broadcast(f"Client #{client_id} left the chat")
