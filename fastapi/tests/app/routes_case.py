# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps with dependencies and overrides."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Header

from ...app.prepare import EndpointFastAPI
from ..bridge_case import BridgeCase


def leaf():
    return "leaf"


def branch(value: Annotated[str, Depends(leaf)]):
    return f"branch of {value}"


def trunk(value: Annotated[str, Depends(branch)]):
    return f"trunk of {value}"


def identity(token: Annotated[str, Header()]):
    return f"header {token}"


def make_router():
    router = APIRouter()

    @router.get("/leaf")
    def get_leaf(value: Annotated[str, Depends(leaf)]) -> str:
        return value

    @router.get("/trunk")
    def get_trunk(value: Annotated[str, Depends(trunk)]) -> str:
        return value

    @router.get("/identity")
    async def get_identity(value: Annotated[str, Depends(identity)]) -> str:
        return value

    return router


class OverridesCase(BridgeCase):
    def make_app(
        self, overrides=None, router=None, app_class=EndpointFastAPI, **kwargs
    ):
        app = app_class(**kwargs)
        app.include_router(router or make_router())
        app.dependency_overrides.update(overrides or {})
        return app

    def get(self, app, path, **kwargs):
        result = self.call(app, path, **kwargs)
        self.assertEqual(result.code, 200, result.body)
        return json.loads(result.body)
