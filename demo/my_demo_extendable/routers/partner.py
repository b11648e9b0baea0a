# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import authenticated_partner

from ..schemas import Partner

__all__ = ["router"]

router = APIRouter(tags=["partner"])


@router.get("/partner")
def get_partner(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> Partner:
    """Return the calling partner."""
    return Partner.model_validate(partner)
