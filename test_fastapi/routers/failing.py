# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=method-required-super
"""Errors raised by Odoo, in pydantic and by handlers, and failures for the log."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any, Generic, TypeVar

import anyio
from fastapi import APIRouter, BackgroundTasks, Body, Depends, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    computed_field,
    field_validator,
)
from starlette.responses import PlainTextResponse

from odoo.api import SUPERUSER_ID, Environment
from odoo.exceptions import AccessError, MissingError, UserError

from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.dependencies import odoo_env

router = APIRouter(prefix="/failing", tags=["failing"])

Env = Annotated[Environment, Depends(odoo_env)]

#: Raised by Odoo's access checks and ORM. Clients don't get these texts.
IN_ODOO = {
    "model": lambda env: env["ir.cron"].search([]),
    "rule": lambda env: env.ref("base.partner_admin").with_env(env).name,
    "field group": lambda env: env["test.fastapi.fault"].search([("secret", "=", "x")]),
    "company": lambda env: env(context={"allowed_company_ids": [99999]}).company,
    "attachment": lambda env: others_attachment(env).check_access("read"),
    "credentials": lambda env: env.user._check_credentials(
        {"type": "password", "login": "x", "password": "x"}, {"interactive": False}
    ),
    "missing": lambda env: env["test.fastapi.item"].browse(99999).name,
    "missing write": lambda env: (
        env["test.fastapi.item"].browse(99999).write({"name": "x"})
    ),
    "required": lambda env: env["test.fastapi.fault"].create({}),
    "required at flush": lambda env: set_value(env, "name", False),
    "foreign key": lambda env: env["test.fastapi.fault"].create(
        {"name": "x", "item_id": 99999}
    ),
    "restrict": lambda env: (
        env["test.fastapi.fault"]
        .create(
            {"name": "x", "item_id": env["test.fastapi.item"].create({"name": "x"}).id}
        )
        .item_id.unlink()
    ),
    "unique": lambda env: env["test.fastapi.fault"].create(
        [{"name": "x", "code": "x"}, {"name": "y", "code": "x"}]
    ),
    "lang": lambda env: env(context={"lang": "xx_XX"}).lang,
    "order": lambda env: env["test.fastapi.item"].search([], order="name; x"),
    "users": lambda env: env["res.users"].sudo().browse(1).unlink(),
}
#: Raised by an app or a business addon, or on their behalf. Clients get these texts.
IN_APPS = {
    "user": (lambda env: fail(UserError("refused")), 400, "refused"),
    "access": (lambda env: fail(AccessError("refused")), 403, "refused"),
    "missing": (lambda env: fail(MissingError("refused")), 404, "refused"),
    "compute": (
        lambda env: env["test.fastapi.fault"].new().refusing,
        400,
        "Return a book first.",
    ),
    "constrains": (
        lambda env: env["test.fastapi.item"].create({"name": "x", "quantity": -1}),
        400,
        "Quantity -1 is negative.",
    ),
    "constraint": (
        lambda env: env["test.fastapi.fault"].create([{"name": "x"}] * 2),
        400,
        "The operation cannot be completed: That fault is known.",
    ),
    "partner": (
        lambda env: set_parent(env.user.partner_id.sudo()),
        400,
        "You cannot create recursive Partner hierarchies.",
    ),
}


def fail(exc: Exception) -> None:
    raise exc


def others_attachment(env: Environment) -> Any:
    """Return an attachment that another user created."""
    attachments = env["ir.attachment"]
    made = attachments.with_user(SUPERUSER_ID).create({"name": "x", "raw": b"x"})
    return attachments.browse(made.id)


def set_value(env: Environment, name: str, value: Any) -> None:
    """Set a value that the database refuses at the flush after the handler."""
    fault = env["test.fastapi.fault"].create({"name": "x"})
    env.flush_all()
    fault[name] = value


def set_parent(partner: Any) -> None:
    partner.parent_id = partner


@router.get("/in_odoo/{case}")
def fail_in_odoo(env: Env, case: str) -> None:
    IN_ODOO[case](env)


@router.get("/in_app/{case}")
async def fail_in_app(env: Env, case: str) -> None:
    IN_APPS[case][0](env)


# --- errors in pydantic -----------------------------------------------------------


class FromRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Partner(FromRecord):
    name: str


class Aliased(FromRecord):
    title: str = Field(validation_alias="name")


class Company(FromRecord):
    partner_id: Partner


class Refusing(FromRecord):
    refusing: str


class Counting(FromRecord):
    counting: int


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]


class Out(BaseModel):
    """Reads a record during serialization."""

    id: int = 0

    @computed_field
    def refused(self) -> str:
        return odoo_env_ctx.get()["test.fastapi.fault"].new().refusing


def serialize(value: int) -> str:
    raise HTTPException(409, "refused")


class OutOfFunction(BaseModel):
    number: Annotated[int, PlainSerializer(serialize)]


class Nested(BaseModel):
    """A request body whose validator reads a record through a schema."""

    partner_id: int

    @field_validator("partner_id")
    @classmethod
    def read(cls, value: int) -> int:
        Partner.model_validate(odoo_env_ctx.get()["res.partner"].browse(value))
        return value


def forbidden(env: Environment) -> Any:
    return env.ref("base.partner_admin").with_env(env)


def names(env: Environment) -> Iterator[str]:
    yield forbidden(env).name


def holder(env: Environment) -> Any:
    """Return an object that holds a forbidden partner."""

    class Holder:
        partner_id = forbidden(env)

    return Holder()


IN_PYDANTIC = {
    "attribute": lambda env: Partner.model_validate(forbidden(env)),
    "alias": lambda env: Aliased.model_validate(forbidden(env)),
    "nested": lambda env: Company.model_validate(holder(env)),
    "generic": lambda env: Page[Partner](items=[forbidden(env)]),
    "list": lambda env: TypeAdapter(list[Partner]).validate_python(
        [forbidden(env)], from_attributes=True
    ),
    "generator": lambda env: TypeAdapter(list[str]).validate_python(names(env)),
    "union": lambda env: TypeAdapter(Partner | int).validate_python(
        forbidden(env), from_attributes=True
    ),
}


@router.get("/in_pydantic/{case}")
def fail_in_pydantic(env: Env, case: str) -> None:
    IN_PYDANTIC[case](env)


@router.get("/refusing")
def read_refusing(env: Env) -> Refusing:
    return Refusing.model_validate(env["test.fastapi.fault"].new())


@router.get("/response")
def return_forbidden(env: Env) -> Partner:
    return forbidden(env)


@router.get("/response/list")
def return_forbidden_list(env: Env) -> list[Partner]:
    return [forbidden(env)]


@router.get("/response/computed")
def return_computed() -> Out:
    return Out()


@router.get("/response/computed/list")
def return_computed_list() -> Page[Out]:
    return Page[Out](items=[Out()])


@router.get("/response/function")
def return_function() -> OutOfFunction:
    return OutOfFunction(number=0)


@router.get("/response/json")
def return_json() -> PlainTextResponse:
    return PlainTextResponse(Out().model_dump_json())


@router.post("/request")
def take_nested(nested: Nested) -> int:
    return nested.partner_id


def partner_of_dependency(env: Env) -> Partner:
    return Partner.model_validate(forbidden(env))


@router.get("/dependency")
def take_partner(partner: Annotated[Partner, Depends(partner_of_dependency)]) -> None:
    """Never called."""


@router.get("/group")
async def fail_in_group(env: Env, times: int = 1) -> None:
    async def fail_in_task() -> None:
        await asyncio.sleep(0)
        raise UserError(env._("Return a book first."))

    async with anyio.create_task_group() as outer:
        async with anyio.create_task_group() as inner:
            for _time in range(times):
                inner.start_soon(fail_in_task)
        outer.cancel_scope.cancel()


@router.post("/conflict/{fault_id}")
def count(env: Env, fault_id: int, lock: int) -> Counting:
    """Take a lock, then read a record; reading it writes a row."""
    fault = env["test.fastapi.fault"].browse(fault_id)
    env.cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    return Counting.model_validate(fault)


@router.post("/faults/{item_id}")
def create_fault(env: Env, item_id: int) -> int:
    return env["test.fastapi.fault"].create({"name": "x", "item_id": item_id}).id


# --- failures for the log ---------------------------------------------------------


@router.get("/boom/{number}")
def boom(number: int) -> float:
    return number / 0


@router.get("/boom/async/{number}")
async def boom_async(number: int) -> float:
    return number / 0


@router.get("/wrong_type")
def wrong_type() -> int:
    return "no number"


@router.get("/wrong_type/stream")
def wrong_type_in_stream() -> Iterator[int]:
    yield 1
    yield "no number"


class Amount(BaseModel):
    name: int


@router.get("/record")
def return_record(env: Env) -> Amount:
    return env.user


@router.get("/record/plain")
def return_record_without_schema(env: Env):
    return {"user": env.user}


@router.get("/stream/{name}")
def stream_and_fail(name: str) -> StreamingResponse:
    def generate() -> Iterator[str]:
        yield name
        raise ZeroDivisionError("in the stream")

    return StreamingResponse(generate())


def failing_task() -> None:
    raise ZeroDivisionError("in the task")


@router.get("/task/{name}")
def leave_failing_task(tasks: BackgroundTasks, name: str) -> str:
    tasks.add_task(failing_task)
    return name


def plain(request: Request) -> PlainTextResponse:
    """Handle a plain Starlette route."""
    raise ZeroDivisionError("in a plain route")


router.add_route("/failing/plain/{name}", plain)


#: Ways to use a text of the client.
WITH_TEXT = {
    "search": lambda env, text: env["test.fastapi.item"].search([("name", "=", text)]),
    "create": lambda env, text: env["test.fastapi.item"].create({"name": text}),
    "pending": lambda env, text: set_value(env, "name", text),
    "translated": lambda env, text: env["test.fastapi.typed"].create(
        {"name": "x", "title": text}
    ),
    "json": lambda env, text: env["test.fastapi.typed"].create(
        {"name": "x", "json": {"texts": [text]}}
    ),
}


@router.post("/text/{case}")
def take_text(case: str, env: Env, text: Annotated[str, Body(embed=True)]) -> None:
    WITH_TEXT[case](env, text)


@router.post("/bug/{case}")
def have_bug(case: str, env: Env, text: Annotated[str, Body(embed=True)]) -> None:
    """Fail because of a bug, not because of the request."""
    if case == "value":
        raise ValueError(f"A string literal cannot contain NUL: {text}")
    if case == "parameters":
        env.cr.execute("SELECT %s", text)
    if case == "number":
        env.cr.execute("SELECT %s::integer", ["x"])
    if case == "format":
        env.cr.execute("SELECT %z", ["x"])
    if case == "encode":
        text.encode()
