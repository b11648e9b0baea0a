# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app ``my_demo``, and the field of its endpoints."""

from collections.abc import Callable
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_from_basic_auth_user,
    authenticated_partner_impl,
)
from odoo.addons.fastapi.error_handlers import default_exception_handlers
from odoo.addons.fastapi.models import FastapiApp

from ..dependencies import authenticated_partner_from_api_key
from ..error_handlers import ERROR_CODES, ErrorCodeHandler
from ..routers import router

#: How clients say who they are, by the value of ``my_demo_auth_method``.
AUTHENTICATION: dict[str, Callable[..., Any]] = {
    "api_key": authenticated_partner_from_api_key,
    "http_basic": authenticated_partner_from_basic_auth_user,
}


class MyDemoApp(FastapiApp):
    _name = "fastapi.app.my_demo"
    _description = "My Demo"
    _root_path = "/my_demo_api"
    _user_xml_id = "my_demo_api.my_demo_app_user"

    def _get_routers(self):
        return [router]

    def _get_dependency_overrides(self):
        method = self.endpoint.my_demo_auth_method
        return {authenticated_partner_impl: AUTHENTICATION[method]}

    def _get_exception_handlers(self):
        handlers = default_exception_handlers()
        return {
            exception_type: ErrorCodeHandler(handlers[exception_type], code)
            for exception_type, code in ERROR_CODES.items()
        }

    @api.model
    def _get_app_fields(self):
        return ["my_demo_auth_method"]


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

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
