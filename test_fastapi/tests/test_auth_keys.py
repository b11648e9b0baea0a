# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An endpoint authenticates by API keys."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user

from odoo.addons.base.models.res_users import KEY_CRYPT_CONTEXT
from odoo.addons.fastapi.auth import ApiKeyWay, InvalidCredentials
from odoo.addons.fastapi.auth.bearer import BearerCredentials

from .auth_case import NOT_AUTHENTICATED, AuthCase


class TestApiKeys(AuthCase):
    def test_right_key(self):
        body = self.get_by_key("/auth/auth/caller").json()
        self.assertEqual(body["method"], "api_key")
        self.assertEqual(body["user_id"], self.user.id)
        self.assertEqual(body["partner_id"], self.user.partner_id.id)
        self.assertIsNone(body["scopes"])
        self.assertEqual(body["runs_as"], self.runner.id)
        body = self.get_by_key("/auth/partner").json()
        partner_id = self.user.partner_id.id
        self.assertEqual(body, {"id": partner_id, "in_context": partner_id})
        self.assertEqual(self.get("/auth/auth/open").json(), "open")

    def test_no_key(self):
        for header in (None, "", "Bearer", "Bearer ", "Basic eDp5", "Token x"):
            headers = {} if header is None else {"Authorization": header}
            response = self.get("/auth/auth/caller", headers=headers)
            self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")
            response = self.get("/auth/auth/caller/optional", headers=headers)
            self.assertIsNone(response.json(), header)

    def test_wrong_keys(self):
        challenge = 'Bearer error="invalid_token"'
        for key in (
            f"{self.key[:-1]}x",
            self.key.upper(),
            f"{self.key} {self.key}",
            "x",
            "é",
            "\xa0",
            "x" * 5000,
            "a.b.c",
            self._make_key(self.user, scope="another"),
        ):
            for path in ("/auth/auth/caller", "/auth/auth/caller/optional"):
                headers = {"Authorization": f"Bearer {key}".encode()}
                response = self.get(path, headers=headers)
                self.assert_refused(response, 401, "Invalid API key", challenge)

    def test_texts_that_servers_refuse(self):
        way = ApiKeyWay(self.endpoint.id, accept_unscoped=True)
        env = self.env(user=self.runner.id)
        for key in ("\0", f"{self.key}\0", "\ud800", "x\ny"):
            credential = BearerCredentials(scheme="Bearer", credentials=key)
            with self.assertRaises(InvalidCredentials):
                way.authenticate(credential, None, env)

    def test_expired_key(self):
        key = self._make_key(self.user, days=1)
        self.assertEqual(self.get_by_key("/auth/auth/caller", key).status_code, 200)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day' "
            "WHERE expiration_date IS NOT NULL"
        )
        self.assertEqual(self.get_by_key("/auth/auth/caller", key).status_code, 401)

    def test_revoked_key(self):
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        keys = self.env["res.users.apikeys"].search([("user_id", "=", self.user.id)])
        keys.sudo().unlink()
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 401)

    def test_archived_user(self):
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        self.user.active = False
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 401)

    def test_key_of_the_endpoint(self):
        self.endpoint.accept_unscoped_keys = False
        path = "/auth/auth/caller"
        self.assertEqual(self.get_by_key(path).status_code, 401)
        keys = self.env["fastapi.endpoint.key"]
        key, secret = keys._generate(
            self.endpoint, self.user, "test", scopes="orders:write a"
        )
        for _ in range(2):  # hashed, then remembered
            body = self.get_by_key(path, secret).json()
            self.assertEqual(body["user_id"], self.user.id)
            self.assertEqual(body["key_id"], key.id)
            self.assertEqual(sorted(body["scopes"]), ["a", "orders:write"])
        self._create_endpoint(
            "/other", app="test_auth", auth_api_key=True, accept_unscoped_keys=True
        )
        self.assertEqual(self.get_by_key("/other/auth/caller").status_code, 200)
        response = self.get_by_key("/other/auth/caller", secret)
        self.assertEqual(response.status_code, 401)
        key.unlink()
        self.assertEqual(self.get_by_key(path, secret).status_code, 401)

    def count_hashes(self, path, key):
        """Return how many keys are hashed for a request."""
        context = KEY_CRYPT_CONTEXT.__obj__  # passlib's
        with patch.object(context, "verify", wraps=context.verify) as mock:
            self.get_by_key(path, key)
        return mock.call_count

    def test_cost(self):
        path = "/auth/auth/caller"
        new = self._make_key(self.user)
        self.assertEqual(self.count_hashes(path, new), 1)
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            self.get_by_key(path, new)  # builds the app
            before = self.env.cr.sql_log_count
            self.assertEqual(self.count_hashes(path, new), 0)
            # one for the key, one for the user and the partner
            self.assertLessEqual(self.env.cr.sql_log_count - before, 2)
        # a wrong key costs the same if a real key begins alike
        for key in (f"{new[:-1]}x", "x" * 40):
            for _ in range(2):
                self.assertEqual(self.count_hashes(path, key), 1)

    def test_guessing(self):
        self._limit_failures(2)
        wrong = f"{self.key[:-1]}x"
        # a process that has verified the right key still accepts it
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        statuses = [
            self.get_by_key("/auth/auth/caller", wrong).status_code for _ in range(3)
        ]
        self.assertEqual(statuses, [401, 401, 429])
        response = self.get_by_key("/auth/auth/caller", wrong)
        self.assertTrue(int(response.headers["Retry-After"]))
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        another = self._make_key(self.user)
        self.assertEqual(self.get_by_key("/auth/auth/caller", another).status_code, 200)

    def test_portal_user(self):
        portal = new_test_user(self.env, "portal@test", "base.group_portal")
        key = self._make_key(portal)
        for path in ("/auth/auth/caller", "/auth/auth/caller/optional"):
            detail = "Only internal users can call this API."
            self.assert_refused(self.get_by_key(path, key), 403, detail)
        self.endpoint.allow_portal_users = True
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            body = self.get_by_key("/auth/auth/caller", key).json()
            self.assertEqual(body["user_id"], portal.id)

    def test_superuser_and_public_user(self):
        self.endpoint.allow_portal_users = True
        for user in (
            self.env.ref("base.user_root"),
            new_test_user(self.env, "public@test", "base.group_public"),
        ):
            key = self._make_key(user)
            # Odoo itself keeps the superuser archived
            self.env.cr.execute(
                "UPDATE res_users SET active = true WHERE id = %s", [user.id]
            )
            detail = "This user can't call the API."
            for run_as in ("user", "caller"):
                self.endpoint.run_as = run_as
                response = self.get_by_key("/auth/auth/caller", key)
                self.assert_refused(response, 403, detail)

    def test_another_header(self):
        self.endpoint.api_key_header = " X-API-Key\n"
        self.assertEqual(self.endpoint.api_key_header, "X-API-Key")
        self.assert_refused(
            self.get_by_key("/auth/auth/caller"), 401, NOT_AUTHENTICATED, "APIKey"
        )
        headers = {"x-api-key": self.key}
        body = self.get("/auth/auth/caller", headers=headers).json()
        self.assertEqual(body["user_id"], self.user.id)
        # a password manager or a proxy may add this one
        headers["Authorization"] = "Basic eDp5"
        response = self.get("/auth/auth/caller", headers=headers)
        self.assertEqual(response.status_code, 200)
        for key in ("wrong", "é"):
            headers = {"X-API-Key": key.encode()}
            response = self.get("/auth/auth/caller", headers=headers)
            self.assert_refused(response, 401, "Invalid API key", "APIKey")

    def test_headers_that_can_not_be_used(self):
        for name in (
            "authorization",
            "Cookie",
            "host",
            "Content-Type",
            "content-whatever",
            "Sec-Fetch-Site",
            "Proxy-Authorization",
            "X-Forwarded-For",
            "Accept-Language",
            "x api key",
            "X_API_KEY",
            "X-Clé",
            "X-Key:",
            "X\nY",
        ):
            with self.assertRaises(ValidationError) as caught:
                self.endpoint.api_key_header = name
            self.assertIn(repr(name).strip("'"), str(caught.exception))
        with self.assertRaises(ValidationError):
            self._create_endpoint("/other", app="test_auth", api_key_header="Cookie")
        for name in ("X-Key", "Api-Key", "hosting", "x-token.v1"):
            self.endpoint.api_key_header = name
        self.endpoint.api_key_header = "  "
        self.assertFalse(self.endpoint.api_key_header)

    def test_openapi(self):
        document = self.get("/auth/openapi.json").json()
        schemes = document["components"]["securitySchemes"]
        self.assertEqual(schemes["APIKey"]["scheme"], "bearer")
        paths = document["paths"]
        self.assertEqual(paths["/auth/caller"]["get"]["security"], [{"APIKey": []}])
        self.assertIn("401", paths["/auth/caller"]["get"]["responses"])
        self.assertNotIn("security", paths["/auth/env"]["get"])
        self.assertNotIn("security", paths["/auth/open"]["get"])
        self.endpoint.write({"run_as": "caller", "api_key_header": "X-API-Key"})
        document = self.get("/auth/openapi.json").json()
        scheme = document["components"]["securitySchemes"]["APIKey"]
        self.assertEqual((scheme["in"], scheme["name"]), ("header", "X-API-Key"))
        paths = document["paths"]
        self.assertEqual(paths["/auth/env"]["get"]["security"], [{"APIKey": []}])
        self.assertNotIn("security", paths["/auth/open"]["get"])

    def test_no_way_is_chosen(self):
        self.endpoint.auth_api_key = False
        with self.assertLogs("odoo.http", "ERROR"):
            response = self.get_by_key("/auth/auth/caller")
        self.assertEqual(response.status_code, 500)
        self.assertIsNone(self.get_by_key("/auth/auth/caller/optional").json())
