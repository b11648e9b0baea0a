# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class FastapiMetricsTokenShow(models.AbstractModel):
    """Shows the token of the metrics once; nothing is stored."""

    _name = "fastapi.metrics.token.show"
    _inherit = "res.users.apikeys.show"
    _description = "Show Token of the Metrics"

    def web_save(self, vals, specification, next_id=None):
        """Save nothing: there is no table, and a failed query would log the token.

        The web client saves an open form when its page is left.
        """
        return []
