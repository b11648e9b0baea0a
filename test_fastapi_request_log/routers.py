# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send
from werkzeug.exceptions import abort
from werkzeug.wrappers import Response as WerkzeugResponse

from odoo.api import Environment
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.bridge import InnerRequest
from odoo.addons.fastapi.dependencies import (
    authenticated_caller,
    authenticated_partner,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_partner_impl,
)

_logger = logging.getLogger(__name__)

router = APIRouter()
Env = Annotated[Environment, Depends(odoo_env)]


class Login(BaseModel):
    login: str
    password: int


@router.get("/items/{item_id}")
def get_item(item_id: int) -> dict[str, int]:
    _logger.info("An item is read")
    return {"item": item_id}


#: A router with a prefix, whose handlers are also at another one.
nested = APIRouter()
nested.get("/{name}/again")(lambda name: name)
router.include_router(nested, prefix="/first/{part}")
router.include_router(nested, prefix="/second")

mounted = FastAPI()
mounted.get("/things/{thing_id}")(lambda thing_id: thing_id)
router.mount("/mounted", mounted)
router.mount("/tenants/{tenant}", mounted)


@router.get("/reset/{token}/{pin}/done")
def reset_password(token: str, pin: int) -> str:
    # pylint: disable-next=translation-required
    raise UserError(f"There is no {token}")


@router.get("/own_id")
def set_own_id(response: Response) -> None:
    response.headers["X-Request-ID"] = "of the app"


@router.post("/echo")
def echo(content: Annotated[Any, Body()]) -> Any:
    return content


@router.post("/raw")
async def raw(request: Request, media_type: str = "application/json") -> Response:
    return Response(await request.body(), media_type=media_type)


@router.post("/login")
def log_in(login: Login) -> None:
    return None


@router.post("/form")
def send_form(name: Annotated[str, Form()], password: Annotated[str, Form()]) -> str:
    # pylint: disable-next=translation-required
    raise UserError(f"{password} is not the password of {name}")


@router.get("/caller")
def get_caller(caller: Annotated[Caller, Depends(authenticated_caller)]) -> str:
    return caller.method


@router.get("/fail/{how}")
def fail(how: str, env: Env, text: str = "", tasks: BackgroundTasks = None) -> None:
    if how == "http":
        raise HTTPException(409, text)
    if how == "user":
        raise UserError(text)
    if how == "access":
        raise AccessError(text)
    if how == "unavailable":
        raise HTTPException(503, text, {"Retry-After": "1"})
    if how == "abort":
        abort(WerkzeugResponse("aborted", 418))
    if how == "commit":
        env.cr.precommit.add(lambda: env.cr.execute("SELECT 1/0"))
        env.cr.precommit.data["fastapi"] = True
        return
    raise ValueError(text)


@router.get("/stream")
def stream(fail: bool = False, chunks: int = 3) -> StreamingResponse:
    def generate() -> Iterator[bytes]:
        for _number in range(chunks):
            yield b"0123456789"
        if fail:
            raise ValueError("the stream fails")

    return StreamingResponse(generate(), media_type="text/plain")


@router.post("/large")
def send_large(size: int) -> Response:
    return Response(b"x" * size)


@router.get("/endless")
async def stream_endlessly() -> StreamingResponse:
    async def generate() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    return StreamingResponse(generate(), media_type="text/plain")


@router.get("/locked")
def wait_for_lock(env: Env, lock: int) -> None:
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


@router.get("/increment/{item_id}")
def increment(item_id: int, env: Env, lock: int) -> int:
    item = env["test.fastapi.item"].browse(item_id)
    quantity = item.quantity
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    item.quantity = quantity + 1
    return item.quantity


@router.get("/task")
def start_task(tasks: BackgroundTasks, env: Env, lock: int) -> None:
    def wait() -> None:
        env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        _logger.info("The task runs")

    tasks.add_task(wait)


@router.websocket("/socket")
async def socket(websocket: WebSocket, refuse: bool = False) -> None:
    if refuse:
        await websocket.close()
        return
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


class ToolCalls:
    """Sends the tool call of ``POST /tool`` to a route, as an MCP server does.

    :param app: the app below this middleware
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/tool"):
            await self.app(scope, receive, send)
            return
        params = (await Request(scope, receive).json())["params"]
        path = scope["root_path"] + params["name"]
        inner_scope = {
            **scope,
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
        }
        inner = InnerRequest(inner_scope, b"", params["agent"])
        await inner.run(self.app, receive)
        result = {"text": inner.content.decode(), "isError": inner.status >= 400}
        await JSONResponse({"result": result})(scope, receive, send)


#: Routes of an app that identifies its callers itself.
callers_router = APIRouter()


async def partner_of_header(
    env: Env, x_partner: Annotated[int | None, Header()] = None
) -> ResPartner:
    if x_partner is None:
        raise HTTPException(401, "Who are you?")
    return env["res.partner"].browse(x_partner)


def partner_of_header_if_any(
    env: Env, x_partner: Annotated[int | None, Header()] = None
) -> ResPartner | None:
    return env["res.partner"].browse(x_partner)


own_callers = {
    authenticated_partner_impl: partner_of_header,
    optionally_authenticated_partner_impl: partner_of_header_if_any,
}


@callers_router.get("/partner")
def get_partner(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> int:
    return partner.id


@callers_router.get("/partner_if_any")
def get_partner_if_any(
    partner: Annotated[ResPartner, Depends(optionally_authenticated_partner_impl)],
) -> int | None:
    return partner.id or None


@callers_router.get("/caller")
def get_caller_of_app(
    caller: Annotated[Caller, Depends(authenticated_caller)],
) -> int | None:
    return caller.user_id
