# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class FastapiMetricsTokenShow(models.AbstractModel):
    """Shows the token of the metrics once; nothing is stored."""

    _name = "fastapi.metrics.token.show"
    _inherit = "res.users.apikeys.show"
    _description = "Show Token of the Metrics"
