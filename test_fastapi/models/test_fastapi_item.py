# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TestFastapiItem(models.Model):
    _name = "test.fastapi.item"
    _description = "Item of the FastAPI test app"

    name = fields.Char(required=True)
    partner_id = fields.Many2one("res.partner")
    quantity = fields.Integer()
    #: The user of the environment that flushed the computation.
    flushed_by_id = fields.Many2one(
        "res.users", compute="_compute_flushed_by_id", compute_sudo=False, store=True
    )

    _name_unique = models.UniqueIndex("(name)", "An item of that name exists.")

    @api.depends("quantity")
    def _compute_flushed_by_id(self):
        for item in self:
            item.flushed_by_id = self.env.uid

    @api.constrains("quantity")
    def _check_quantity(self):
        for item in self:
            if item.quantity < 0:
                raise ValidationError(
                    self.env._("Quantity %s is negative.", item.quantity)
                )
