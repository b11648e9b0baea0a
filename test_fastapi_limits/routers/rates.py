# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes with rates."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response, WebSocket
from fastapi.responses import PlainTextResponse
from psycopg2.errors import SerializationFailure
from pydantic import BaseModel

from odoo.api import Environment
from odoo.http import request

from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.dependencies import authenticated_caller, odoo_env
from odoo.addons.fastapi.message_routes import MessageRoute
from odoo.addons.fastapi_limits import limit

router = APIRouter()
#: Texts of messages that were replayed.
replayed: set[str] = set()


class Text(BaseModel):
    text: str


class Conflict(SerializationFailure):
    """Has Odoo replay the request."""

    pgcode = "40001"


@router.get("/free")
def read_free() -> str:
    return "free"


@router.get("/three", dependencies=[limit("3/hour")])
def read_three() -> str:
    return "three"


@router.post("/three", dependencies=[limit("3/hour")])
def write_three() -> str:
    return "three"


@router.api_route(
    "/methods",
    methods=["GET", "HEAD", "OPTIONS"],
    include_in_schema=False,
    dependencies=[limit("1/hour")],
)
def read_methods() -> str:
    return "methods"


@router.get("/two-rates", dependencies=[limit("2/hour", "100/day")])
def read_two_rates() -> str:
    return "two rates"


@router.get("/shared/a", dependencies=[limit("2/hour", name="shared")])
def read_shared_a() -> str:
    return "a"


@router.get("/shared/b", dependencies=[limit("2/hour", name="shared")])
def read_shared_b() -> str:
    return "b"


@router.get("/by-key", dependencies=[limit("2/hour", by="key")])
def read_by_key(caller: Annotated[Caller, Depends(authenticated_caller)]) -> str:
    return caller.method


@router.get("/by-address", dependencies=[limit("2/hour", by="address")])
def read_by_address(caller: Annotated[Caller, Depends(authenticated_caller)]) -> str:
    return caller.method


@router.get("/items/{item}", dependencies=[limit("2/hour")])
def read_item(item: int) -> int:
    return item


@router.get("/plain", dependencies=[limit("5/hour")])
def read_plain() -> PlainTextResponse:
    """Return a response, which FastAPI gives no headers of dependencies."""
    return PlainTextResponse("plain", headers={"X-Own": "1"})


@router.get("/cross", dependencies=[limit("5/hour")])
def read_cross() -> PlainTextResponse:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "X-Own",
    }
    return PlainTextResponse("cross", headers=headers)


@router.get("/fails", dependencies=[limit("5/hour")])
def fail(env: Annotated[Environment, Depends(odoo_env)]) -> None:
    """Fail, after something is written that is rolled back."""
    env["ir.config_parameter"].sudo().create({"key": "test.limits", "value": "x"})
    raise ZeroDivisionError


@router.get("/missing", dependencies=[limit("5/hour")])
def read_missing() -> None:
    raise HTTPException(404, "There is nothing.")


@router.get("/replayed", dependencies=[limit("5/hour")])
def read_replayed(response: Response) -> int:
    """Have Odoo replay the request twice."""
    environ = request.httprequest.environ
    attempt = environ["test.attempt"] = environ.get("test.attempt", 0) + 1
    if attempt < 3:
        raise Conflict()
    return attempt


@router.websocket("/socket", dependencies=[limit("2/hour")])
async def open_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    await websocket.close()


limited_messages = APIRouter(dependencies=[limit("2/hour", name="messages")])
echo = MessageRoute(limited_messages, "/echo", receive=Text, send=Text)


@echo.on_message
def send_back(message: Text) -> Text:
    """Have Odoo replay each new message once."""
    if message.text not in replayed:
        replayed.add(message.text)
        raise Conflict()
    return message


router.include_router(limited_messages)

included = APIRouter(dependencies=[limit("2/hour")])


@included.get("/x")
def read_x() -> str:
    return "x"


@included.get("/y")
def read_y() -> str:
    return "y"


router.include_router(included, prefix="/one")
router.include_router(included, prefix="/two")

#: An app that is mounted in that of the endpoint.
mounted = FastAPI()
mounted.include_router(included)

#: An app of another server, for ``_app``.
existing = FastAPI()
existing.include_router(included)


@existing.get("/own")
def read_own() -> str:
    return "own"
