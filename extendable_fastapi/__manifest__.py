# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Extendable FastAPI",
    "summary": "API schemas that other addons extend",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["extendable", "fastapi"],
    "external_dependencies": {"python": ["extendable-pydantic>=1.5.0"]},
    "development_status": "Beta",
}
