# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from ..routers.oauth import router


class TestMcpOauthApp(FastapiApp):
    _name = "fastapi.app.test_mcp_oauth"
    _description = "Test of OAuth for the MCP server"

    _mcp_server = "all"

    def _get_routers(self):
        return [router]
