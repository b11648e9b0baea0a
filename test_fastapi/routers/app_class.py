# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The parts of an app defined as a class, and an app that exists already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odoo.api import Environment
from odoo.exceptions import UserError
from odoo.models import BaseModel

from odoo.addons.fastapi.dependencies import fastapi_endpoint, odoo_env, paging
from odoo.addons.fastapi.schemas import Paging

router = APIRouter(tags=["class"])
extra_router = APIRouter(tags=["extension"])
override_router = APIRouter(tags=["override"])


class NameMiddleware:
    """Append a name to a response header; the outermost middleware comes last."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("X-Passed", self.name)
            await send(message)

        await self.app(scope, receive, send_named)


class CupError(Exception):
    pass


def refuse(request: Request, exc: CupError) -> JSONResponse:
    return JSONResponse({"detail": f"no cup {exc}"}, 418)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"title": app.title}


def need_key(x_key: Annotated[str, Header()]) -> None:
    pass


def small_pages() -> Paging:
    return Paging(limit=3, offset=0)


def smaller_pages() -> Paging:
    return Paging(limit=2, offset=0)


@router.get("/self")
def read_self(
    request: Request,
    endpoint: Annotated[BaseModel, Depends(fastapi_endpoint)],
    page: Annotated[Paging, Depends(paging)],
) -> dict[str, Any]:
    return {
        "endpoint": endpoint.id,
        "limit": page.limit,
        "title": request.state.title,
        "user": endpoint.env.user.login,
    }


@router.get("/cup/{name}")
def read_cup(name: str) -> None:
    raise CupError(name)


@router.post("/items")
def create_item(
    name: str, env: Annotated[Environment, Depends(odoo_env)], quantity: int = 0
) -> int:
    vals = {"name": name, "quantity": quantity}
    return env["test.fastapi.item"].create(vals).id


@extra_router.get("/extra")
def read_extra() -> str:
    return "extension"


@override_router.get("/override")
def read_override() -> str:
    return "override"


# ----------------------------------------------------------------------
# An app that exists already
# ----------------------------------------------------------------------


def number() -> int:
    return 1


existing_app = FastAPI(
    title="Existing",
    version="7.1",
    lifespan=lifespan,
    dependencies=[Depends(need_key)],
    exception_handlers={CupError: refuse},
)
existing_app.add_middleware(NameMiddleware, name="existing")
existing_app.include_router(extra_router, prefix="/more")
existing_app.dependency_overrides[number] = lambda: 2


@existing_app.get("/number")
def read_number(request: Request, number: Annotated[int, Depends(number)]) -> Any:
    return [number, request.state.title]


@existing_app.get("/cup")
def read_existing_cup() -> None:
    raise CupError("there")


@existing_app.post("/refused")
def create_and_refuse(
    name: str, env: Annotated[Environment, Depends(odoo_env)]
) -> None:
    env["test.fastapi.item"].create({"name": name})
    raise UserError(env._("refused"))


@existing_app.get("/endpoint")
def read_endpoint(endpoint: Annotated[BaseModel, Depends(fastapi_endpoint)]) -> int:
    return endpoint.id
