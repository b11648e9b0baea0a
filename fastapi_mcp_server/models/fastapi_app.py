# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The default MCP server of an app's endpoints."""

from odoo import api, models


class FastapiApp(models.AbstractModel):
    _inherit = "fastapi.app"

    #: MCP server of new endpoints: ``"read"`` or ``"all"``, see ``mcp_server``.
    _mcp_server: str | None = None

    @api.model
    def _get_endpoint_defaults(self):
        defaults = super()._get_endpoint_defaults()
        if self._name == "fastapi.app" or not self._mcp_server:
            return defaults
        return {**defaults, "mcp_server": self._mcp_server}
