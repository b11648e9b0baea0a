# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests that write to the database, and fail at different points."""

import hashlib
import threading
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, HTTPException, Query, Request

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.http import request as odoo_request

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.fastapi.error_handlers import CommittedHTTPException

router = APIRouter(tags=["transactions"])


class TeapotError(Exception):
    pass


EXCEPTIONS = {
    "http": HTTPException(409, "conflict"),  # one instance for all requests
    "user": UserError("refused"),
    "bare": ZeroDivisionError("secret"),
    "teapot": TeapotError("short and stout"),
    "committed": CommittedHTTPException(401, "counted", {"WWW-Authenticate": "Basic"}),
}


@router.post("/items")
def create_item(
    env: Annotated[Environment, Depends(odoo_env)],
    name: str,
    quantity: int = 0,
    error: str = "",
) -> int:
    item = env["test.fastapi.item"].create({"name": name, "quantity": quantity})
    if error:
        raise EXCEPTIONS[error]
    return item.id


@router.post("/items/late")
def create_item_and_fail_late(
    env: Annotated[Environment, Depends(odoo_env)], name: str, error: str
) -> None:
    """Fail after the app, in a hook that Odoo calls before it commits."""
    env["test.fastapi.item"].create({"name": name})

    @env.cr.precommit.add
    def fail():
        raise EXCEPTIONS[error]


@router.post("/items/async")
async def create_item_async(
    env: Annotated[Environment, Depends(odoo_env)], name: str, error: str = ""
) -> int:
    return create_item(env, name, 0, error)


@router.patch("/items/{item_id}")
def set_quantity(
    env: Annotated[Environment, Depends(odoo_env)], item_id: int, quantity: int
) -> None:
    env["test.fastapi.item"].browse(item_id).quantity = quantity


def teardown(
    env: Annotated[Environment, Depends(odoo_env)],
    name: Annotated[str, Query()],
    fail: Annotated[bool, Query()] = False,
) -> Iterator[None]:
    yield
    env["test.fastapi.item"].create({"name": f"{name} torn down"})
    if fail:
        raise UserError(env._("teardown failed"))


@router.post("/teardown", dependencies=[Depends(teardown)])
def with_teardown(env: Annotated[Environment, Depends(odoo_env)], name: str) -> None:
    env["test.fastapi.item"].create({"name": name})


@router.post("/increment/{item_id}")
def increment(
    env: Annotated[Environment, Depends(odoo_env)],
    item_id: int,
    lock: int,
    file: Annotated[bytes, File()],
) -> dict[str, Any]:
    """Increment an item; wait for a lock between read and write.

    If another request writes the item meanwhile, PostgreSQL refuses this write and Odoo
    replays the request.
    """
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    odoo_request.future_response.headers.add("X-Attempt", str(quantity))
    item.quantity = quantity + 1
    env.flush_all()
    return {"quantity": item.quantity, "sha256": hashlib.sha256(file).hexdigest()}


@router.post("/overlap/{item_id}")
async def overlap(
    env: Annotated[Environment, Depends(odoo_env)], item_id: int, lock: int
) -> int:
    """Write an item, then wait for a lock; other writers wait meanwhile."""
    item = env["test.fastapi.item"].browse(item_id)
    item.quantity += 1
    env.flush_all()
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    return item.quantity


@router.get("/cursor")
@router.post("/cursor")
def is_readonly(env: Annotated[Environment, Depends(odoo_env)]) -> bool:
    return env.cr.readonly


@router.get("/process")
def process(request: Request) -> dict[str, Any]:
    thread = threading.current_thread()
    return {
        "app": id(request.app),
        "state": getattr(request.state, "title_at_start", None),
        "request_at_start": getattr(request.state, "request_at_start", None),
        "dbname": getattr(thread, "dbname", None),
        "threads": threading.active_count(),
    }
