# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Message routes, to be called by tests."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    Header,
    HTTPException,
    WebSocket,
)
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError, UserError

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    odoo_env,
    transactions,
)
from odoo.addons.fastapi.exceptions import CommittedHTTPException, NoTransactionError
from odoo.addons.fastapi.message_routes import MessageRoute
from odoo.addons.fastapi.records import RecordSchema
from odoo.addons.fastapi.transactions import Transactions

router = APIRouter()

Env = Annotated[Environment, Depends(odoo_env)]
Tx = Annotated[Transactions, Depends(transactions)]


class Order(BaseModel):
    """What the client orders."""

    name: str
    quantity: int = Field(1, ge=0)
    then: Literal[
        "",
        "access",
        "attempts",
        "committed",
        "denied",
        "fail",
        "forbidden",
        "refuse",
        "respond",
        "stream",
        "tasks",
        "wrong",
    ] = ""


class Increment(BaseModel):
    item_id: int


class User(BaseModel):
    uid: int
    partner_id: int


class Item(RecordSchema):
    id: int
    name: str
    quantity: int


def get_token(x_token: Annotated[str, Header()] = "") -> str:
    if x_token == "wrong":
        raise HTTPException(401, "Wrong token")
    return x_token


def log_task(env: Environment, name: str) -> None:
    env["test.fastapi.item"].create({"name": f"{name} (task)"})


orders = MessageRoute(
    router, "/orders/{shop}", receive=Order, send=Item, subprotocols=("v2", "v1")
)
#: Attempts at messages.
attempts: list[str] = []


@orders.on_message
def order(
    message: Order,
    shop: str,
    env: Env,
    token: Annotated[str, Depends(get_token)],
    tasks: BackgroundTasks,
) -> Item | None:
    """Create an item."""
    item = env["test.fastapi.item"].create(
        {"name": f"{shop}: {message.name}", "quantity": message.quantity}
    )
    attempts.append(message.name)
    if message.then == "attempts" and len(attempts) < 3:
        raise ConcurrencyError("on purpose")
    if message.then == "refuse":
        error = UserError("Not today")
        raise error
    if message.then == "fail":
        raise ZeroDivisionError("a secret")
    if message.then == "forbidden":
        raise HTTPException(403, "Not you")
    if message.then == "access":
        env["test.fastapi.item"].with_user(env.ref("base.public_user")).check_access(
            "write"
        )
    if message.then == "committed":
        raise CommittedHTTPException(409, "Counted")
    if message.then == "respond":
        # in another form than FastAPI's errors
        return PlainTextResponse(message.name, message.quantity)  # type: ignore[return-value]
    if message.then == "stream":
        return StreamingResponse(iter("ab"))  # type: ignore[return-value]
    if message.then == "wrong":
        return "no item"  # type: ignore[return-value]
    if message.then == "tasks":
        tasks.add_task(log_task, env, item.name)
    return None if message.then == "denied" else Item.model_validate(item)


feed = MessageRoute(router, "/feed", receive=Order, send=Item)


@feed.on_connect
def check(env: Env, token: Annotated[str, Depends(get_token)]) -> None:
    if token == "refused":
        env["test.fastapi.item"].create({"name": "refused"})
        raise HTTPException(403, "Refused")


@feed.on_message
async def echo(message: Order) -> Item:
    return Item(id=0, name=message.name, quantity=message.quantity)


@feed.events
async def items(tx: Tx, x_fail: Annotated[str, Header()] = "") -> AsyncIterator[Item]:
    def read(env: Environment) -> Item:
        item = env["test.fastapi.item"].search([], limit=1, order="id desc")
        return Item.model_validate(item)

    yield await tx.run(read)
    if x_fail:
        raise ValueError("a secret")


counter = MessageRoute(router, "/counter", receive=Increment, send=Item)


@counter.on_message
def increment(message: Increment, env: Env) -> Item:
    """Read and write, so that messages of several clients conflict."""
    item = env["test.fastapi.item"].browse(message.item_id)
    item.quantity += 1
    return Item.model_validate(item)


users = MessageRoute(router, "/users", receive=Increment, send=User)


@users.on_message
def user(
    message: Increment,
    env: Env,
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> User:
    return User(uid=env.uid, partner_id=partner.id)


#: Their handshakes authenticate, too.
guarded_router = APIRouter(dependencies=[Depends(authenticated_partner)])

guarded_users = MessageRoute(
    guarded_router, "/guarded_users", receive=Increment, send=User
)
guarded_users.on_message(user)

router.include_router(guarded_router)

locked = MessageRoute(router, "/locked", receive=Increment)


@locked.on_message
async def lock(message: Increment, env: Env, tx: Tx) -> None:
    """Change an item here and in a work, which waits for this transaction."""
    _increment(env, message.item_id)
    await tx.run(_increment, message.item_id)


@router.post("/locked/{item_id}")
async def lock_in_request(item_id: int, env: Env, tx: Tx) -> None:
    await lock(Increment(item_id=item_id), env, tx)


def _increment(env: Environment, item_id: int) -> None:
    env["test.fastapi.item"].browse(item_id).quantity += 1
    env.flush_all()


@router.websocket("/works/{item_id}")
async def works(websocket: WebSocket, env: Env, tx: Tx, item_id: int) -> None:
    """Run a query of the client in a transaction, after an increment."""

    def work(env: Environment, query: str) -> int:
        item = env["test.fastapi.item"].browse(item_id)
        item.quantity += 1
        item.flush_recordset()
        env.cr.execute(query)
        return item.quantity

    await websocket.accept()
    async for query in websocket.iter_text():
        if query == "env":
            try:
                env["test.fastapi.item"].browse(item_id).read(["name"])
            except NoTransactionError as err:
                await websocket.send_text(str(err))
        else:
            await websocket.send_text(str(await tx.run(work, query)))


@router.post("/saved")
async def save(env: Env, tx: Tx, name: str) -> None:
    """Save one item, and roll the other one back."""
    env["test.fastapi.item"].create(
        {"name": f"{name} of the request"}
    ).flush_recordset()
    await tx.run(_create, f"{name} of a work")
    raise HTTPException(418, "rolled back")


@router.get("/stream")
async def stream(tx: Tx, name: str) -> StreamingResponse:
    async def generate() -> AsyncIterator[str]:
        for number in range(2):
            yield f"{await tx.run(_create, f'{name} {number}')}\n"

    return StreamingResponse(generate())


def _create(env: Environment, name: str) -> str:
    return env["test.fastapi.item"].create({"name": name}).name


#: A router whose dependency authenticates.
guarded = APIRouter(dependencies=[Depends(get_token)])
guarded_orders = MessageRoute(guarded, "/guarded", receive=Order)


@guarded_orders.on_message
def take(message: Order) -> None:
    """Take an order, and say nothing."""


router.include_router(guarded)
