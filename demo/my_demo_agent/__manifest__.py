# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "My Demo Agent",
    "summary": "Example: tools for agents that look after contacts",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi_mcp_server", "mail"],
    "development_status": "Beta",
}
