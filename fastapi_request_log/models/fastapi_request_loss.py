# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.request.loss``: calls that were neither logged nor counted."""

from odoo import fields, models


class FastapiRequestLoss(models.Model):
    """Calls that a process could not write; it tells as soon as it can write again."""

    _name = "fastapi.request.loss"
    _description = "Calls Missing in the Log"
    _log_access = False
    _order = "date desc, id desc"
    _rec_name = "reason"

    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    calls = fields.Integer(required=True, readonly=True, help="How many are missing.")
    reason = fields.Char(required=True, readonly=True, help="Why they are missing.")
