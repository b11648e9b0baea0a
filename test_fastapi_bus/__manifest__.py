# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: push: tests",
    "summary": "An app that the tests of the addon fastapi_bus call",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi_bus", "test_fastapi"],
    "data": ["security/ir.model.access.csv"],
    "development_status": "Beta",
}
