# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tools that need scopes."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.dependencies import authenticated_caller, require_scopes
from odoo.addons.fastapi_mcp_server.tools import mcp_tool

router = APIRouter(dependencies=[mcp_tool(read_only=False)])


@router.get("/orders", operation_id="read_orders")
def read_orders(
    caller: Annotated[Caller, require_scopes("orders:read")],
) -> dict[str, str]:
    """Return how the caller is authenticated."""
    return {"method": caller.method}


@router.post(
    "/orders",
    operation_id="create_order",
    dependencies=[require_scopes("orders:write", "orders:read")],
)
def create_order(
    caller: Annotated[Caller, Depends(authenticated_caller)],
) -> dict[str, str]:
    """Create nothing."""
    return {"created": "nothing"}


@router.get("/denied", operation_id="read_denied")
def read_denied(caller: Annotated[Caller, Depends(authenticated_caller)]) -> None:
    """Refuse every caller, but not for a scope."""
    raise HTTPException(403, "Nobody may read this.")
