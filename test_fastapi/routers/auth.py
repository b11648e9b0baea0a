# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes that return the caller and the user their handlers run as."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Security
from fastapi.responses import StreamingResponse
from fastapi.security import SecurityScopes

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError
from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.dependencies import (
    Caller,
    authenticated_caller,
    authenticated_partner,
    authenticated_partner_env,
    authenticated_partner_impl,
    fastapi_endpoint,
    odoo_env,
    optionally_authenticated_caller,
    optionally_authenticated_partner_env,
    require_group,
)

router = APIRouter(prefix="/auth", tags=["auth"])

Env = Annotated[Environment, Depends(odoo_env)]
RequiredCaller = Annotated[Caller, Depends(authenticated_caller)]
AnyCaller = Annotated[Caller | None, Depends(optionally_authenticated_caller)]


def describe(env: Environment) -> dict[str, Any]:
    return {
        "uid": env.uid,
        "su": env.su,
        "company": env.company.id,
        "lang": env.context.get("lang"),
        "tz": env.context.get("tz"),
        "partner": env.context.get("authenticated_partner_id"),
    }


def create(env: Environment, name: str) -> BaseModel:
    return env["test.fastapi.item"].create({"name": name, "quantity": 1})


@router.get("/open")
def open_to_all() -> str:
    return "open"


@router.get("/group", dependencies=[require_group("base.group_erp_manager")])
def group() -> str:
    return "group"


@router.get("/caller")
@router.post("/caller", include_in_schema=False)
def caller(caller: RequiredCaller) -> dict[str, Any]:
    return {**asdict(caller), "runs_as": odoo_env_ctx.get().uid}


@router.get("/caller/optional")
def caller_if_any(caller: AnyCaller) -> dict[str, Any] | None:
    return caller and asdict(caller)


@router.get("/env")
def env(env: Env) -> dict[str, Any]:
    return describe(env)


@router.get("/partner_env")
def partner_env(
    env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> dict[str, Any]:
    return describe(env)


@router.get("/partner_env/optional")
def partner_env_if_any(
    env: Annotated[Environment, Depends(optionally_authenticated_partner_env)],
) -> dict[str, Any]:
    return describe(env)


@router.get("/partner_of_impl")
def partner_of_impl(
    partner: Annotated[ResPartner, Depends(authenticated_partner_impl)],
    other: Annotated[ResPartner, Depends(authenticated_partner)],
) -> list[int]:
    return [partner.id, partner.env.uid, other.id, other.env.uid]


@router.get("/endpoint")
def endpoint(
    endpoint: Annotated[BaseModel, Depends(fastapi_endpoint)],
) -> dict[str, Any]:
    return {"name": endpoint.name, "uid": endpoint.env.uid}


def need_scopes(
    scopes: SecurityScopes, caller: RequiredCaller, env: Env
) -> dict[str, Any]:
    return {"scopes": scopes.scopes, "user": caller.user_id, "uid": env.uid}


@router.get("/scopes")
def scopes(
    caller: RequiredCaller,
    outer: Annotated[dict[str, Any], Security(need_scopes, scopes=["a"])],
    inner: Annotated[dict[str, Any], Security(need_scopes, scopes=["b", "c"])],
) -> list[dict[str, Any]]:
    return [outer, inner]


@router.post("/items")
def create_item(env: Env, name: str) -> int:
    return create(env, name).id


@router.post("/items/later")
def create_item_later(env: Env, name: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(create, env, f"{name} by a task")
    tasks.add_task(create_in_context, f"{name} in the context of a task")


def create_in_context(name: str) -> None:
    create(odoo_env_ctx.get(), name)


@router.post("/items/stream")
def stream_items(env: Env, name: str) -> StreamingResponse:
    def generate() -> Iterator[str]:
        for number in range(2):
            create(env, f"{name} {number}")
            yield f"{number}\n"
        create_in_context(f"{name} in the context")
        yield "end\n"

    return StreamingResponse(generate())


@router.post("/items/refused")
def refuse_item(env: Env, name: str) -> None:
    create(env, name)
    raise HTTPException(409, "refused")


attempts = itertools.count()


def conflict_at_first() -> None:
    if next(attempts) % 2 == 0:
        raise ConcurrencyError("concurrent update")


@router.post("/items/replayed")
def create_item_in_a_replay(caller: RequiredCaller, env: Env, name: str) -> list[int]:
    item = create(env, name)
    conflict_at_first()
    return [caller.user_id, env.uid, item.id]


@router.get("/items")
def items(env: Env) -> list[str]:
    return env["test.fastapi.item"].search([], order="name").mapped("name")
