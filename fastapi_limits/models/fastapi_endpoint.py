# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates: the fields of an endpoint that limit how often its routes are called."""

from odoo import models


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"
