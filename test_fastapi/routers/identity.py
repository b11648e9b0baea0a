# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes that return the user their handlers run as."""

import itertools
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from starlette.requests import Request

from odoo.api import Environment
from odoo.exceptions import ConcurrencyError
from odoo.http import request

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.base.models.res_users import ResUsers
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    authenticated_partner_env,
    authenticated_partner_from_odoo_user,
    basic_auth_user,
    odoo_env,
    odoo_user,
    optionally_authenticated_partner,
    paging,
)
from odoo.addons.fastapi.schemas import PagedCollection, Paging

router = APIRouter(tags=["identity"])


def optional_partner(
    credential: Annotated[
        HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))
    ],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner | None:
    if credential is None:
        return None
    user = basic_auth_user(credential, env)
    return env["res.partner"].browse(user.sudo().partner_id.id)


@router.get("/identity")
def identity(env: Annotated[Environment, Depends(odoo_env)]) -> dict[str, Any]:
    return {
        "uid": env.uid,
        "su": env.su,
        "company": env.company.id,
        "lang": env.context.get("lang"),
        "partner": env.context.get("authenticated_partner_id", "undefined"),
        "session_uid": request.session.uid,
    }


@router.get("/partner")
@router.post("/partner", include_in_schema=False)
def partner(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> dict[str, Any]:
    return {
        "id": partner.id,
        "in_context": partner.env.context["authenticated_partner_id"],
    }


@router.get("/odoo_user")
def user_of_odoo(
    user: Annotated[ResUsers, Depends(odoo_user)],
    partner: Annotated[ResPartner, Depends(authenticated_partner_from_odoo_user)],
) -> dict[str, int]:
    return {"user": user.id, "partner": partner.id, "runs_as": user.env.uid}


attempts = itertools.count()


def conflict_at_first() -> None:
    if next(attempts) % 2 == 0:
        raise ConcurrencyError("concurrent update")


@router.get("/odoo_user/replayed", dependencies=[Depends(conflict_at_first)])
def user_of_odoo_in_a_replay(user: Annotated[ResUsers, Depends(odoo_user)]) -> int:
    return user.id


#: Method and user of each call of :func:`by_session`.
calls_by_session: list[tuple[str, int]] = []


@router.api_route(
    "/by_session",
    methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
def by_session(
    http_request: Request, user: Annotated[ResUsers, Depends(odoo_user)]
) -> int:
    calls_by_session.append((http_request.method, user.id))
    return user.id


@router.get("/partner/optional")
async def partner_if_any(
    partner: Annotated[ResPartner | None, Depends(optionally_authenticated_partner)],
) -> int | None:
    return partner.id if partner else None


@router.get("/visible/{model}")
def visible(
    model: str, env: Annotated[Environment, Depends(authenticated_partner_env)]
) -> list[int]:
    return env[model].search([]).ids


@router.get("/visible_to_anybody/{model}")
def visible_to_anybody(
    model: str, env: Annotated[Environment, Depends(odoo_env)]
) -> list[int]:
    return env[model].search([]).ids


@router.get("/items")
def items(
    paging: Annotated[Paging, Depends(paging)],
    env: Annotated[Environment, Depends(odoo_env)],
) -> PagedCollection[str]:
    model = env["test.fastapi.item"]
    found = model.search([], limit=paging.limit, offset=paging.offset, order="name")
    return PagedCollection(count=model.search_count([]), items=found.mapped("name"))
