# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Mounted apps; all endpoints share them, like any module-level app."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.staticfiles import StaticFiles

from odoo.api import Environment
from odoo.exceptions import UserError

from odoo.addons.fastapi.dependencies import odoo_env

inner = FastAPI(title="Inner")
outer = FastAPI(title="Outer")
outer.mount("/inner", inner)


@inner.post("/items")
def create_item(
    env: Annotated[Environment, Depends(odoo_env)], name: str, error: str = ""
) -> int:
    item = env["test.fastapi.item"].create({"name": name})
    if error == "http":
        raise HTTPException(409, "conflict")
    if error == "user":
        raise UserError(env._("refused"))
    return item.id


def mount_all(app: FastAPI) -> None:
    """Mount a static folder, an app with a mounted app, and a router with one."""
    app.mount("/static", StaticFiles(directory=Path(__file__).parent))
    app.mount("/outer", outer)
    router = APIRouter()
    router.mount("/routed", inner)
    app.include_router(router, prefix="/prefix")
