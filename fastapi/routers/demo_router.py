# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""
Shows what a route can depend on, and how exceptions become responses.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, File, HTTPException, Query
from psycopg2 import errorcodes
from psycopg2.errors import SerializationFailure

from odoo.api import Environment
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import request as odoo_request
from odoo.models import BaseModel
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE

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
#: Key in the WSGI environ: number of failed attempts.
_FAILURES = "odoo.fastapi.demo.failures"


class FakeConcurrentUpdateError(SerializationFailure):
    """The error of PostgreSQL for conflicting transactions, raised without one."""

    pgcode = errorcodes.SERIALIZATION_FAILURE


@router.get("/demo")
async def hello_world() -> dict[str, str]:
    """Hello World!"""
    return {"Hello": "World"}


# the name in odoo-addon-fastapi
hello_word = hello_world


@router.get(
    "/demo/exception",
    # besides those of every route
    responses={code: {"model": ErrorDetail} for code in (403, 404, 409)},
)
async def exception(exception_type: DemoExceptionType, error_message: str) -> None:
    """Raise an exception, to show its response."""
    if exception_type is DemoExceptionType.http_exception:
        raise HTTPException(409, error_message)
    raise EXCEPTIONS[exception_type](error_message)


@router.get("/demo/lang")
async def lang(env: Annotated[Environment, Depends(odoo_env)]) -> str | None:
    """The language of the response, chosen by the Accept-Language header."""
    code: str | None = env.context.get("lang")
    return code


get_lang = lang


@router.get("/demo/who_ami")
async def who_ami(
    partner: Annotated[ResPartner, Depends(authenticated_partner)],
) -> DemoUserInfo:
    """The partner who calls, with any authentication of the endpoint."""
    return DemoUserInfo(name=partner.name, display_name=partner.display_name)


@router.get("/demo/endpoint_app_info", dependencies=[Depends(authenticated_partner)])
async def endpoint_app_info(
    endpoint: Annotated[BaseModel, Depends(fastapi_endpoint)],
) -> DemoEndpointAppInfo:
    """The endpoint that serves this request, for authenticated callers only."""
    return DemoEndpointAppInfo.model_validate(endpoint)


def _fail(times: int) -> int:
    """Fail some times, so that Odoo replays the request.

    All attempts share the environ, which has the count. Without Odoo's HTTP layer, the
    request is not replayed.

    :return: number of failed attempts
    """
    failures = 0
    if odoo_request:
        environ = odoo_request.httprequest.environ
        failures = environ.get(_FAILURES, 0)
        environ[_FAILURES] = failures + 1
    if failures < times:
        raise FakeConcurrentUpdateError("fake error")
    return failures


Retries = Annotated[int, Query(gt=1, lt=MAX_TRIES_ON_CONCURRENCY_FAILURE)]


# For tests of requests that Odoo replays.
@router.get("/demo/retrying", include_in_schema=False)
async def retrying(nbr_retries: Retries) -> int:
    """Fail some times, and return how often."""
    return _fail(nbr_retries)


@router.post("/demo/retrying", include_in_schema=False)
async def retrying_post(
    nbr_retries: Retries, file: Annotated[bytes, File()]
) -> dict[str, int | str]:
    """Fail some times, and return how often, and the content of the file."""
    return {"retries": _fail(nbr_retries), "file": file.decode()}
