# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI",
    "summary": "HTTP APIs for Odoo, written with FastAPI",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["web"],
    "external_dependencies": {
        "python": [
            # The least that the tests pass with (`make test-matrix`). Just below:
            # a2wsgi asks for a query string; anyio 3 lacks what server-sent events
            # are sent through; FastAPI can't be imported with a Pydantic that it
            # allows (its own bounds are these of Pydantic and Starlette);
            # python-multipart warns of each upload that ends as browsers end it, and
            # before 0.0.18 can be kept busy (CVE-2024-53981), as markdown-it-py can
            # be made to fail before 2.2.0 (CVE-2023-26303).
            "a2wsgi>=1.10.0",
            "anyio>=4.0.0",
            "fastapi>=0.143.0",
            "fastapi-offline>=1.7.4",
            "markdown-it-py>=2.2.0",
            "pydantic>=2.9.0",
            "python-multipart>=0.0.19",
            "starlette>=0.46.0",
        ]
    },
    "data": [
        "security/fastapi_groups.xml",
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "wizards/fastapi_route_views.xml",
        "views/fastapi_endpoint_views.xml",
        "views/fastapi_endpoint_demo_views.xml",
        "views/fastapi_menu.xml",
    ],
    "demo": ["demo/fastapi_endpoint_demo.xml"],
    "application": True,
    "development_status": "Beta",
}
