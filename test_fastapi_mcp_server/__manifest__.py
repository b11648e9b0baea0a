# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: MCP server: tests",
    "summary": "Apps that the tests of the addon fastapi_mcp_server call",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi_auth_oidc", "fastapi_mcp_server", "test_fastapi"],
    "assets": {
        "web.assets_tests": ["test_fastapi_mcp_server/static/tests/tours/*"],
    },
    "development_status": "Beta",
}
