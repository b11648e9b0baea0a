# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The work as routes, written the way the documentation of FastAPI does it.

Only names of the addon that the published one has too: both are measured.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    fastapi_endpoint,
    odoo_env,
    paging,
)
from odoo.addons.fastapi.models import FastapiEndpoint
from odoo.addons.fastapi.schemas import PagedCollection, Paging

from ..work import CHUNK, find_partners, generate

router = APIRouter()
#: For endpoints that authenticate.
caller_router = APIRouter()


class Reads(BaseModel):
    endpoint: str
    partner: str
    limit: int
    offset: int


class Partner(BaseModel):
    id: int
    name: str
    email: str


class Line(BaseModel):
    product: Annotated[str, Field(min_length=1, max_length=32)]
    quantity: Annotated[int, Field(gt=0)]
    price: Annotated[float, Field(ge=0)]
    note: str | None = None


class Order(BaseModel):
    lines: list[Line]


class Counted(BaseModel):
    lines: int
    quantity: int


class Caller(BaseModel):
    id: int
    name: str


def partner_of_user(env: Annotated[Environment, Depends(odoo_env)]) -> ResPartner:
    """The override of ``authenticated_partner_impl``: as cheap as one can be."""
    return env.user.partner_id


@caller_router.get("/caller")
def caller(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> Caller:
    return Caller(id=partner.id, name=partner.name)


@router.get("/async")
async def trivial_async() -> dict[str, str]:
    return {"hello": "world"}


@router.get("/def")
def trivial_def() -> dict[str, str]:
    return {"hello": "world"}


@router.get("/item/{number}")
async def item(number: int) -> dict[str, int]:
    return {"number": number}


@router.get("/dependencies")
def dependencies(
    env: Annotated[Environment, Depends(odoo_env)],
    endpoint: Annotated[FastapiEndpoint, Depends(fastapi_endpoint)],
    page: Annotated[Paging, Depends(paging)],
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> Reads:
    return Reads(
        endpoint=endpoint.with_env(env).name,
        partner=partner.name,
        limit=page.limit,
        offset=page.offset,
    )


@router.get("/partners")
def partners(
    env: Annotated[Environment, Depends(odoo_env)],
    page: Annotated[Paging, Depends(paging)],
) -> PagedCollection[Partner]:
    count, found = find_partners(env, page.limit, page.offset)
    return PagedCollection[Partner](
        count=count,
        items=[
            Partner(id=partner.id, name=partner.name, email=partner.email)
            for partner in found
        ],
    )


@router.post("/lines")
def lines(order: Order) -> Counted:
    return Counted(
        lines=len(order.lines), quantity=sum(line.quantity for line in order.lines)
    )


@router.get("/stream")
def stream(megabytes: int) -> StreamingResponse:
    return StreamingResponse(generate(megabytes), media_type="application/octet-stream")


@router.post("/upload")
async def upload(file: UploadFile) -> dict[str, int]:
    size = 0
    while chunk := await file.read(CHUNK):
        size += len(chunk)
    return {"size": size}
