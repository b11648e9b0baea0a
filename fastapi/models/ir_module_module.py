# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The moment when an addon is installed: apps that are classes come with it."""

from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def write(self, vals):
        result = super().write(vals)
        # odoo.modules.loading.load_module_graph: models and data are loaded, and the
        # transaction of this addon is committed next
        if vals.get("state") == "installed" and "latest_version" in vals:
            for module in self:
                self.env["fastapi.endpoint"]._install_apps(module.name)
        return result
