# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.fastapi.models import FastapiApp

from ..routers.backend import router


class TestMcpBackendApp(FastapiApp):
    _name = "fastapi.app.test_mcp_backend"
    _description = "Test of the MCP server's backend"

    def _get_routers(self):
        return [router]
