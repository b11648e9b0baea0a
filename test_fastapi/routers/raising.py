# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exceptions of every kind, and what middleware sees of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException
from fastapi.responses import StreamingResponse
from psycopg2.errors import SerializationFailure

from odoo.api import Environment
from odoo.exceptions import UserError

from odoo.addons.fastapi.dependencies import odoo_env

router = APIRouter(prefix="/raising", tags=["raising"])

Env = Annotated[Environment, Depends(odoo_env)]

#: What ``SeeingMiddleware`` has seen: "called", a status, or an exception.
seen: list[Any] = []


class SeeingMiddleware:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or "/raising" not in scope["path"]:
            await self.app(scope, receive, send)
            return
        seen.append("called")

        async def see(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, see)
        except Exception as exc:
            seen.append(exc)
            raise


@dataclass(frozen=True)
class FrozenError(Exception):
    message: str = "frozen"


class OwnAttributesError(Exception):
    @property
    def error_response(self) -> str:
        return "not Odoo's"


class PickyError(Exception):
    __slots__ = ("code",)

    def __new__(cls, code: int, *, message: str) -> "PickyError":
        return super().__new__(cls, code)

    def __init__(self, code: int, *, message: str) -> None:
        super().__init__(message)


class UpstreamError(Exception):
    """The error of an HTTP client, with the response of another server."""

    headers = {"Set-Cookie": "session=secret", "Content-Length": "1000"}


class TextHeadersError(UserError):
    headers = "no mapping"


class ConflictError(SerializationFailure):
    pgcode = "40001"


#: All requests raise the same instances.
ERRORS: dict[str, Exception] = {
    "http": HTTPException(409, "conflict"),
    "user": UserError("refused"),
    "bare": ZeroDivisionError("secret"),
    "frozen": FrozenError(),
    "own": OwnAttributesError("secret"),
    "picky": PickyError(1, message="secret"),
    "conflict": ConflictError("secret"),
    "upstream": UpstreamError("secret"),
    "text headers": TextHeadersError("refused"),
}


@router.get("/error/{name}")
def raise_error(name: str) -> None:
    raise ERRORS[name]


@router.get("/caused/{name}")
def raise_with_cause(name: str) -> None:
    try:
        raise KeyError(name)
    except KeyError as err:
        raise ERRORS[name] from err


@router.get("/stream/{name}")
def stream_and_raise(name: str) -> StreamingResponse:
    def generate() -> Iterator[str]:
        yield "first"
        raise ERRORS[name]

    return StreamingResponse(generate())


@router.get("/task/{name}")
def raise_in_task(name: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(raise_error, name)


def fail_at_the_end(env: Env, name: str, fail: bool = True) -> Iterator[None]:
    yield
    env["test.fastapi.item"].create({"name": f"{name} torn down"})
    if fail:
        raise UserError(env._("teardown failed"))


@router.post("/teardown", dependencies=[Depends(fail_at_the_end)])
def write_much(env: Env, name: str) -> str:
    """Return enough text for the app's GZip middleware to compress."""
    env["test.fastapi.item"].create({"name": name})
    return "text " * 1000


@router.post("/flush")
def leave_pending(env: Env, name: str, quantity: int = -1) -> str:
    """Set a value that a constraint refuses at the flush."""
    item = env["test.fastapi.item"].create({"name": name})
    env.flush_all()
    item.quantity = quantity
    return "text " * 1000


@router.post("/precommit")
def fail_late(env: Env, name: str) -> None:
    @env.cr.precommit.add
    def fail() -> None:
        raise ERRORS[name]


@router.post("/postcommit")
def fail_at_commit(env: Env, name: str) -> None:
    """Fail after the app, at the commit."""
    env["test.fastapi.item"].create({"name": name})
    env.cr.commit = lambda: _fail(env, name)


def _fail(env: Environment, name: str) -> None:
    del env.cr.commit
    raise ERRORS[name]
