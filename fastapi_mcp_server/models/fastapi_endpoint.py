# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The MCP server of an endpoint: its fields."""

from odoo import api, fields, models


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    mcp_server = fields.Selection(
        selection=[("read", "Tools that read"), ("all", "All tools")],
        string="MCP Server",
        help="Which routes agents may call as tools, below the path mcp of the "
        "endpoint. Only routes that the code of the app marks are tools.",
    )
    mcp_max_result = fields.Integer(
        string="Longest Result",
        default=100_000,
        help="Bytes of the text of a result. A longer one is cut, and says how to get "
        "less.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "mcp_server", "mcp_max_result"]
