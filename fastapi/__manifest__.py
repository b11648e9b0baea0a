# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI",
    "summary": "HTTP APIs for Odoo, written with FastAPI",
    "version": "19.0.2.4.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["web"],
    "external_dependencies": {
        "python": [
            # The oldest versions without a known vulnerability that the tests pass
            # with (`make test-matrix`). Before them:
            # - anyio: CVE-2026-63374, CVE-2026-64847;
            # - fastapi-offline: its Swagger UI and ReDoc sanitize HTML with a
            #   DOMPurify that can be bypassed (CVE-2025-15599, CVE-2026-0540). 1.7.7
            #   is its last; the pages' Content Security Policy bounds what is left;
            # - markdown-it-py: CVE-2023-26303;
            # - python-multipart: CVE-2026-53540, and others of 2024 to 2026;
            # - starlette: CVE-2026-54283, and others of 2025 and 2026, such as
            #   CVE-2025-62727 (a Range header that takes seconds).
            # a2wsgi 1.9 asks for a query string. FastAPI's security classes take
            # WebSockets since 0.144. Pydantic is tested from 2.12 on, which the library
            # mcp of fastapi_mcp_server needs.
            "a2wsgi>=1.10.0",
            "anyio>=4.14.2",
            "fastapi>=0.144.0",
            "fastapi-offline>=1.7.7",
            "markdown-it-py>=2.2.0",
            "pydantic>=2.12.0",
            "python-multipart>=0.0.31",
            "starlette>=1.3.1",
            "wsproto>=1.2.0",
        ]
    },
    "data": [
        "security/fastapi_groups.xml",
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "wizards/fastapi_endpoint_key_views.xml",
        "wizards/fastapi_route_views.xml",
        "views/fastapi_endpoint_key_views.xml",
        "views/fastapi_endpoint_views.xml",
        "views/fastapi_endpoint_demo_views.xml",
        "views/fastapi_menu.xml",
    ],
    "assets": {"web.assets_backend": ["fastapi/static/src/*"]},
    "demo": ["demo/fastapi_endpoint_demo.xml"],
    "uninstall_hook": "uninstall_hook",
    "application": True,
    "development_status": "Beta",
}
