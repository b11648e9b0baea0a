# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class TestFastapiFault(models.Model):
    _name = "test.fastapi.fault"
    _description = "Record of the FastAPI test app whose fields can't be read"

    name = fields.Char(required=True)
    item_id = fields.Many2one("test.fastapi.item", ondelete="restrict")
    secret = fields.Char(groups="base.group_system")
    code = fields.Char()
    #: Raises an error with a text for clients.
    refusing = fields.Char(compute="_compute_refusing")
    #: Writes a row when it is read.
    counting = fields.Integer(compute="_compute_counting")

    _code_unique = models.UniqueIndex("(code)")
    _name_unique = models.UniqueIndex("(name)", "That fault is known.")

    def _compute_refusing(self):
        raise UserError(self.env._("Return a book first."))

    @api.depends("item_id")
    def _compute_counting(self):
        for fault in self:
            self.env.cr.execute(
                "UPDATE test_fastapi_item SET quantity = quantity + 1 WHERE id = %s"
                " RETURNING quantity",
                [fault.item_id.id],
            )
            (fault.counting,) = self.env.cr.fetchone()
