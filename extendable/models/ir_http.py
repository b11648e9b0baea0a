# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Use the extendable classes of the database in controllers."""

from odoo import models
from odoo.http import request

from ..registry import extendable_classes


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        with extendable_classes(request.env):
            return super()._dispatch(endpoint)
