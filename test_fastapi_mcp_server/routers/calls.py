# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tools whose calls end in all ways that a request can end."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import psycopg2
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Query, Response
from fastapi.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

from odoo.api import Environment
from odoo.exceptions import UserError

from odoo.addons.fastapi.auth.caller import authenticated_caller
from odoo.addons.fastapi.auth.requirements import require_group, require_scopes
from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.exceptions import CommittedHTTPException
from odoo.addons.fastapi_mcp_server.tools import (
    PromptMessages,
    mcp_prompt,
    mcp_resource,
    mcp_tool,
)

Env = Annotated[Environment, Depends(odoo_env)]

router = APIRouter(dependencies=[mcp_tool(read_only=False)])
#: Routes that are no tools.
other_router = APIRouter()

#: Tools that are only for callers who are known.
callers_router = APIRouter(dependencies=[mcp_tool(), Depends(authenticated_caller)])

#: What the handlers of tests have done.
events: list[str] = []


class Item(BaseModel):
    id: int
    name: str


class Items(BaseModel):
    count: int
    items: list[Item]


def _create(env: Environment, name: str, quantity: int = 0) -> Item:
    record = env["test.fastapi.item"].create({"name": name, "quantity": quantity})
    return Item(id=record.id, name=record.name)


@router.get("/who", operation_id="who")
def who(env: Env) -> dict[str, str]:
    """Say who calls, and in which language."""
    return {"login": env.user.login, "lang": env.context.get("lang") or ""}


@router.post("/items", operation_id="create_item", status_code=201)
def create_item(
    env: Env, response: Response, tasks: BackgroundTasks, name: str, error: str = ""
) -> Item:
    """Create an item."""
    item = _create(env, name)
    response.headers["Location"] = f"/items/{item.id}"
    response.headers["X-Item"] = str(item.id)
    tasks.add_task(_create, env, f"{name} of the task")
    if error == "http":
        raise HTTPException(409, "There is a conflict.", {"X-Reason": "conflict"})
    if error == "user":
        raise UserError(env._("Not on Sundays."))
    if error == "bare":
        raise ZeroDivisionError
    if error == "committed":
        raise CommittedHTTPException(402, "This is noted.")
    if error == "returned":
        return JSONResponse({"detail": "This is returned."}, 418)  # type: ignore
    if error == "busy":
        raise HTTPException(429, "Too many requests.", {"Retry-After": "7"})
    return item


@router.post("/items/checked", operation_id="create_checked_item")
def create_checked_item(env: Env, name: str) -> Item:
    """Create an item whose name must be unique, which is only checked at the commit."""
    env.cr.execute(
        "CREATE TABLE IF NOT EXISTS test_mcp_deferred "
        "(name varchar UNIQUE DEFERRABLE INITIALLY DEFERRED)"
    )
    item = _create(env, name)
    for _number in range(2):
        env.cr.execute("INSERT INTO test_mcp_deferred VALUES (%s)", [name])
    return item


@router.post("/items/swallowing", operation_id="swallow_error")
def swallow_error(env: Env, name: str) -> str:
    """Create an item twice, and ignore the error."""
    env.cr.execute("INSERT INTO test_fastapi_item (name) VALUES (%s)", [name])
    try:
        env.cr.execute("INSERT INTO test_fastapi_item (name) VALUES (%s)", [name])
    except psycopg2.Error:
        return "swallowed"
    return "no error"


@router.post("/items/{item_id}/increment", operation_id="increment")
def increment(env: Env, item_id: int, lock: int = 0) -> int:
    """Count up the quantity of an item."""
    events.append(f"increment {item_id}")
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    if lock:
        env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    item.quantity = quantity + 1
    item.flush_recordset()
    return item.quantity


@router.get("/events", operation_id="list_events")
def list_events() -> list[str]:
    """List what the handlers of this process have done."""
    return events


@router.get("/many", operation_id="list_many")
def list_many(limit: int = 10, text: str = "") -> Items:
    """List many items."""
    items = [Item(id=number, name=f"item {number} {text}") for number in range(limit)]
    return Items(count=limit, items=items)


@router.get("/words", operation_id="list_words")
def list_words(limit: int = 2) -> list[str]:
    """List words."""
    return ["word"] * limit


@router.get("/text", operation_id="get_text", response_class=PlainTextResponse)
def get_text(size: int = 5) -> str:
    """Return a text."""
    return "é" * size


