# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends, Path, status

from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import (
    authenticated_partner,
    authenticated_partner_env,
    paging,
)
from odoo.addons.fastapi.schemas import ErrorDetail, PagedCollection, Paging

from ..dependencies import NEEDS_AUTHENTICATION
from ..schemas import BankAccount, ErrorInfo, NewBankAccount

__all__ = ["router"]

router = APIRouter(tags=["bank_accounts"], responses=NEEDS_AUTHENTICATION)


@router.get("/bank_accounts")
def get_bank_accounts(
    paging: Annotated[Paging, Depends(paging)],
    env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> PagedCollection[BankAccount]:
    """List the bank accounts of the partner who calls, page by page."""
    count, accounts = env["my_demo.bank_accounts"].find(paging.limit, paging.offset)
    return PagedCollection[BankAccount](
        count=count, items=[BankAccount.from_record(account) for account in accounts]
    )


@router.get("/bank_accounts/{account_id}", responses={404: {"model": ErrorInfo}})
def get_bank_account(
    account_id: Annotated[int, Path(ge=1)],
    env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> BankAccount:
    """Return one bank account of the partner who calls."""
    return BankAccount.from_record(env["my_demo.bank_accounts"].get_one(account_id))


@router.post(
    "/bank_accounts",
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
    """Add a bank account for the partner who calls."""
    account = partner.env["my_demo.bank_accounts"].add(partner, data.number)
    return BankAccount.from_record(account)
