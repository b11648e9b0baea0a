# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the backend shows of the authentication of an endpoint."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from odoo import api, fields, models

from odoo.addons.base.models.res_users import check_identity

from ..app.openapi import curl_command, first_simple_get
from ..auth.overrides import is_by_app
from ..dependencies import authenticated_partner_impl


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    auth_summary = fields.Char(
        string="Authentication",
        compute="_compute_auth_summary",
        compute_sudo=True,
        help="What a client has to send.",
    )
    auth_warning = fields.Text(compute="_compute_auth_warning", compute_sudo=True)
    is_auth_by_app = fields.Boolean(
        string="The App Authenticates",
        compute="_compute_is_auth_by_app",
        compute_sudo=True,
        help="The app has code of its own to authenticate its clients: what is chosen "
        "on the endpoint does not count.",
    )

    # ------------------------------------------------------------------
    # What clients have to send
    # ------------------------------------------------------------------

    def _get_auth_texts(self) -> list[str]:
        """Return what a client sends, one phrase for each chosen way.

        An override appends a phrase for each way that it adds. It also extends
        ``@api.depends`` of ``_compute_auth_summary`` by the field that chooses the way.
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
        """Return name and value of the header in which clients send an API key."""
        if self.api_key_header:
            return f"{self.api_key_header}: {key}"
        return f"Authorization: Bearer {key}"

    @api.depends(
        "auth_api_key", "auth_basic", "auth_session", "api_key_header", "is_auth_by_app"
    )
    def _compute_auth_summary(self):
        for endpoint in self:
            texts = endpoint._get_auth_texts()
            is_by_odoo = endpoint._get_auth_schemes()  # as the routing info says
            if endpoint.is_auth_by_app or (is_by_odoo and not texts):
                summary = self.env._("The app itself says how clients authenticate.")
            elif texts:
                ways = self.env._(", or ").join(texts)
                summary = self.env._("Clients send %s.", ways)
            else:
                summary = self.env._("Clients can't authenticate: all are anonymous.")
            endpoint.auth_summary = summary

    # ------------------------------------------------------------------
    # What the app does about it
    # ------------------------------------------------------------------

    @api.depends("state", "app")
    def _compute_is_auth_by_app(self):
        for endpoint in self:
            # unsaved changes are in no app
            saved = endpoint._origin
            endpoint.is_auth_by_app = (
                saved.state == "live"
                and saved.app == endpoint.app
                and is_by_app(saved._get_built_app().dependency_overrides)
            )

    @api.depends("run_as", "auth_summary")
    def _compute_auth_warning(self):
        for endpoint in self:
            if endpoint.is_auth_by_app or endpoint._get_auth_texts():
                warning = False
            elif endpoint.run_as == "caller":
                warning = self.env._(
                    "The app runs as the caller, but no way to authenticate is "
                    "chosen: routes that work with records will fail."
                )
            elif endpoint._origin.state == "live" and endpoint._origin._asks_for(
                authenticated_partner_impl
            ):
                warning = self.env._(
                    "Routes of the app ask for the partner who calls, but no way to "
                    "authenticate is chosen: these routes will fail."
                )
            else:
                warning = False
            endpoint.auth_warning = warning

    def _asks_for(self, dependency: Callable[..., Any]) -> bool:
        """Return whether a route depends on a function that has no override."""
        # the app calls replacements of the functions, which have their names
        name = dependency.__module__, dependency.__qualname__
        routes = iter_route_contexts(self._get_built_app().routes)
        return any(
            (call.__module__, getattr(call, "__qualname__", "")) == name
            for route in routes
            if isinstance(route.original_route, APIRoute)
            for call in _iter_calls(route.dependant)
        )

    def _get_known_scopes(self) -> list[str]:
        """Return the scopes that routes of the app ask for."""
        operations = self._get_operations()
        return sorted({scope for item in operations for scope in item.scopes})

    # ------------------------------------------------------------------
    # Keys
    # ------------------------------------------------------------------

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

        :param scopes: what the key allows, with spaces between
        :return: None if the app has no route for that key without parameters
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


def _iter_calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Yield the functions that a route depends on, however deep."""
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _iter_calls(dependency)
