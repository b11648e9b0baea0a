# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "My Demo API",
    "summary": "Example: an API for the bank accounts of a partner",
    "version": "19.0.2.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["base", "fastapi"],
    "data": [
        "security/my_demo_groups.xml",
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "data/fastapi_endpoint_data.xml",
    ],
    "demo": ["demo/my_demo_demo.xml"],
    "development_status": "Beta",
}
