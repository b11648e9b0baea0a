# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The demo app, an example of an app without a class."""

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

#: Scope of API keys; keys that users create for themselves have none.
DEMO_API_KEY_SCOPE = "fastapi_demo"


def api_key_based_authenticated_partner_impl(
    api_key: Annotated[
        str,
        Depends(
            APIKeyHeader(
                name="api-key",
                description="An API key of Odoo: My Profile, tab Security.",
            )
        ),
    ],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner:
    """Return the partner of the user whose API key was sent.

    Odoo stores hashes of the keys, and compares in constant time.

    :raises HTTPException: 401, missing or wrong key
    """
    user_id = None
    if api_key and "\0" not in api_key:  # PostgreSQL can't store a NUL
        user_id = env["res.users.apikeys"]._check_credentials(
            scope=DEMO_API_KEY_SCOPE, key=api_key
        )
    if not user_id:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED, detail="Incorrect API Key"
        )
    partner = env["res.users"].sudo().browse(user_id).partner_id
    return env["res.partner"].browse(partner.id)


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    app = fields.Selection(
        selection_add=[("demo", "Demo Endpoint")], ondelete={"demo": "cascade"}
    )
    demo_auth_method = fields.Selection(
        selection=[("api_key", "Api Key"), ("http_basic", "HTTP Basic")],
        string="Authentication Method",
        help="How clients of the demo app say who they are.",
    )

    @api.model
    def _may_choose_demo(self) -> bool:
        """Return whether the demo app can be chosen: it is not for production.

        Endpoints that already have it are served in any case.
        """
        # loaded before the demo endpoints
        user = self.env.ref("fastapi.my_demo_app_user", raise_if_not_found=False)
        return bool(user)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Leave out the demo app if it can't be chosen and no endpoint has it."""
        result = super().fields_get(allfields, attributes)
        selection = result.get("app", {}).get("selection")
        if selection and not self._may_choose_demo():
            endpoints = self.sudo().with_context(active_test=False)
            if not endpoints.search_count([("app", "=", "demo")], limit=1):
                result["app"]["selection"] = [
                    option for option in selection if option[0] != "demo"
                ]
        return result

    @api.constrains("app")
    def _check_demo_data(self):
        for endpoint in self:
            if endpoint.app == "demo" and not self._may_choose_demo():
                raise ValidationError(
                    self.env._(
                        "The endpoint %(name)s can't have the demo app: it is there "
                        "to try things out, in databases with demo data only.",
                        name=endpoint.name,
                    )
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
