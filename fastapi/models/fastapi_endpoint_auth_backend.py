# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Authentication on the form of an endpoint: summary, warning, wizard for keys."""

from collections.abc import Callable
from typing import Any

from odoo import api, fields, models

from odoo.addons.base.models.res_users import check_identity

from ..app.openapi import curl_command, first_simple_get
from ..auth.overrides import is_by_app
from ..auth.route_calls import iter_route_calls
from ..dependencies import authenticated_partner_impl


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    auth_summary = fields.Char(
        string="Authentication",
        compute="_compute_auth_summary",
        compute_sudo=True,
        help="What a client has to send.",
    )
    auth_warning = fields.Text(
        string="Warning about Authentication",
        compute="_compute_auth_warning",
        compute_sudo=True,
    )
    is_auth_by_app = fields.Boolean(
        string="The App Authenticates",
        compute="_compute_is_auth_by_app",
        compute_sudo=True,
        help="The app has its own code to authenticate clients, and ignores what is "
        "chosen on the endpoint.",
    )

    def _get_auth_texts(self) -> list[str]:
        """Return what clients send, one phrase for each chosen way.

        An override appends a phrase for its way, and adds the field that chooses the
        way to ``@api.depends`` of ``_compute_auth_summary``.
        """
        texts = []
        if self.auth_api_key:
            texts.append(
                self.env._("an API key in the header %s", self._get_key_header("KEY"))
            )
        if self.auth_basic:
            texts.append(self.env._("login and password (HTTP Basic)"))
        if self.auth_session:
            texts.append(self.env._("the session of a user who is logged in to Odoo"))
        return texts

    def _get_key_header(self, key: str) -> str:
        """Return the header in which clients send an API key: name and value."""
        if self.api_key_header:
            return f"{self.api_key_header}: {key}"
        return f"Authorization: Bearer {key}"

    @api.depends(
        "auth_api_key", "auth_basic", "auth_session", "api_key_header", "is_auth_by_app"
    )
    def _compute_auth_summary(self):
        for endpoint in self:
            texts = endpoint._get_auth_texts()
            is_by_odoo = endpoint._get_auth_schemes()  # ``auth`` of the routing info
            if endpoint.is_auth_by_app or (is_by_odoo and not texts):
                summary = self.env._("The app itself says how clients authenticate.")
            elif texts:
                ways = self.env._(", or ").join(texts)
                summary = self.env._("Clients send %s.", ways)
            else:
                summary = self.env._("Clients can't authenticate: all are anonymous.")
            endpoint.auth_summary = summary

    @api.depends("is_served", "app")
    def _compute_is_auth_by_app(self):
        for endpoint in self:
            # the app is built without unsaved changes
            saved = endpoint._origin
            endpoint.is_auth_by_app = (
                saved.is_served
                and saved.app == endpoint.app
                and is_by_app(saved._get_built_app().dependency_overrides)
            )

    @api.depends("run_as", "auth_summary")
    def _compute_auth_warning(self):
        for endpoint in self:
            saved, warning = endpoint._origin, False
            if endpoint.is_auth_by_app or endpoint._get_auth_texts():
                pass
            elif endpoint.run_as == "caller":
                warning = self.env._(
                    "The app runs as the caller, but no way to authenticate is "
                    "chosen: routes that work with records will fail."
                )
            elif (
                saved.is_served
                and authenticated_partner_impl
                not in saved._get_built_app().dependency_overrides
                and saved._asks_for(authenticated_partner_impl)
            ):
                warning = self.env._(
                    "Routes of the app ask for the partner who calls, but no way to "
                    "authenticate is chosen: these routes will fail."
                )
            endpoint.auth_warning = warning

    def _asks_for(self, dependency: Callable[..., Any]) -> bool:
        """Return whether a route depends on a dependency, or on its override."""
        app = self._get_built_app()
        # a WebSocket route with a wrapped ``app`` is overridden when one is opened
        either = dependency, app.dependency_overrides.get(dependency, dependency)
        return any(call in either for _path, call in iter_route_calls(app.routes))

    def _get_known_scopes(self) -> list[str]:
        """Return the scopes that routes of the app require."""
        operations = self._get_operations()
        return sorted({scope for item in operations for scope in item.scopes})

    def action_new_key(self):
        """Open the wizard that makes an API key for the endpoint."""
        self.ensure_one()
        self.check_access("write")
        return self._open_new_key()

    @check_identity
    def _open_new_key(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "fastapi.endpoint.key.description",
            "name": self.env._("New API Key"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_endpoint_id": self.id},
        }

    def _get_curl_command(self, key: str, scopes: str | None) -> str | None:
        """Return a command line that calls the app with an API key.

        :param scopes: scopes of the key, separated by spaces
        :return: None if there is no route that the key can call without parameters
        """
        allowed = frozenset((scopes or "").split())
        document = self._get_openapi()
        operation = first_simple_get(
            document,
            lambda operation: (
                operation.authenticated
                and not operation.required_groups
                and operation.scopes <= allowed
            ),
        ) or first_simple_get(document, lambda operation: not operation.authenticated)
        if operation is None:
            return None
        header = self._get_key_header(key)
        return curl_command(document, operation, self.base_url, header)
