# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes whose requests may have an ``Idempotency-Key``."""

import itertools
import os
import signal
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    File,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError, UserError

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    authenticated_partner_impl,
    odoo_env,
)
from odoo.addons.fastapi.error_handlers import CommittedHTTPException
from odoo.addons.fastapi_limits import (
    accept_idempotency_key,
    ignore_idempotency_key,
    require_idempotency_key,
)

Env = Annotated[Environment, Depends(odoo_env)]
Partner = Annotated[ResPartner, Depends(authenticated_partner)]

router = APIRouter(tags=["idempotency"])
#: Routes for any setting of the endpoint.
settings_router = APIRouter(prefix="/settings", tags=["idempotency"])

LOCK = 4711  # of test_fastapi/tests/server_case.py
#: Counts what no transaction rolls back.
calls = itertools.count(1)
#: Names of items whose first creation has failed.
conflicts: set[str] = set()


class Item(BaseModel):
    name: str
    quantity: int = 0


def create(env: Environment, name: str, quantity: int = 0) -> dict[str, Any]:
    item = env["test.fastapi.item"].create({"name": name, "quantity": quantity})
    return {"id": item.id, "name": item.name, "call": next(calls)}


@router.post("/items", status_code=201)
def add_item(item: Item, env: Env, response: Response) -> dict[str, Any]:
    result = create(env, item.name, item.quantity)
    response.headers["Location"] = f"items/{result['id']}"
    response.headers["X-Request-ID"] = f"request {result['call']}"
    response.set_cookie("call", str(result["call"]))
    return result


@router.get("/items/{name}")
@router.put("/items/{name}")
@router.patch("/items/{name}")
@router.delete("/items/{name}")
def change_item(name: str, request: Request, env: Env) -> dict[str, Any]:
    return create(env, f"{name} {request.method} {next(calls)}")


@router.post("/empty", status_code=204)
def add_empty(name: str, env: Env) -> None:
    create(env, name)


@router.post("/file")
def add_file(content: Annotated[bytes, File()], env: Env) -> int:
    create(env, content.decode())
    return next(calls)


@router.post("/stream_of_body")
async def read_body(request: Request, env: Env) -> PlainTextResponse:
    """Read the body when the key is already decided on."""
    body = b"".join([chunk async for chunk in request.stream()])
    create(env, body.decode())
    return PlainTextResponse(f"{next(calls)} {body.decode()}")


@router.post("/locked")
def wait_for_lock(
    name: str, env: Env, x_fail: Annotated[bool, Header()] = False
) -> dict[str, Any]:
    """Wait while the test holds its lock."""
    result = create(env, name)
    env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    if x_fail:
        raise HTTPException(400, "No")
    return result


@router.post("/failing")
def fail(
    name: str, env: Env, kind: str, again: Annotated[bool, Header()] = False
) -> Any:
    create(env, name)
    if again:
        return next(calls)
    if kind == "user":
        raise UserError(env._("No"))
    if kind == "http":
        raise HTTPException(409, "No")
    if kind == "committed":
        raise CommittedHTTPException(402, f"Pay {next(calls)}")
    if kind == "returned":
        return PlainTextResponse(f"Refused {next(calls)}", 403)
    if kind == "after commit":
        env.cr.commit()  # pylint: disable=invalid-commit
    raise ValueError("secret")


@router.post("/rolled_back")
def roll_back(
    name: str, env: Env, x_refuse: Annotated[bool, Header()] = False
) -> dict[str, Any]:
    """Roll back, start again, and wait while the test holds its lock.

    :param x_refuse: whether the response is an error, whose work is committed
    """
    create(env, f"{name} gone {next(calls)}")
    env.flush_all()
    env.cr.rollback()
    result = create(env, f"{name} {next(calls)}")
    env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    if x_refuse:
        raise CommittedHTTPException(402, f"Pay {result['call']}")
    return result


@router.post("/rolled_back_and_committed")
def roll_back_and_commit(
    name: str, env: Env, turns: int = 1, x_fail: Annotated[bool, Header()] = False
) -> dict[str, Any]:
    """Roll back, start again, wait while the test holds its lock, and commit."""
    for _turn in range(turns):
        env.cr.rollback()
    result = create(env, f"{name} {uuid.uuid4().hex}")  # names are unique
    env.cr.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    env.cr.commit()  # pylint: disable=invalid-commit
    if x_fail:
        raise HTTPException(400, "No")
    return result


