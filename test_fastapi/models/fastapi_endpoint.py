# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from odoo import fields, models
from odoo.exceptions import ConcurrencyError
from odoo.http import request

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
    optionally_authenticated_partner_impl,
)

from ..routers import TeapotError, optional_partner, router
from ..routers.mounted import mount_all
from ..routers.plain import make_plain_app
from ..routers.raising import SeeingMiddleware

_logger = logging.getLogger(__name__)

#: System parameter: how the app "test_breakable" breaks.
BREAKS_PARAM = "test_fastapi.breaks"

#: Root path of the endpoint, for each build; the first build raises a conflict.
conflicts: list[str] = []
#: Events of lifespans: title of the app, and what happened.
lifespan_events: list[tuple[str, str]] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    lifespan_events.append((app.title, "started"))
    yield {"title_at_start": app.title, "request_at_start": bool(request)}
    lifespan_events.append((app.title, "stopped"))
    _logger.info("The lifespan of %s ends", app.title)


def broken_lifespan(app: FastAPI) -> Any:
    raise ValueError("secret of the lifespan")


async def pass_on(request: Request, call_next: Any) -> Any:
    return await call_next(request)


def brew(request: Request, exc: TeapotError) -> JSONResponse:
    """Respond with a body of another form than FastAPI's."""
    return JSONResponse({"error": {"code": "teapot", "message": str(exc)}}, 418)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    app = fields.Selection(
        selection_add=[
            ("test", "Test"),
            ("test_middleware", "Test with middleware that re-chunks"),
            ("test_breakable", "Test that can be broken"),
            ("test_plain", "Test of an app that is not made by this addon"),
        ],
        ondelete={
            "test": "cascade",
            "test_middleware": "cascade",
            "test_breakable": "cascade",
            "test_plain": "cascade",
        },
    )

    def _get_routing_info(self) -> dict[str, Any]:
        routing = super()._get_routing_info()
        if self.app == "test_plain":
            routing["auth"] = "none"
        return routing

    def _get_app(self) -> FastAPI:
        if self.app == "test_plain":
            return make_plain_app()
        app = super()._get_app()
        if self.app == "test" and self.run_as == "user":
            mount_all(app)  # mounted apps don't know the caller
        return app

    def _prepare_fastapi_app_params(self) -> dict[str, Any]:
        params = super()._prepare_fastapi_app_params()
        if self.app == "test":
            params["lifespan"] = lifespan
        if self._breaks("lifespan"):
            params["lifespan"] = broken_lifespan
        return params

    def _breaks(self, how: str) -> bool:
        """Return whether the parameter or the description names this way to break."""
        parameters = self.env["ir.config_parameter"]
        return self.app == "test_breakable" and how in (
            parameters.get_param(BREAKS_PARAM),
            self.description,
        )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app in ("test", "test_middleware"):
            routers.append(router)
        if self.app == "test_breakable":
            if self._breaks("hook"):
                raise ValueError("secret of the hook")
            if self._breaks("database"):
                self.env["test.fastapi.item"].create({"name": "made by a build"})
                self.env.flush_all()
                self.env.cr.execute("SELECT 1 / 0")
            if self._breaks("write"):
                self.env["test.fastapi.item"].create({"name": "made by a build"})
            if self._breaks("constraint"):
                self.env["test.fastapi.item"].create([{"name": "twice"}] * 2)
            if self._breaks("itself"):
                self.read()
                raise ValueError("read itself")
            if self._breaks("conflict"):
                conflicts.append(self.root_path)
                if len(conflicts) == 1:
                    raise ConcurrencyError("concurrent update")
            routers.append(router)
        return routers

    def _get_fastapi_app_middlewares(self) -> list[Middleware]:
        middleware = super()._get_fastapi_app_middlewares()
        if self.app == "test":
            middleware.append(
                Middleware(
                    CORSMiddleware,
                    allow_origins=["https://shop.example"],
                    allow_methods=["*"],
                )
            )
        if self.app == "test_middleware":
            middleware += [
                Middleware(SeeingMiddleware),
                Middleware(GZipMiddleware, minimum_size=100),
                Middleware(BaseHTTPMiddleware, dispatch=pass_on),
            ]
        return middleware

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app in ("test", "test_middleware"):
            overrides[authenticated_partner_impl] = (
                authenticated_partner_from_basic_auth_user
            )
            overrides[optionally_authenticated_partner_impl] = optional_partner
        return overrides

    def _get_app_exception_handlers(self):
        handlers = super()._get_app_exception_handlers()
        if self.app == "test":
            handlers[TeapotError] = brew
        return handlers
