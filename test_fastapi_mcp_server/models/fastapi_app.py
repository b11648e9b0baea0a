# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from ..routers import router


class TestMcpApp(FastapiApp):
    _name = "fastapi.app.test_mcp"
    _description = "Test of the MCP server"

    _mcp_server = "all"

    def _get_routers(self):
        return [router]
