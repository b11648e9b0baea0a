# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``authenticated_partner_id`` in the domains of record rules."""

from odoo import api, models


class IrRule(models.Model):
    _inherit = "ir.rule"

    @api.model
    def _eval_context(self):
        """Add the id of the partner who calls an API, False if there is none."""
        return {
            **super()._eval_context(),
            "authenticated_partner_id": self.env.context.get(
                "authenticated_partner_id", False
            ),
        }

    def _compute_domain_keys(self):
        return [*super()._compute_domain_keys(), "authenticated_partner_id"]
