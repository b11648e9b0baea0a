# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class ExtendableRegistryLoader(models.AbstractModel):
    _inherit = "extendable.registry.loader"

    @api.model
    def _set_global_registry(self, registry):
        result = super()._set_global_registry(registry)
        # built apps use the classes of the former registry
        self.env["fastapi.endpoint"]._get_built_apps().retain(())
        return result