#: An app that is mounted in that of the endpoint.
mounted = FastAPI()


@mounted.post("/accepted", dependencies=[accept_idempotency_key()])
@mounted.post("/other")
def count_mounted() -> int:
    return next(calls)


class EnvelopeRoute(APIRoute):
    """Puts errors into responses of its own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except HTTPException as exc:
                if "X-Stream" in request.headers:
                    return StreamingResponse(iter([exc.detail]))
                return PlainTextResponse(exc.detail)

        return handle


envelope_router = APIRouter(route_class=EnvelopeRoute, tags=["idempotency"])


@envelope_router.post("/envelope")
def add_with_envelope(name: str, env: Env) -> dict[str, Any]:
    return create(env, name)


router.include_router(envelope_router)


def replace_errors(env: Env, x_hide: Annotated[bool, Header()] = False) -> Iterator:
    try:
        yield
    except Exception as err:
        create(env, f"error {next(calls)}")
        if not x_hide:
            raise HTTPException(402, "Replaced") from err


@router.post("/replacing", dependencies=[Depends(replace_errors)])
def add_and_replace_errors(name: str, env: Env) -> dict[str, Any]:
    return create(env, name)


@router.post("/conflict")
def conflict_at_first(name: str, env: Env) -> dict[str, Any]:
    result = create(env, name)
    if name not in conflicts:
        conflicts.add(name)
        raise ConcurrencyError("concurrent update")
    return result


@router.post("/deferred")
def violate_deferred_constraint(name: str, env: Env) -> dict[str, Any]:
    """Fail at the commit."""
    env.cr.execute(
        "CREATE TEMPORARY TABLE test_deferred "
        "(a int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
    )
    env.cr.execute("INSERT INTO test_deferred VALUES (1), (1)")
    return create(env, name)


@router.post("/counted")
def add_counted(
    name: str, counter: str, env: Env, x_die: Annotated[str, Header()] = ""
) -> dict[str, Any]:
    """Create an item, and count it in another one, which causes conflicts.

    :param x_die: whether the worker dies ``before`` or ``after`` the commit
    """
    item = env["test.fastapi.item"].create({"name": name})
    env["test.fastapi.item"].search([("name", "=", counter)]).quantity += 1
    if x_die == "before":
        env.flush_all()
        _die()
    if x_die == "after":
        env.cr.postcommit.add(_die)
    return {"id": item.id, "token": uuid.uuid4().hex}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@router.post("/stream")
def stream(name: str, env: Env) -> StreamingResponse:
    create(env, name)

    def chunks() -> Iterator[str]:
        yield "one "
        yield "two"

    return StreamingResponse(chunks())


@router.post("/large")
def large(name: str, size: int, env: Env) -> PlainTextResponse:
    create(env, name)
    return PlainTextResponse("x" * size)


@router.post("/task")
def add_task(name: str, env: Env, tasks: BackgroundTasks) -> dict[str, Any]:
    tasks.add_task(create, env, f"{name} {next(calls)}")
    return create(env, name)


@router.post("/me")
def get_me(partner: Partner) -> dict[str, Any]:
    return {"partner": partner.id, "call": next(calls)}


@router.post("/anyone")
def get_anyone() -> int:
    return next(calls)


@router.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


# Settings


@settings_router.post("/of_endpoint")
@settings_router.post("/accepted", dependencies=[accept_idempotency_key()])
@settings_router.post("/required", dependencies=[require_idempotency_key()])
@settings_router.post("/ignored", dependencies=[ignore_idempotency_key()])
def count(_body: Annotated[Any, Body()] = None) -> int:
    return next(calls)


@settings_router.get("/of_endpoint")
def get_count() -> int:
    return next(calls)


inner_router = APIRouter(
    prefix="/inner", dependencies=[require_idempotency_key()], tags=["idempotency"]
)


@inner_router.post("/required")
@inner_router.post("/ignored", dependencies=[ignore_idempotency_key()])
def count_inner() -> int:
    return next(calls)


settings_router.include_router(inner_router)


def partner_of_header(
    env: Env, x_partner: Annotated[int | None, Header()] = None
) -> ResPartner:
    """Identify callers in the app's own way: an override of the app."""
    if x_partner is None:
        raise HTTPException(401, "Who are you?")
    return env["res.partner"].browse(x_partner)


own_callers = {authenticated_partner_impl: partner_of_header}
