# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Import modules without extensions when a request installs them.

All databases share what a module defines.
"""

from odoo import models

from ..registry import no_extendable_classes


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _button_immediate_function(self, function):
        with no_extendable_classes():
            return super()._button_immediate_function(function)