@router.get("/picture", operation_id="get_picture")
def get_picture(kind: str = "image/png", size: int = 4) -> Response:
    """Return a file."""
    return Response(b"\x89PNG"[:size] * max(1, size // 4), media_type=kind)


@router.get("/nothing", operation_id="get_nothing", status_code=204)
def get_nothing() -> None:
    """Return nothing."""


@router.get("/invalid", operation_id="check_values")
def check_values(number: Annotated[int, Query(ge=1)], word: str) -> int:
    """Check values."""
    return number


@router.get("/members", operation_id="for_members")
def for_members(
    _caller: Annotated[object, require_group("base.group_system")],
) -> str:
    """Only for members of a group."""
    return "member"


@router.get("/scoped", operation_id="for_scope", dependencies=[require_scopes("read")])
def for_scope() -> str:
    """Only with a scope."""
    return "scoped"


@router.get("/public", operation_id="for_all")
def for_all() -> str:
    """For all callers."""
    return "public"


@router.get(
    "/private",
    operation_id="for_callers",
    dependencies=[Depends(authenticated_caller)],
)
def for_callers() -> str:
    """Only for callers who are known."""
    return "private"


@router.post("/slow", operation_id="slow")
async def slow(env: Env, name: str, seconds: float = 60) -> str:
    """Create an item, then wait."""
    _create(env, name)
    env.flush_all()
    events.append(f"slow {name}")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        events.append(f"cancelled {name}")
        raise
    return "done"


@router.post("/stream", operation_id="stream_words", response_class=StreamingResponse)
def stream_words(
    env: Env,
    name: str,
    number: int = 3,
    error: bool = False,
    wait: float = 0,
    kind: str = "text/plain",
    charset: str = "utf-8",
) -> StreamingResponse:
    """Create an item, then send words."""
    _create(env, name)
    if wait:
        time.sleep(wait)

    def generate() -> Iterator[bytes]:
        for word in range(number):
            yield f"wörd {word}\n".encode(charset)
        _create(env, f"{name} of the stream")
        env.flush_all()
        if error:
            raise ZeroDivisionError

    return StreamingResponse(generate(), media_type=f"{kind}; charset={charset}")


@router.get("/events/endless", operation_id="watch", response_class=StreamingResponse)
async def watch() -> StreamingResponse:
    """Send an event, and no end."""

    async def generate() -> AsyncIterator[str]:
        try:
            yield "data: first\n\n"
            await asyncio.sleep(600)
        finally:
            events.append("watch ended")

    return StreamingResponse(generate(), media_type="text/event-stream")


@router.get("/numbers/endless", operation_id="count_endlessly")
def count_endlessly() -> StreamingResponse:
    """Count, without an end."""

    def generate() -> Iterator[str]:
        events.append("count_endlessly started")
        try:
            for number in itertools.count():
                yield f"{number:06}\n"
                time.sleep(0.001)
        finally:
            events.append("count_endlessly ended")

    return StreamingResponse(generate(), media_type="text/plain")


@router.get(
    "/numbers/events", operation_id="listen", response_class=EventSourceResponse
)
async def listen() -> AsyncIterator[str]:
    """Send an event, and no end."""
    events.append("listen started")
    try:
        yield "first"
        await asyncio.sleep(600)
    finally:
        events.append("listen ended")


@router.post("/half", operation_id="return_half")
def return_half(env: Env, name: str) -> dict[str, str]:
    """Create an item, and return a half of a pair of surrogates."""
    _create(env, name)
    content = '{"half": "\\ud800"}'
    return Response(content, media_type="application/json")  # type: ignore


@other_router.get(
    "/notes/{name}", operation_id="read_note", dependencies=[mcp_resource()]
)
def read_note(name: str) -> dict[str, str]:
    """Read a note."""
    if name == "moved":
        return RedirectResponse("/elsewhere")  # type: ignore[return-value]
    if name == "missing":
        raise HTTPException(404, "There is no such note.")
    return {"note": name}


@other_router.get(
    "/rules",
    operation_id="read_rules",
    response_class=PlainTextResponse,
    dependencies=[mcp_resource()],
)
def read_rules() -> str:
    """Read the rules."""
    return "Be kind."


@other_router.get("/greeting", operation_id="greet", dependencies=[mcp_prompt()])
def greet(name: str) -> str:
    """Greet somebody."""
    return f"Greet {name}."


@other_router.get("/talk", operation_id="talk", dependencies=[mcp_prompt()])
def talk() -> PromptMessages:
    """Start a conversation."""
    return PromptMessages.model_validate(
        {
            "description": "A conversation",
            "messages": [{"text": "Hello."}, {"role": "assistant", "text": "Hi."}],
        }
    )


@callers_router.get("/callers", operation_id="for_callers_only")
def for_callers_only() -> str:
    """Only for callers who are known."""
    return "callers"
