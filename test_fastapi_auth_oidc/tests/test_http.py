# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import new_test_user, tagged

from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi_auth_oidc.oidc import key_ring
from odoo.addons.fastapi_auth_oidc.tests.issuer import SigningKey, TestIssuer
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

INVALID = "The token is not valid."


@tagged("post_install", "-at_install")
class TestHttp(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuer = TestIssuer()
        cls.addClassCleanup(cls.issuer.close)
        cls.provider = cls.env["fastapi.oidc.provider"].create(
            {
                "name": "Login",
                "issuer": cls.issuer.url,
                "audience": "api",
                "allow_private_network": True,
                "match_claim": "preferred_username",
                "match_field": "login",
            }
        )
        cls.oidc_endpoint = cls._create_endpoint(
            "/oidc",
            app="test_oidc",
            auth_oidc=True,
            oidc_provider_id=cls.provider.id,
        )

    def token(self, key=None, **claims):
        claims = self.issuer.claims(**{"preferred_username": "caller@test", **claims})
        return (key or self.issuer.keys[0]).sign(claims)

    def ask(self, token, path="/oidc/caller", **headers):
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.get(path, headers=headers)

    def assert_refused(self, response, detail=INVALID, error="invalid_token"):
        self.assertEqual(response.status_code, 401, response.text)
        self.assertEqual(response.json(), {"detail": detail})
        challenge = response.headers["WWW-Authenticate"]
        self.assertIn("Bearer", challenge)
        if error:
            self.assertIn(f'error="{error}"', challenge)
        else:
            self.assertNotIn("error", challenge)

    def test_a_valid_token(self):
        expected = {
            "method": "oidc",
            "partner_id": self.caller.partner_id.id,
            "user_id": self.caller.id,
            "scopes": ["read", "write"],
        }
        for path in ("/oidc/caller", "/oidc/optional"):
            response = self.ask(self.token(scope="write read"), path)
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(response.json(), expected)

    def test_no_token(self):
        self.assert_refused(self.ask(None), "Not authenticated", None)
        self.assertIsNone(self.ask(None, "/oidc/optional").json())
        self.assertEqual(self.ask("a.b.c", "/oidc/open").json(), "open")

    def test_wrong_tokens(self):
        other = SigningKey("other")
        for token, detail in (
            ("a.b.c", INVALID),
            ("key", INVALID),
            (self.token(other), INVALID),
            (self.token(aud="other"), INVALID),
            (self.token(iss="https://other.example.com"), INVALID),
            (self.token(exp=1), "The token has expired."),
            (self.token(nbf=2**33), "The token is not valid yet."),
            (self.token(preferred_username="unknown"), INVALID),
        ):
            for path in ("/oidc/caller", "/oidc/optional"):
                with self.subTest(token[:20], detail=detail, path=path):
                    response = self.ask(token, path)
                    self.assert_refused(response, detail)

    def test_scopes(self):
        for scope, status in (
            ("read write", 200),
            (["write"], 200),
            ("read", 403),
            ("writes", 403),
            (None, 403),
        ):
            with self.subTest(scope):
                response = self.ask(self.token(scope=scope), "/oidc/write")
                self.assertEqual(response.status_code, status, response.text)
                if status == 403:
                    challenge = response.headers["WWW-Authenticate"]
                    self.assertIn('error="insufficient_scope"', challenge)
        self.provider.scope_claim = False
        self.assertEqual(self.ask(self.token(), "/oidc/write").status_code, 200)

    def test_users_who_are_refused(self):
        portal = new_test_user(self.env, "portal@test", groups="base.group_portal")
        token = self.token(preferred_username="portal@test")
        self.assertEqual(self.ask(token).status_code, 403)
        self.oidc_endpoint.allow_portal_users = True
        self.assertEqual(self.ask(token).json()["user_id"], portal.id)
        portal.active = False
        self.assert_refused(self.ask(token))
        public = self.env.ref("base.public_user")
        public.active = True
        token = self.token(preferred_username=public.login)
        self.assertEqual(self.ask(token).status_code, 403)

    def test_superuser_is_refused(self):
        root = self.env.ref("base.user_root")
        caller = Caller("oidc", root.partner_id.id, root.id)
        self.patch(type(self.provider), "_get_oidc_caller", lambda *args: caller)
        # because the superuser is archived
        self.assertEqual(self.ask(self.token()).status_code, 401)

    def test_changes_of_the_provider(self):
        token = self.token()
        self.assertEqual(self.ask(token).status_code, 200)
        self.provider.audience = "other"
        self.assert_refused(self.ask(token))
        self.provider.audience = "other api"
        self.assertEqual(self.ask(token).status_code, 200)
        self.provider.active = False
        response = self.ask(token)
        self.assertEqual(response.status_code, 401)
        self.assertIn("no provider is active", response.json()["detail"])

    def test_token_at_another_endpoint(self):
        self._create_endpoint("/keys", app="test_oidc", auth_api_key=True)
        self.assertEqual(self.ask(self.token(), "/keys/caller").status_code, 401)

    def test_with_api_keys(self):
        self.oidc_endpoint.auth_api_key = True
        _record, key = self.env["fastapi.endpoint.key"]._generate(
            endpoint=self.oidc_endpoint, user=self.caller, name="Test"
        )
        for credential, method in ((key, "api_key"), (self.token(), "oidc")):
            response = self.ask(credential)
            self.assertEqual(response.status_code, 200, response.text)
            self.assertEqual(response.json()["method"], method)
            self.assertEqual(response.json()["user_id"], self.caller.id)
        self.assertEqual(self.ask("wrong").status_code, 401)
        self.assertEqual(self.ask("a.b.c").status_code, 401)
        schemes = self.get("/oidc/openapi.json").json()
        security = schemes["paths"]["/caller"]["get"]["security"]
        self.assertIn({"OpenIDToken": []}, security)
        self.assertEqual(len(security), 2)

    def test_run_as_caller(self):
        self.oidc_endpoint.run_as = "caller"
        self.assertEqual(self.ask(self.token()).status_code, 200)

    def test_a_new_partner(self):
        self.provider.create_partners = True
        first = self.ask(self.token(sub="new", preferred_username=None)).json()
        again = self.ask(self.token(sub="new", preferred_username=None)).json()
        self.assertEqual(first, again)
        self.assertIsNone(first["user_id"])
        self.assertEqual(self.provider.caller_ids.partner_id.id, first["partner_id"])

    def test_issuer_is_down(self):
        self.mute(key_ring.__name__, "odoo.http")
        issuer = TestIssuer()
        self.addCleanup(issuer.close)
        self.provider.issuer = issuer.url
        issuer.instead["/keys"] = 500, {}
        response = self.ask(self.token(iss=issuer.url))
        self.assertEqual(response.status_code, 503, response.text)
        self.assertEqual(response.headers["Retry-After"], "10")
        self.assertEqual(self.ask(None, "/oidc/open").status_code, 200)
