# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from odoo import fields, models

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
    optionally_authenticated_partner_impl,
)

from ..routers import TeapotError, optional_partner, router


def brew(request: Request, exc: TeapotError) -> JSONResponse:
    """Answer with an envelope that is not FastAPI's."""
    return JSONResponse({"error": {"code": "teapot", "message": str(exc)}}, 418)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("test", "Test")], ondelete={"test": "cascade"}
    )

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "test":
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
        return middleware

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "test":
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
