# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.route``: lists the routes of an app, to search and group them."""

from odoo import api, fields, models

from ..app.openapi import DEFAULT_TAG


class FastapiRoute(models.TransientModel):
    """An operation in the documentation of its app, or a WebSocket.

    The rows belong to the user who opens the list, and are created at that time.
    Mounted apps have their own documentation, so their routes are not listed.
    """

    _name = "fastapi.route"
    _description = "FastAPI Route"
    _order = "endpoint_id, sequence, id"
    _rec_name = "path"

    endpoint_id = fields.Many2one(
        comodel_name="fastapi.endpoint", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(help="Place in the documentation.")
    method = fields.Char(required=True)
    path = fields.Char(required=True, help="Below the base URL of the endpoint.")
    summary = fields.Char()
    tag = fields.Char(help="The first tag: where the documentation has the route.")
    tags = fields.Char(help="All tags.")
    authenticated = fields.Boolean(
        string="Authentication",
        help="Clients must authenticate in one of the ways of the documentation.",
    )
    access = fields.Char(
        help="How clients authenticate. Public: anyone may call the route.",
    )
    scopes = fields.Char(help="Scopes that the credential of a client needs.")
    required_groups = fields.Char(
        string="Groups",
        help="XML ids of the groups that the calling user must belong to, separated by "
        "commas. A slash separates alternatives.",
    )
    deprecated = fields.Boolean(help="Clients should stop using it.")
    stage = fields.Selection(
        [("deprecated", "Deprecated")],
        compute="_compute_stage",
        help="Clients should stop using a deprecated route.",
    )
    docs_fragment = fields.Char(string="Place in the Documentation")

    @api.depends("deprecated")
    def _compute_stage(self):
        for route in self:
            route.stage = route.deprecated and "deprecated"

    @api.model
    def _replace_rows(self, endpoint):
        """Replace the current user's rows of an endpoint."""
        rows = self.sudo()
        rows.search(
            [("endpoint_id", "=", endpoint.id), ("create_uid", "=", self.env.uid)]
        ).unlink()
        return rows.create(
            [
                {
                    "endpoint_id": endpoint.id,
                    "sequence": number,
                    "method": operation.method,
                    "path": operation.path,
                    "summary": operation.summary,
                    "tag": operation.tags[0] if operation.tags else DEFAULT_TAG,
                    "tags": ", ".join(operation.tags),
                    "deprecated": operation.deprecated,
                    "docs_fragment": operation.docs_fragment,
                    **self._prepare_access(operation),
                }
                for number, operation in enumerate(endpoint.sudo()._get_operations())
            ]
        ).sudo(False)

    @api.model
    def _prepare_access(self, operation):
        """Return the values of the columns that say who may call an operation."""
        return {
            "authenticated": operation.authenticated,
            "access": self._get_access(operation),
            "scopes": " ".join(sorted(operation.scopes)),
            "required_groups": ", ".join(map(" / ".join, operation.required_groups)),
        }

    @api.model
    def _get_access(self, operation):
        if not operation.authenticated:
            return self.env._("Public")
        return " / ".join(" + ".join(schemes) for schemes in operation.security)

    def _get_shown_columns(self):
        """Return the context that shows only columns with values in the list."""
        return {
            f"show_{name}": any(self.mapped(name))
            for name in ("summary", "tags", "scopes", "required_groups", "deprecated")
        }

    def action_open_docs(self):
        """Open the documentation of this route in a new tab."""
        self.ensure_one()
        action = self.endpoint_id.action_open_docs()
        if self.docs_fragment:
            action["url"] += f"#{self.docs_fragment}"
        return action
