# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``my_demo``: an entry in the selection, routers, and how they are set up."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
)

from ..dependencies import authenticated_partner_from_api_key
from ..error_handlers import ERROR_CODES, ErrorCodeHandler
from ..routers import router

#: How clients say who they are, by the value of ``my_demo_auth_method``.
AUTHENTICATION: dict[str, Callable[..., Any]] = {
    "api_key": authenticated_partner_from_api_key,
    "http_basic": authenticated_partner_from_basic_auth_user,
}


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("my_demo", "My Demo")], ondelete={"my_demo": "cascade"}
    )
    my_demo_auth_method = fields.Selection(
        selection=[("api_key", "API Key"), ("http_basic", "HTTP Basic")],
        string="My Demo Authentication",
        help="How clients of the app say who they are: with an API key from their "
        "preferences, or with login and password.",
    )

    @api.constrains("app", "my_demo_auth_method")
    def _check_my_demo_auth_method(self):
        for endpoint in self:
            if endpoint.app == "my_demo" and not endpoint.my_demo_auth_method:
                raise ValidationError(
                    self.env._(
                        "The endpoint %(endpoint)s needs an authentication method.",
                        endpoint=endpoint.name,
                    )
                )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "my_demo_auth_method"]

    def _get_fastapi_routers(self) -> list[APIRouter]:
        routers = super()._get_fastapi_routers()
        if self.app == "my_demo":
            routers.append(router)
        return routers

    def _get_app_dependencies_overrides(self) -> dict[Callable, Callable]:
        overrides = super()._get_app_dependencies_overrides()
        if self.app == "my_demo":
            overrides[authenticated_partner_impl] = AUTHENTICATION[
                self.my_demo_auth_method
            ]
        return overrides

    def _get_app_exception_handlers(
        self,
    ) -> dict[int | type[Exception], Callable[..., Any]]:
        handlers = super()._get_app_exception_handlers()
        if self.app == "my_demo":
            for exception_type, code in ERROR_CODES.items():
                handlers[exception_type] = ErrorCodeHandler(
                    handlers[exception_type], code
                )
        return handlers
