# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "FastAPI: OpenID Connect",
    "summary": "Clients of an API authenticate with tokens of an OpenID provider",
    "version": "19.0.1.2.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "The odoo-fastapi contributors,Odoo Community Association (OCA)",
    "website": "https://github.com/OCA/rest-framework",
    "depends": ["fastapi"],
    "external_dependencies": {
        "python": [
            # The oldest version without a known vulnerability. Before it:
            # GHSA-42vr-xj54-vc7v and GHSA-x33g-cr3x-6449; before 2.14 another nine,
            # such as GHSA-ffc3-869f-jxw9; before 2.13 CVE-2026-48524 and others;
            # before 2.12 CVE-2026-32597 (unknown `crit` headers are accepted).
            # Its extra `crypto` is the package cryptography, any version from 3.4:
            # Odoo itself needs and pins that, and breaks with others.
            "PyJWT>=2.15.0",
        ]
    },
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rule.xml",
        "views/fastapi_oidc_provider_views.xml",
        "views/fastapi_endpoint_views.xml",
    ],
    "development_status": "Beta",
}
