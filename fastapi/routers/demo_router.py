# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""
Shows what a route can ask for, and how exceptions are answered.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status

from odoo.api import Environment
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner

from ..dependencies import authenticated_partner, fastapi_endpoint, odoo_env
from ..schemas import DemoEndpointAppInfo, DemoExceptionType, DemoUserInfo, ErrorDetail

router = APIRouter(tags=["demo"])

EXCEPTIONS = {
    DemoExceptionType.user_error: UserError,
    DemoExceptionType.validation_error: ValidationError,
    DemoExceptionType.access_error: AccessError,
    DemoExceptionType.missing_error: MissingError,
    DemoExceptionType.bare_exception: NotImplementedError,
}
#: For the documentation of routes that want to know who calls.
NEEDS_AUTHENTICATION = {
    status.HTTP_401_UNAUTHORIZED: {
        "model": ErrorDetail,
        "description": "Credentials are missing or wrong",
    }
}


@router.get("/demo")
async def hello_world() -> dict[str, str]:
    """Hello World!"""
    return {"Hello": "World"}


@router.get(
    "/demo/exception",
    responses={
        code: {"model": ErrorDetail}
        for code in (
            status.HTTP_400_BAD_REQUEST,
            status.HTTP_403_FORBIDDEN,
            status.HTTP_404_NOT_FOUND,
            status.HTTP_409_CONFLICT,
            status.HTTP_500_INTERNAL_SERVER_ERROR,
        )
    },
)
async def exception(exception_type: DemoExceptionType, error_message: str) -> None:
    """Raise an exception, to see how it is answered."""
    if exception_type is DemoExceptionType.http_exception:
        raise HTTPException(status.HTTP_409_CONFLICT, error_message)
    raise EXCEPTIONS[exception_type](error_message)


@router.get("/demo/lang")
async def lang(env: Annotated[Environment, Depends(odoo_env)]) -> str | None:
    """The language of the answer, chosen by the Accept-Language header."""
    return env.context.get("lang")


@router.get("/demo/who_ami", responses=NEEDS_AUTHENTICATION)
async def who_ami(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> DemoUserInfo:
    """The partner who calls, however the endpoint authenticates."""
    return DemoUserInfo(name=partner.name, display_name=partner.display_name)


@router.get(
    "/demo/endpoint_app_info",
    dependencies=[Depends(authenticated_partner)],
    responses=NEEDS_AUTHENTICATION,
)
async def endpoint_app_info(
    endpoint: Annotated[BaseModel, Depends(fastapi_endpoint)],
) -> DemoEndpointAppInfo:
    """The endpoint that serves this request, for authenticated callers only."""
    return DemoEndpointAppInfo.model_validate(endpoint)
