# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes of the app ``my_demo``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, status

from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    authenticated_partner_env,
    fastapi_endpoint,
    odoo_env,
    paging,
)
from odoo.addons.fastapi.models import FastapiEndpoint
from odoo.addons.fastapi.records import search_page
from odoo.addons.fastapi.schemas import ErrorDetail, PagedCollection, Paging

from .schemas import (
    BankAccount,
    EchoResponse,
    EndpointAppInfo,
    ErrorInfo,
    NewBankAccount,
    PartnerInfo,
)

__all__ = ["router"]

router = APIRouter()

PartnerEnv = Annotated[Environment, Depends(authenticated_partner_env)]


@router.get("/bank_accounts", tags=["bank_accounts"])
def get_bank_accounts(
    paging: Annotated[Paging, Depends(paging)], env: PartnerEnv
) -> PagedCollection[BankAccount]:
    """List the bank accounts of the calling partner, page by page."""
    return search_page(env["res.partner.bank"], None, None, paging, BankAccount)


@router.get(
    "/bank_accounts/{account_id}",
    tags=["bank_accounts"],
    responses={404: {"model": ErrorInfo}},
)
def get_bank_account(
    account_id: Annotated[int, Path(ge=1)], env: PartnerEnv
) -> BankAccount:
    """Return one bank account of the calling partner."""
    account = env["my_demo.bank_accounts"].get_one(account_id)
    return BankAccount.model_validate(account)


@router.post(
    "/bank_accounts",
    tags=["bank_accounts"],
    status_code=status.HTTP_201_CREATED,
    responses={
        400: {
            "model": ErrorInfo | ErrorDetail,
            "description": "The number is known already, or the body can't be read",
        }
    },
)
def add_bank_account(
    data: NewBankAccount,
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> BankAccount:
    """Add a bank account for the calling partner."""
    account = partner.env["my_demo.bank_accounts"].add(partner, data.number)
    return BankAccount.model_validate(account)


@router.get("/echo", tags=["echo"])
async def echo(
    message: str, env: Annotated[Environment, Depends(odoo_env)]
) -> EchoResponse:
    """Echo a message. It needs no authentication."""
    return EchoResponse(message=env["my_demo.service"].echo(message))


# The handler does not use the partner. The dependency only requires authentication.
@router.get(
    "/endpoint_app_info",
    tags=["endpoint"],
    dependencies=[Depends(authenticated_partner)],
)
async def endpoint_app_info(
    endpoint: Annotated[FastapiEndpoint, Depends(fastapi_endpoint)],
) -> EndpointAppInfo:
    """Return settings of the endpoint."""
    return EndpointAppInfo.model_validate(endpoint)


@router.get("/partners", tags=["partners"])
def get_partners(
    paging: Annotated[Paging, Depends(paging)], env: PartnerEnv
) -> list[PartnerInfo]:
    """List the partners that the app can see: its own, and the caller."""
    offset = paging.offset or 0
    return PartnerInfo.from_search(env["res.partner"], [], offset, paging.limit)
