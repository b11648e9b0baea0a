# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The demo app: how an addon adds an API of its own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, status
from fastapi.security import APIKeyHeader

from odoo import api, fields, models
from odoo.api import Environment
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import ResPartner

from ..dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
    odoo_env,
)
from ..routers import demo_router, demo_router_doc


def api_key_based_authenticated_partner_impl(
    api_key: Annotated[
        str,
        Depends(
            APIKeyHeader(
                name="api-key",
                description="For the demo, the login of a user is their key.",
            )
        ),
    ],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner:
    """Return the partner of the user whose login was sent. No real security."""
    user = env["res.users"]
    if "\0" not in api_key:  # PostgreSQL takes no NUL in a text
        user = user.sudo().search([("login", "=", api_key)], limit=1)
    if not user:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED, detail="Incorrect API Key"
        )
    return env["res.partner"].browse(user.partner_id.id)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("demo", "Demo Endpoint")], ondelete={"demo": "cascade"}
    )
    demo_auth_method = fields.Selection(
        selection=[("api_key", "Api Key"), ("http_basic", "HTTP Basic")],
        string="Authentication Method",
        help="How clients of the demo app say who they are.",
    )

    @api.constrains("app", "demo_auth_method")
    def _check_demo_auth_method(self):
        for endpoint in self:
            if endpoint.app == "demo" and not endpoint.demo_auth_method:
                raise ValidationError(
                    self.env._(
                        "The authentication method is required for app %(app)s.",
                        app=endpoint.app,
                    )
                )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "demo_auth_method"]

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "demo":
            routers.append(demo_router)
        return routers

    def _get_app_dependencies_overrides(self):
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "demo":
            overrides[authenticated_partner_impl] = (
                authenticated_partner_from_basic_auth_user
                if self.demo_auth_method == "http_basic"
                else api_key_based_authenticated_partner_impl
            )
        return overrides

    def _prepare_fastapi_app_params(self) -> dict[str, Any]:
        params = super()._prepare_fastapi_app_params()
        if self.app == "demo":
            params["openapi_tags"] = [
                *(params.get("openapi_tags") or ()),
                {"name": "demo", "description": demo_router_doc},
            ]
        return params
