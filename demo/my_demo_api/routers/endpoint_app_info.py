# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.addons.fastapi.dependencies import authenticated_partner, fastapi_endpoint
from odoo.addons.fastapi.models import FastapiEndpoint

from ..dependencies import NEEDS_AUTHENTICATION
from ..schemas import EndpointAppInfo

__all__ = ["router"]

router = APIRouter(tags=["endpoint"], responses=NEEDS_AUTHENTICATION)


# The handler has no use for the partner, but only authenticated ones may call it.
@router.get("/endpoint_app_info", dependencies=[Depends(authenticated_partner)])
async def endpoint_app_info(
    endpoint: Annotated[FastapiEndpoint, Depends(fastapi_endpoint)],
) -> EndpointAppInfo:
    """Tell how the endpoint is set up."""
    return EndpointAppInfo.model_validate(endpoint)
