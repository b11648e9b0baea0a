# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: request log",
    "summary": "Who called which route of an API, how long it took, and what failed",
    "version": "19.0.1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi"],
    "external_dependencies": {
        "python": [
            # The oldest version with `registry.Collector`, the base of metrics that are
            # read when they are asked for. No vulnerability of any version is known.
            "prometheus-client>=0.14.0",
        ]
    },
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "wizards/fastapi_metrics_token_show_views.xml",
        "wizards/fastapi_route_views.xml",
        "views/fastapi_endpoint_views.xml",
        "views/fastapi_request_hour_views.xml",
        "views/fastapi_request_log_views.xml",
        "views/fastapi_request_loss_views.xml",
        "views/res_config_settings_views.xml",
        "views/fastapi_menu.xml",
    ],
    "assets": {
        "web.assets_backend": ["fastapi_request_log/static/src/*"],
        "web.assets_tests": ["fastapi_request_log/static/tests/tours/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "development_status": "Beta",
}
