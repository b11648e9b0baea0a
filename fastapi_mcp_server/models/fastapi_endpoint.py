# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The MCP server of an endpoint: its fields."""

from odoo import api, fields, models

from ..server import McpSettings, add_mcp_server, get_current_offer, move_outermost


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    mcp_server = fields.Selection(
        selection=[("read", "Tools that read"), ("all", "All tools")],
        string="MCP Server",
        help="Which routes of the app agents may call as tools, at the URL of the "
        "endpoint followed by /mcp. Only routes that are marked in code are tools.",
    )
    mcp_max_result = fields.Integer(
        string="Longest Result",
        default=100_000,
        help="Size of a result, in bytes. Texts are cut at this size, longer files are "
        "not sent. The agent is told how to ask for less.",
    )

    _mcp_max_result_positive = models.Constraint(
        "CHECK (mcp_server IS NULL OR mcp_max_result > 0)",
        "The longest result must be at least one byte.",
    )

    @api.model
    def _fastapi_app_fields(self) -> list[str]:
        return [*super()._fastapi_app_fields(), "mcp_server", "mcp_max_result"]

    def _get_app(self):
        app = super()._get_app()
        if self.mcp_server:
            add_mcp_server(app, self._get_mcp_settings())
        return app

    def _get_mcp_settings(self) -> McpSettings:
        """Return the settings of the MCP server.

        Called when the app is built. Fields that an override reads have to be in
        ``_fastapi_app_fields``.
        """
        return McpSettings(
            name=self.name,
            root_path=self.root_path,
            instructions=self.description or None,
            only_reads=self.mcp_server == "read",
            max_result=self.mcp_max_result,
            origins=self._get_websocket_origins(),
        )

    # pylint: disable-next=missing-return  # it returns nothing
    def _check_app(self, app):
        super()._check_app(app)
        server = get_current_offer(app)
        if server is not None:
            move_outermost(app)
            server.get(app)  # the log names routes that can't be tools
