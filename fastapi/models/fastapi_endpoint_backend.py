# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The form of an endpoint: its status, warnings, examples and buttons."""

import logging
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI
from markupsafe import Markup
from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import markdown
from ..app.error_log import place_of
from ..app.openapi import (
    Operation,
    curl_command,
    first_simple_get,
    iter_operations,
    quote_path,
)
from ..app.openapi_websockets import iter_websockets
from ..dependencies import (
    authenticated_partner,
    authenticated_partner_impl,
    fastapi_endpoint,
    optionally_authenticated_partner,
    optionally_authenticated_partner_impl,
)
from ..exceptions import AppBuildError
from ..root_paths import clean_root_path
from ..serving import Serving

_logger = logging.getLogger(__name__)

#: Dependencies whose records routes read with the rights of the endpoint's user.
READ_AS_USER = (
    authenticated_partner,
    authenticated_partner_impl,
    fastapi_endpoint,
    optionally_authenticated_partner,
    optionally_authenticated_partner_impl,
)

T = TypeVar("T")


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    state = fields.Selection(
        selection=[("live", "Live"), ("broken", "Broken"), ("archived", "Archived")],
        string="Status",
        compute="_compute_state",
        compute_sudo=True,
        search="_search_state",
        help="Live: the app responds.\n"
        "Broken: the app can't be built and requests get a 503, or nothing can be "
        "served at its path.\n"
        "Archived: requests get a 404.",
    )
    is_served = fields.Boolean(
        compute="_compute_state",
        compute_sudo=True,
        help="Whether the app responds.",
    )
    build_error = fields.Text(
        string="Why the endpoint is broken",
        compute="_compute_state",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
    )
    build_error_place = fields.Char(
        string="Where the error was raised",
        compute="_compute_state",
        compute_sudo=True,
        groups="fastapi.group_fastapi_manager",
        help="The line of an addon that raised the error.",
    )
    root_path_error = fields.Text(
        string="What is wrong with the root path",
        compute="_compute_root_path_error",
        compute_sudo=True,
        help="Why the endpoint can't be saved with this root path.",
    )
    user_warning = fields.Text(
        string="Warning about the User",
        compute="_compute_user_warning",
        compute_sudo=True,
    )
    description_html = fields.Html(
        string="Description (rendered)", compute="_compute_description_html"
    )
    base_url = fields.Char(
        string="Base URL",
        compute="_compute_base_url",
        help="What clients put before the path of a route. It starts with the system "
        "parameter web.base.url.",
    )
    curl_example = fields.Char(
        string="Try it",
        compute="_compute_curl_example",
        compute_sudo=True,
        help="Calls the first route that needs no input; to be run in a terminal. "
        "Credentials have to be filled in.",
    )
    route_count = fields.Integer(
        compute="_compute_route_count",
        compute_sudo=True,
    )

    # The app depends on more than fields, so each transaction computes the state again.
    @api.depends("active", "app_version")
    def _compute_state(self):
        # A failed build clears the cache, so assign values after all builds.
        values = []
        for endpoint in self:
            error = place = False
            if not endpoint.id:
                state = False
            elif not endpoint.active:
                state = "archived"
            else:
                error = endpoint._get_path_error()
                if not error:
                    error, place = endpoint._get_build_error()
                state = "broken" if error else "live"
            values.append((state, error, place))
        for endpoint, (state, error, place) in zip(self, values, strict=True):
            endpoint.state = state
            endpoint.is_served = state == "live"
            endpoint.build_error = error
            endpoint.build_error_place = place

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo, as the field is computed; the user's rights apply to the returned domain
        # all: there are few endpoints, and the field is not stored
        # pylint: disable-next=no-search-all
        endpoints = self.sudo().with_context(active_test=False).search([])
        found = endpoints.filtered(lambda endpoint: endpoint.state in value)
        return [("id", "in", found.ids)]

    def _get_path_error(self) -> str | None:
        """Return why the root path can't be served, None if it can.

        Such root paths come from SQL or ``odoo-addon-fastapi``. A write refuses them.
        """
        error = self._get_root_path_error()
        path = clean_root_path(self.root_path)
        if not error and path != self.root_path:
            error = self.env._("The root path has to be written as %s.", path)
        return error

    def _get_built_app(self):
        """Return the app of this endpoint. Build it if necessary.

        :raises AppBuildError: the app can't be built; its queries are rolled back
        """
        self.ensure_one()
        serving = Serving(self)

        def build():
            with self.env.cr.savepoint():
                return serving.build(self)

        return serving.get_built(self.id, self.app_version, build).app

    def _get_build_error(self) -> tuple[str | None, str | None]:
        """Return why the app can't be built, and where; None for both if it can.

        :return: type and message of the exception; file, line and function
        """
        try:
            self._get_routing_info()
            self._get_built_app()
        except ReadOnlySqlTransaction:
            raise  # Odoo tries again with a read/write cursor
        except Exception as err:
            _logger.debug("The backend shows %s as broken", self, exc_info=True)
            cause = err.__cause__ if isinstance(err, AppBuildError) else err
            text = f"{type(cause).__name__}: {cause}".strip().removesuffix(":")
            return text, place_of(cause)
        return None, None

    def _get_openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the app, ``{}`` if there is none."""
        return self._ask_app(lambda app: app.openapi(), {})

    def _ask_app(self, ask: Callable[[FastAPI], T], default: T) -> T:
        if not self.is_served:
            return default
        try:
            with self._app_context():
                return ask(self._get_built_app())
        except Exception:  # for example, a type has no schema
            _logger.warning("%s has no OpenAPI document", self, exc_info=True)
            return default

    def _get_operations(self) -> list[Operation]:
        """Return the operations in the documentation of the app, and WebSockets."""
        websockets = self._ask_app(lambda app: list(iter_websockets(app)), [])
        return [*iter_operations(self._get_openapi()), *websockets]

    @api.depends("is_served")
    def _compute_route_count(self):
        for endpoint in self:
            endpoint.route_count = len(endpoint._get_operations())

    @api.depends("is_served", "base_url", "openapi_url")
    def _compute_curl_example(self):
        for endpoint in self:
            document = endpoint._get_openapi()
            operation = endpoint._get_auth_texts() and first_simple_get(
                document, lambda operation: operation.authenticated
            )
            operation = operation or first_simple_get(document)
            if operation:
                command = curl_command(document, operation, endpoint.base_url)
            elif endpoint.is_served and endpoint.openapi_url:
                url = endpoint.get_base_url() + quote_path(endpoint.openapi_url)
                command = shlex.join(["curl", url])
            else:
                command = False
            endpoint.curl_example = command

    @api.depends("root_path", "active")
    def _compute_root_path_error(self):
        for endpoint in self:
            # the web client itself marks an empty field
            checked = endpoint.root_path and endpoint.active
            endpoint.root_path_error = checked and endpoint._get_root_path_error()

    def _get_root_path_error(self) -> str | None:
        """Return the error that a write of the root path would raise, if any."""
        try:
            path = self._clean_vals({"root_path": self.root_path})["root_path"]
            self._check_root_path_free(path)
        except ValidationError as err:
            return str(err)
        return None

    @api.depends("root_path")
    def _compute_base_url(self):
        for endpoint in self:
            path = endpoint.root_path
            endpoint.base_url = path and (
                # not yet normalized while the user types
                endpoint.get_base_url() + quote_path(clean_root_path(path))
            )

    @api.depends("description")
    def _compute_description_html(self):
        for endpoint in self:
            html = markdown.render(endpoint.description or "")
            endpoint.description_html = Markup(html)

    @api.depends(
        *("app", "company_id", "run_as", "user_id.all_group_ids", "user_id.company_ids")
    )
    def _compute_user_warning(self):
        public_user = self.env.ref("base.public_user")
        for endpoint in self:
            # do not warn about the default user of a new endpoint
            untouched = not endpoint._origin and endpoint.user_id == public_user
            endpoint.user_warning = not untouched and endpoint._get_user_warning()

    def _get_user_warning(self) -> str | bool:
        """Return a warning if the endpoint's user has too many or too few rights.

        An override returns False for apps that need such a user.
        """
        user = self.user_id
        if not user:
            return False
        groups = user.all_group_ids
        name = user.display_name
        if user._is_superuser() or groups & self.env.ref("base.group_system"):
            return self.env._(
                "%(user)s administers this database, and so can anyone who exploits a "
                "bug of the app. Choose a user who has only the rights the app needs.",
                user=name,
            )
        if groups & self.env.ref("base.group_erp_manager"):
            return self.env._(
                "%(user)s manages users and access rights, and so can anyone who "
                "exploits a bug of the app. Choose a user who has only the rights the "
                "app needs.",
                user=name,
            )
        company = self.company_id._origin
        if self.run_as == "user" and company - user._origin.company_ids:
            return self.env._(
                "%(user)s is not allowed to use the company %(company)s. Routes that "
                "depend on the company respond with 403. Choose another company, or "
                "add this one to the companies of the user.",
                user=name,
                company=company.name,
            )
        access = self.env["ir.model.access"].with_user(user)
        # with run_as "caller", routes read as the caller
        if (
            self.run_as == "user"
            and not access.check(self._name, "read", raise_exception=False)
            and self._may_need_runner()
        ):
            runners = self.env.ref("fastapi.group_fastapi_endpoint_runner")
            return self.env._(
                "%(user)s can't read this endpoint or the partner who calls. Routes "
                "that read one of them respond with 403. If there are any, give the "
                "user the group %(group)s.",
                user=name,
                group=runners.display_name,
            )
        return False

    def _may_need_runner(self) -> bool:
        """Return whether routes ask for the endpoint or the calling partner.

        They do if the app can't be looked at.
        """
        saved = self._origin
        return (
            not saved.is_served
            or saved.app != self.app
            or any(map(saved._asks_for, READ_AS_USER))
        )

    def action_try_again(self):
        """Rebuild the app in all processes, and notify the user of the result."""
        self.ensure_one()
        self.check_access("write")
        self._reset_app()
        live = self.is_served
        if live:
            message = self.env._("%s is served again.", self.name)
        else:
            message = self.env._("%s is still broken.", self.name)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if live else "warning",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_open_docs(self):
        return self._open_url("docs_url")

    def action_open_redoc(self):
        return self._open_url("redoc_url")

    def action_open_openapi(self):
        return self._open_url("openapi_url")

    def _open_url(self, field: str) -> dict[str, Any]:
        """Return the action that opens a page of the documentation in a new tab.

        The URL has no host, so that the browser stays on its current host.
        """
        self.ensure_one()
        url = self[field]
        if not url:
            raise UserError(
                self.env._(
                    "The endpoint %(name)s has no documentation.", name=self.name
                )
            )
        return {"type": "ir.actions.act_url", "url": quote_path(url), "target": "new"}

    def action_open_routes(self):
        """List the current operations of the app."""
        self.ensure_one()
        self.check_access("read")
        # otherwise the user could create rows without seeing them
        self.env["fastapi.route"].check_access("read")
        if self.state == "broken":
            raise UserError(
                self.env._(
                    "The app of the endpoint %(name)s is broken.", name=self.name
                )
            )
        routes = self.env["fastapi.route"]._replace_rows(self)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "fastapi.fastapi_route_act_window"
            ),
            "display_name": self.env._("Routes of %(name)s", name=self.name),
            "domain": [("endpoint_id", "=", self.id)],
            "context": routes._get_shown_columns(),
        }
