# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may read the documentation of an endpoint."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

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
        "The API itself answers as before: this hides its description, nothing else.",
    )
    docs_group_ids = fields.Many2many(
        comodel_name="res.groups",
        string="Documentation Groups",
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
