# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dialog with the configuration of clients; also shown with a new key."""

from __future__ import annotations

from odoo import api, fields, models

from ..client_texts import CLIENT_TEXTS


class FastapiMcpConnect(models.AbstractModel):
    """The dialog is not stored, since it may show a key."""

    _name = "fastapi.mcp.connect"
    _description = "Connect a Client to an MCP Server"

    # the onchange needs it to return the other values
    id = fields.Id()
    endpoint_id = fields.Many2one(comodel_name="fastapi.endpoint", readonly=True)
    takes_key = fields.Boolean(string="Clients Send an API Key", readonly=True)
    key = fields.Char()
    client = fields.Selection(
        selection=[
            ("claude_code", "Claude Code"),
            ("claude_desktop", "Claude Desktop"),
            ("vs_code", "VS Code"),
            ("cursor", "Cursor"),
            ("codex", "Codex"),
            ("other", "Other"),
            ("inspector", "MCP Inspector"),
        ],
        default="claude_code",
        required=True,
        help="The program that connects to the MCP server.",
    )
    place = fields.Char(string="Where It Belongs", readonly=True)
    text = fields.Char(string="Configuration", readonly=True)
    auth_text = fields.Char(string="Authentication", readonly=True)

    # not computed: Odoo does not compute fields of abstract models again
    @api.onchange("client", "key", "endpoint_id")
    def _onchange_client(self):
        endpoint = self.endpoint_id
        if not endpoint.mcp_server or not self.client:
            return
        connection = endpoint._get_mcp_connection((self.key or "").strip())
        self.takes_key = bool(connection.header)
        self.text = CLIENT_TEXTS[self.client](connection)
        self.place = self._get_places(self.takes_key)[self.client]
        self.auth_text = False if self.takes_key else endpoint.auth_summary

    def web_save(self, vals, specification, next_id=None):
        """Save nothing: there is no table, and a failed query would log the key.

        The web client saves an open form when its page is left.
        """
        return []

    def _get_places(self, has_key: bool) -> dict[str, str]:
        """Return where the text for a client belongs, by client."""
        terminal = self.env._("Run this in a terminal.")
        if has_key:
            desktop = self.env._(
                "Add this to claude_desktop_config.json (Settings > Developer > Edit "
                "Config), and restart Claude Desktop. It needs Node.js."
            )
        else:
            desktop = self.env._(
                "Add a custom connector with this URL (Settings > Connectors)."
            )
        return {
            "claude_code": terminal,
            "claude_desktop": desktop,
            "vs_code": self.env._(
                "Add this to .vscode/mcp.json. VS Code asks for the key, and stores it."
            )
            if has_key
            else self.env._("Add this to .vscode/mcp.json."),
            "cursor": self.env._("Add this to ~/.cursor/mcp.json."),
            "codex": self.env._("Add this to ~/.codex/config.toml."),
            "other": self.env._(
                "Many clients accept this JSON, for example in a file .mcp.json."
            ),
            "inspector": self.env._(
                "Run this in a terminal to list the tools. It needs Node.js."
            ),
        }


class FastapiEndpointKeyDescription(models.TransientModel):
    _inherit = "fastapi.endpoint.key.description"

    def _prepare_shown_key(self, key, secret):
        values = super()._prepare_shown_key(key, secret)
        if self.endpoint_id.mcp_server:
            values["default_endpoint_id"] = self.endpoint_id.id
        return values


class FastapiEndpointKeyShow(models.AbstractModel):
    _name = "fastapi.endpoint.key.show"
    _inherit = ["fastapi.endpoint.key.show", "fastapi.mcp.connect"]
