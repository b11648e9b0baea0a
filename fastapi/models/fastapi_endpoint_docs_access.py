# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may read the documentation of an endpoint."""

import psycopg2
from fastapi.security import HTTPBearer
from fastapi.security.base import SecurityBase

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.base.models.res_users import ResUsers

from ..app.docs_guard import DocsAccess, DocsBrand, DocsGuard
from ..app.docs_pages import has_docs
from ..auth.session import SESSION_SCHEME
from ..bridge.request_state import STATE_KEY, RequestState

#: How clients authenticate to Odoo, by ``auth`` of the routing info.
AUTH_SCHEMES: dict[str, SecurityBase] = {
    "bearer": HTTPBearer(description="An API key of Odoo: My Profile, tab Security."),
    "user": SESSION_SCHEME,
}
for _scheme in AUTH_SCHEMES.values():
    _scheme.documents_only = True  # Odoo has checked it, see app.route_apps


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    docs_access = fields.Selection(
        selection=[
            ("public", "Everybody"),
            ("user", "Logged-in users"),
            ("group", "Members of groups"),
            ("off", "Nobody"),
        ],
        string="Documentation for",
        required=True,
        default="public",
        help="Who may open the documentation pages and openapi.json.\n"
        "Everybody: visitors need no account.\n"
        "Logged-in users: any user of this database, portal users too; visitors are "
        "sent to the login page.\n"
        "Members of groups: users of the chosen groups; others are refused.\n"
        "Nobody: the pages do not exist.\n"
        "This only hides the description: clients can still call the API.",
    )
    docs_group_ids = fields.Many2many(
        comodel_name="res.groups",
        # other fields to the same model have the same default table
        relation="fastapi_endpoint_docs_group_rel",
        string="Documentation Groups",
        # the endpoint's user may read endpoints, but not groups
        groups="fastapi.group_fastapi_user",
        help="Members of any of these groups may read the documentation, "
        "also if another group makes them members.",
    )

    @api.constrains("docs_access", "docs_group_ids")
    def _check_docs_group_ids(self):
        for endpoint in self:
            if endpoint.docs_access == "group" and not endpoint.docs_group_ids:
                raise ValidationError(
                    self.env._(
                        "Choose the groups that may read the documentation of the "
                        "endpoint %(name)s, or open it to others.",
                        name=endpoint.name,
                    )
                )

    @api.depends("docs_access")
    def _compute_urls(self):
        result = super()._compute_urls()
        for endpoint in self:
            if endpoint.docs_access == "off":
                endpoint.docs_url = endpoint.redoc_url = endpoint.openapi_url = False
        return result

    def _get_docs_access(self, user: ResUsers) -> DocsAccess:
        """Return whether a user may read the documentation of the endpoint.

        Called on each request for a documentation page or ``openapi.json``, as
        superuser.

        :param user: the user who is logged in, empty for a visitor
        :return: ``LOGIN`` only for a visitor: a user who is logged in would be
            redirected in a loop
        """
        self.ensure_one()
        if self.docs_access == "public":
            return DocsAccess.GRANTED
        if self.docs_access == "off":
            return DocsAccess.ABSENT
        if not user:
            return DocsAccess.LOGIN
        if self.docs_access == "group" and not (
            user.all_group_ids & self.docs_group_ids
        ):
            return DocsAccess.REFUSED
        return DocsAccess.GRANTED

    def _get_docs_brand(self) -> DocsBrand | None:
        """Return the name and logo on the documentation pages, None to show neither.

        Called on each request for a page, as superuser.
        """
        self.ensure_one()
        company = self.company_id
        if not company:
            return None
        logo_path = None
        if not company.uses_default_logo:
            logo_path = f"/web/binary/company_logo?company={company.id}"
        return DocsBrand(company.name, logo_path)

    @api.model
    def _get_docs_brand_of_request(self, path: str) -> DocsBrand | None:
        """Return the brand of the endpoint that serves a path."""
        endpoint = self.sudo()._get_endpoint(path)
        return endpoint._get_docs_brand() if endpoint else None

    @api.model
    def _is_docs_request(self) -> bool:
        """Return whether the app has documentation at the path of the request.

        :raises AppBuildError: the app can't be built
        """
        httprequest = request.httprequest
        path = httprequest.path
        application = self.get_app(path)
        routes = getattr(application and application.app, "routes", None)
        if httprequest.method not in ("GET", "HEAD") or not routes:
            return False
        scope = {
            "type": "http",
            "method": httprequest.method,
            "path": path,
            "root_path": self._get_mounts().find(path).root_path,
            "headers": [
                (name.lower().encode(), httprequest.headers.get(name, "").encode())
                for name in ("Host", "Accept")
            ],
        }
        guard = DocsGuard(self._get_docs_access_of_request, path)
        scope[STATE_KEY] = RequestState(docs_guard=guard)
        return has_docs(routes, scope)

    def _get_auth(self) -> str | None:
        """Return the ``auth`` of the routing info, None if an override fails."""
        try:
            return self._get_routing_info()["auth"]
        except psycopg2.Error:
            raise
        except Exception:
            return None

    def _get_auth_schemes(self) -> list[SecurityBase]:
        """Return how clients authenticate to Odoo, for the documentation.

        An override adds the ``auth`` methods of other addons.
        """
        scheme = AUTH_SCHEMES.get(self._get_auth())
        return [scheme] if scheme else []

    @api.model
    def _get_docs_access_of_request(self, path: str) -> DocsAccess:
        """Return whether the client may read the documentation of a path's endpoint."""
        endpoint = self.sudo()._get_endpoint(path)
        if not endpoint:
            return DocsAccess.ABSENT
        user = endpoint.env["ir.http"]._get_authenticated_user()
        return endpoint._get_docs_access(user)
