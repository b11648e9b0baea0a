# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps for real clients, and for the conformance suite of the protocol."""

from odoo.addons.fastapi.models import FastapiApp

from ..routers.clients import router as clients_router
from ..routers.conformance import router as conformance_router


class TestMcpClientsApp(FastapiApp):
    _name = "fastapi.app.test_mcp_clients"
    _description = "Test of the MCP server with real clients"

    _mcp_server = "all"

    def _get_routers(self):
        return [clients_router]


class TestMcpConformanceApp(FastapiApp):
    _name = "fastapi.app.test_mcp_conformance"
    _description = "Test of the MCP server with the conformance suite"

    _mcp_server = "all"

    def _get_routers(self):
        return [conformance_router]
