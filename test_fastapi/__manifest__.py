# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: tests",
    "summary": "Apps that the tests of the addon fastapi call",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi", "web_tour"],
    "data": [
        "security/security.xml",
        "security/ir.model.access.csv",
    ],
    "assets": {
        "web.assets_tests": ["test_fastapi/static/tests/tours/**/*"],
    },
    "development_status": "Beta",
}
