# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class LiveOrder(models.Model):
    _name = "my.demo.live.order"
    _inherit = ["fastapi.bus.record.mixin"]
    _description = "Order of the demo"
    _order = "id"

    name = fields.Char(required=True)
    state = fields.Selection(
        [("new", "New"), ("packed", "Packed"), ("sent", "Sent")],
        required=True,
        default="new",
    )
