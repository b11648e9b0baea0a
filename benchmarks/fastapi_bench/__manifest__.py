# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: benchmark",
    "summary": "The same work as native controllers and as an app, for `make bench`",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi"],
    "data": [
        "security/security.xml",
        "data/fastapi_endpoint.xml",
    ],
}
