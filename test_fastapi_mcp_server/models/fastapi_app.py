# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from odoo.addons.fastapi.models import FastapiApp

from ..routers.calls import callers_router, other_router, router

existing = FastAPI(title="Existing", version="3")
existing.include_router(router)


@existing.get("/{path:path}", include_in_schema=False)
def match_all(path: str) -> str:
    """Match each path that no other route matches."""
    return path


class TestMcpApp(FastapiApp):
    _name = "fastapi.app.test_mcp"
    _description = "Test of the MCP server"

    _mcp_server = "all"
    _api_version = "2.1"
    _api_description = "Items for tests."

    def _get_routers(self):
        return [router, other_router]

    def _get_middlewares(self):
        return [
            Middleware(
                CORSMiddleware,
                allow_origins=["https://agent.test"],
                allow_methods=["POST"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "Mcp-Protocol-Version",
                    "Mcp-Method",
                    "Mcp-Name",
                ],
                expose_headers=["X-Item"],
            )
        ]


class TestMcpExistingApp(FastapiApp):
    _name = "fastapi.app.test_mcp_existing"
    _description = "Test of the MCP server: an existing app"

    _mcp_server = "all"
    _app = existing


class TestMcpCallersApp(FastapiApp):
    _name = "fastapi.app.test_mcp_callers"
    _description = "Test of the MCP server: only for known callers"

    _mcp_server = "all"

    def _get_routers(self):
        return [callers_router]
