# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: MCP server",
    "summary": "Routes of an API as tools for agents, with its access rights",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi"],
    "external_dependencies": {
        "python": [
            # The oldest one that mcp accepts.
            "jsonschema>=4.20.0",
            # Before 2.3, the server lists all tools on each tool call.
            "mcp>=2.3.0",
        ]
    },
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "wizards/fastapi_mcp_connect_views.xml",
        "wizards/fastapi_mcp_tool_views.xml",
        "views/fastapi_endpoint_views.xml",
    ],
    "development_status": "Beta",
}
