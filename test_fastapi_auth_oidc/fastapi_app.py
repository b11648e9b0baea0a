# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from odoo.api import Environment

from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.dependencies import (
    authenticated_caller,
    odoo_env,
    optionally_authenticated_caller,
    require_scopes,
)
from odoo.addons.fastapi.models import FastapiApp


def read_database(env: Annotated[Environment, Depends(odoo_env)]) -> None:
    """Start a transaction before the caller is authenticated."""
    env.cr.execute("SELECT 1")


router = APIRouter(dependencies=[Depends(read_database)])


@router.get("/caller")
def read_caller(caller: Annotated[Caller, Depends(authenticated_caller)]) -> Any:
    return describe(caller)


@router.get("/optional")
def read_optional_caller(
    caller: Annotated[Caller | None, Depends(optionally_authenticated_caller)],
) -> Any:
    return caller and describe(caller)


@router.get("/write", dependencies=[require_scopes("write")])
def write(caller: Annotated[Caller, Depends(authenticated_caller)]) -> Any:
    return describe(caller)


@router.get("/open")
def read_open() -> str:
    return "open"


def describe(caller: Caller) -> dict[str, Any]:
    return {
        "method": caller.method,
        "partner_id": caller.partner_id,
        "user_id": caller.user_id,
        "scopes": sorted(caller.scopes or ()),
    }


class TestOidcApp(FastapiApp):
    _name = "fastapi.app.test_oidc"
    _description = "Test of OpenID Connect"

    def _get_routers(self):
        return [router]
