# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.api import Environment

from odoo.addons.fastapi.dependencies import odoo_env

from ..schemas import EchoResponse

__all__ = ["router"]

router = APIRouter(tags=["echo"])


@router.get("/echo")
async def echo(
    message: str, env: Annotated[Environment, Depends(odoo_env)]
) -> EchoResponse:
    """Echo a message. Anybody can call this, it needs no authentication."""
    return EchoResponse(message=env["my_demo.service"].echo(message))
