# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: limits",
    "summary": "Rates for callers of an API, and requests that are carried out once",
    "version": "19.0.1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi"],
    "external_dependencies": {
        "python": [
            # Before it, limits in Redis can't be reset.
            "limits>=5.2.0",
        ]
    },
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "views/fastapi_endpoint_idempotency_views.xml",
        "views/fastapi_endpoint_views.xml",
        "views/fastapi_rate_refusal_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["fastapi_limits/static/tests/tours/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "development_status": "Beta",
}
