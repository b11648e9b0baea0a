# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Creates endpoints of installed addons, and sets *Learn More* of this addon."""

from odoo import models

#: The page of this addon on this server. In the manifest, ``website`` has to be OCA's
#: repository, which has another implementation.
PAGE = "/fastapi/static/description/index.html"


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def write(self, vals):
        result = super().write(vals)
        # odoo.modules.loading.load_module_graph: models and data are loaded, and the
        # transaction of this addon is committed next
        if vals.get("state") == "installed" and "latest_version" in vals:
            self._link_to_page()
            for module in self:
                self.env["fastapi.endpoint"]._install_apps(module.name)
        return result

    def _update_from_terp(self, terp):
        result = super()._update_from_terp(terp)
        self._link_to_page()  # update_list has written what the manifest says
        return result

    def _link_to_page(self):
        self.filtered(lambda module: module.name == "fastapi").website = PAGE
