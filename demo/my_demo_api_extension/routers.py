# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.my_demo_api.schemas import EchoResponse

__all__ = ["router"]

router = APIRouter(tags=["echo"])


@router.get("/echo2")
async def echo2(
    message: str, env: Annotated[Environment, Depends(odoo_env)]
) -> EchoResponse:
    """Echo a message in another way."""
    return EchoResponse(message=env["my_demo.service"].echo2(message))
