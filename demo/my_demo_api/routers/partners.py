# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import authenticated_partner_env, paging
from odoo.addons.fastapi.schemas import Paging

from ..dependencies import NEEDS_AUTHENTICATION
from ..schemas import PartnerInfo

__all__ = ["router"]

router = APIRouter(tags=["partners"], responses=NEEDS_AUTHENTICATION)


@router.get("/partners")
def get_partners(
    paging: Annotated[Paging, Depends(paging)],
    env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> list[PartnerInfo]:
    """List the partners that the app can see: its own, and who calls."""
    partners = env["res.partner"].search([], limit=paging.limit, offset=paging.offset)
    return [PartnerInfo.model_validate(partner) for partner in partners]
