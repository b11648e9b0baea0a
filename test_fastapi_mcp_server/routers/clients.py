# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tools for real clients: items of a shop, and what a client may try to reach."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Header, HTTPException, Path, Query
from fastapi import Request as HttpRequest
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import (
    Caller,
    authenticated_caller,
    odoo_env,
    require_group,
)
from odoo.addons.fastapi_mcp_server.tools import (
    mcp_prompt,
    mcp_resource,
    mcp_tool,
)

router = APIRouter(dependencies=[Depends(authenticated_caller)])

Env = Annotated[Environment, Depends(odoo_env)]

#: Streams that have ended.
ended: list[int] = []

#: What a route that is not a tool responds, and what no client may get of it.
SECRET = "reached what is not a tool"


class NewItem(BaseModel):
    name: str = Field(min_length=1, max_length=40)
    quantity: int = Field(default=0, le=1000)


class Item(NewItem):
    id: int


def _read(item: Any) -> Item:
    return Item(id=item.id, name=item.name, quantity=item.quantity)


@router.get("/items", dependencies=[mcp_tool()])
def find_items(
    env: Env,
    name: Annotated[str, Query(description="A part of the name.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[Item]:
    """Find items by a part of their name."""
    domain = [("name", "ilike", name)]
    return [
        _read(item) for item in env["test.fastapi.item"].search(domain, limit=limit)
    ]


@router.post("/items", dependencies=[mcp_tool(read_only=False)])
def create_item(env: Env, values: NewItem) -> Item:
    """Create an item. Its name must be new."""
    return _read(env["test.fastapi.item"].create(values.model_dump()))


@router.post("/items/{item_id}/count", dependencies=[mcp_tool(read_only=False)])
def count_item(
    env: Env,
    item_id: int,
    lock: Annotated[int, Query(description="A lock to wait for.")] = 0,
) -> Item:
    """Add one to the quantity of an item."""
    item = env["test.fastapi.item"].browse(item_id).exists()
    if not item:
        raise HTTPException(404, "There is no such item.")
    quantity = item.quantity
    if lock:
        env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    item.quantity = quantity + 1
    env.flush_all()
    return _read(item)


@router.post("/items/locked", dependencies=[mcp_tool(read_only=False)])
def create_item_locked(env: Env, name: str, lock: int) -> Item:
    """Create an item, then wait for a lock."""
    item = env["test.fastapi.item"].create({"name": name})
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    return _read(item)


@router.get("/lines", dependencies=[mcp_tool()])
def list_lines(
    count: Annotated[int, Query(ge=0, le=100_000)],
    page: Annotated[int, Query(description="The page to read.")] = 1,
) -> list[str]:
    """Return lines of eight characters."""
    return [f"é {number:06}" for number in range(count)]


@router.get("/text", dependencies=[mcp_tool()], response_class=PlainTextResponse)
def long_text(count: Annotated[int, Query(ge=0, le=1_000_000)]) -> str:
    """Return a text of a number of characters."""
    return "é" * count


@router.get("/steps", dependencies=[mcp_tool()])
def steps(count: Annotated[int, Query(ge=0, le=100)] = 3) -> StreamingResponse:
    """Report steps one by one."""

    def generate() -> Iterator[str]:
        for step in range(count):
            yield f"step {step}\n"

    return StreamingResponse(generate(), media_type="text/plain")


@router.get("/endless", dependencies=[mcp_tool()])
async def endless(env: Env) -> StreamingResponse:
    """Report steps until the client has gone."""

    async def generate() -> AsyncIterator[str]:
        try:
            for step in itertools.count():
                yield f"step {step}\n"
                await asyncio.sleep(0.01)
        finally:
            ended.append(env.uid)

    return StreamingResponse(generate(), media_type="text/plain")


@router.get("/endless/ended")
def count_ended() -> int:
    """Return how many streams have ended in this process."""
    return len(ended)


@router.post("/items/slow", dependencies=[mcp_tool(read_only=False)])
async def create_item_slowly(env: Env, name: str) -> Item:
    """Create an item, then wait for longer than any client does."""
    item = env["test.fastapi.item"].create({"name": name})
    env.flush_all()
    await asyncio.sleep(600)
    return _read(item)


@router.get(
    "/managers", dependencies=[mcp_tool(), require_group("base.group_erp_manager")]
)
def for_managers() -> str:
    """Only for managers of access rights."""
    return "managed"


@router.get("/caller", dependencies=[mcp_tool()])
def who_calls(
    env: Env, caller: Annotated[Caller, Depends(authenticated_caller)]
) -> dict[str, Any]:
    """Tell who calls, and as which user."""
    return {"caller": caller.user_id, "user": env.uid}


@router.get("/echo/{name}", dependencies=[mcp_tool()])
def echo(
    request: HttpRequest,
    name: Annotated[str, Path(description="A part of the path.")],
    text: Annotated[str, Query(max_length=100_000)] = "",
    x_note: Annotated[str | None, Header()] = None,
    authorization: Annotated[str | None, Header()] = None,
    host: Annotated[str | None, Header()] = None,
    x_forwarded_for: Annotated[str | None, Header()] = None,
    flavor: Annotated[str | None, Cookie()] = None,
) -> dict[str, Any]:
    """Return what the request has."""
    return {
        "method": request.method,
        "path": request.url.path,
        "name": name,
        "text": text,
        "note": x_note,
        "flavor": flavor,
        "headers": [
            [key.decode("latin-1"), value.decode("latin-1")]
            for key, value in request.headers.raw
        ],
    }


@router.post("/nested", dependencies=[mcp_tool(read_only=True)])
def nested(value: Annotated[Any, Field(description="Any value.")], env: Env) -> str:
    """Return the type of a value."""
    return type(value).__name__


@router.get("/secret")
@router.post("/secret")
@router.get("/echo/{name}/secret")
def secret() -> str:
    return SECRET


@router.get("/fails", dependencies=[mcp_tool()])
def fails() -> str:
    """Fail without a handler."""
    raise ZeroDivisionError(SECRET)


@router.get("/catalog", dependencies=[mcp_resource()])
def catalog(env: Env) -> list[str]:
    """The names of all items."""
    return env["test.fastapi.item"].search([], order="name").mapped("name")


@router.get("/catalog/{item_id}", dependencies=[mcp_resource()])
def catalog_entry(env: Env, item_id: int) -> Item:
    """One item of the catalog."""
    item = env["test.fastapi.item"].browse(item_id).exists()
    if not item:
        raise HTTPException(404, "There is no such item.")
    return _read(item)


@router.get("/ask", dependencies=[mcp_prompt()], response_class=PlainTextResponse)
def ask_for_items(kind: Annotated[str, Query(description="What to look for.")]) -> str:
    """Ask for items of a kind."""
    return f"Which {kind} do we have?"
