# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from odoo.addons.fastapi_auth_oidc.tests.issuer import TestIssuer
from odoo.addons.test_fastapi.tests.test_browser_docs import BrowserDocsCase


@tagged("post_install", "-at_install")
class TestBrowser(BrowserDocsCase):
    def test_authorize_with_a_token(self):
        issuer = TestIssuer()
        self.addCleanup(issuer.close)
        provider = self.env["fastapi.oidc.provider"].create(
            {
                "name": "Login",
                "issuer": issuer.url,
                "audience": "api",
                "allow_private_network": True,
                "create_partners": True,
            }
        )
        self._create_endpoint(
            "/browser/oidc",
            app="test_oidc",
            auth_oidc=True,
            oidc_provider_id=provider.id,
        )
        self.browse(
            "/browser/oidc/docs#/default/read_caller",
            f"""
            await click(".auth-wrapper .btn.authorize");
            await fill(".auth-container input", {issuer.token()!r});
            await click(".auth-container .auth.authorize");
            await click(".auth-container .btn-done");
            await click(".opblock.is-open .try-out__btn");
            await click(".opblock.is-open .execute");
            const response = await element(".live-responses-table tbody");
            check(response.innerText.trim().startsWith("200"), response.innerText);
            check(response.innerText.includes('"oidc"'), response.innerText);
            """,
            ".opblock.is-open",
        )
