# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Extendable",
    "summary": "Python classes that other addons extend, separately in each database",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["base"],
    "external_dependencies": {"python": ["extendable>=1.4.0"]},
    "development_status": "Beta",
}
