# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.route``: the operations of an app, to be searched and grouped."""

from odoo import api, fields, models

from ..openapi import DEFAULT_TAG


class FastapiRoute(models.TransientModel):
    """One operation as the documentation of its app shows it.

    Each user has rows of their own, made when they ask for the list. Routes that the
    documentation leaves out, and mounted apps, which have their own, are not listed.
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
        help="A client has to say who it is, by one of the ways in the documentation.",
    )
    deprecated = fields.Boolean(help="Clients should stop using it.")
    docs_fragment = fields.Char(string="Place in the Documentation")

    @api.model
    def _list_anew(self, endpoint):
        """Replace the current user's rows of an endpoint, and return the new ones."""
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
                    "authenticated": operation.authenticated,
                    "deprecated": operation.deprecated,
                    "docs_fragment": operation.docs_fragment,
                }
                for number, operation in enumerate(endpoint.sudo()._get_operations())
            ]
        ).sudo(False)

    def action_open_docs(self):
        """Open the documentation at this route, in a new tab."""
        self.ensure_one()
        action = self.endpoint_id.action_open_docs()
        action["url"] += f"#{self.docs_fragment}"
        return action
