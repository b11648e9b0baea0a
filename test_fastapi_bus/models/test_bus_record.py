# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class TestBusRecord(models.Model):
    _name = "test.bus.record"
    _inherit = ["fastapi.bus.record.mixin"]
    _description = "Record whose changes the tests follow"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one("res.partner")
    #: Changes without a call of ``write`` on this model.
    partner_ref = fields.Char(compute="_compute_partner_ref", store=True)

    @api.depends("partner_id.ref")
    def _compute_partner_ref(self):
        for record in self:
            record.partner_ref = record.partner_id.ref
