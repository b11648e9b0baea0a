# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each way to authenticate, with each state of its credential: status and user."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.base.models.res_users import INDEX_SIZE

from .common import FastapiHttpCase

PASSWORD = "a secret of the caller"
KEY_HEADER = "X-API-Key"


class TableCase(FastapiHttpCase):
    #: Values of the endpoint.
    values = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        cls.runners = cls.env.ref("test_fastapi.group_test_runner")
        values = {"app": "test_auth", "auth_api_key": False, **cls.values}
        cls.endpoint = cls._create_endpoint("/auth", **values)
        cls.other_endpoint = cls._create_endpoint("/other", **values)
        cls.user = cls._create_user("caller-1@test")

    @classmethod
    def _create_user(cls, login, groups="base.group_user"):
        user = new_test_user(cls.env, login, groups, password=PASSWORD)
        user.group_ids += cls.runners
        return user

    def create_key(self, user=None, endpoint=None, allow_portal=False):
        """Return a key of an endpoint, and its secret."""
        endpoint = endpoint or self.endpoint
        if allow_portal:  # only to make the key
            endpoint.allow_portal_users = True
        key, secret = self.env["fastapi.endpoint.key"]._generate(
            endpoint, user or self.user, "test"
        )
        endpoint.allow_portal_users = False
        return key, secret

    def expire(self, key):
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [yesterday, key.api_key_id.id],
        )

    def assert_row(self, expected, detail=None, **kwargs):
        """Call routes with required and with optional authentication.

        :param expected: the user, or the status of the refusal
        """
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            # twice: the second time, the credential is remembered
            for path in ("caller", "caller", "caller/optional", "env"):
                if path == "env" and run_as == "user":
                    continue  # needs no credential
                response = self.get(f"/auth/auth/{path}", **kwargs)
                with self.subTest(run_as=run_as, path=path):
                    self.assert_response(response, path, run_as, expected, detail)

    def assert_response(self, response, path, run_as, expected, detail):
        if isinstance(expected, int):
            if path == "caller/optional" and detail == "Not authenticated":
                self.assertIsNone(response.json())
                return
            self.assertEqual(response.status_code, expected, response.text)
            self.assertEqual(list(response.json()), ["detail"])
            if detail:
                self.assertEqual(response.json()["detail"], detail)
            return
        self.assertEqual(response.status_code, 200, response.text)
        body = response.json()
        if path == "env":
            self.assertEqual((body["uid"], body["su"]), (expected.id, False))
            return
        self.assertEqual(body["user_id"], expected.id)
        self.assertEqual(body["partner_id"], expected.partner_id.id)
        if path == "caller":
            runs_as = expected if run_as == "caller" else self.runner
            self.assertEqual(body["runs_as"], runs_as.id)

    def assert_portal_row(self, user, **kwargs):
        """Call as a portal user: refused, then allowed."""
        self.assert_row(403, "Only internal users can call this API.", **kwargs)
        self.endpoint.allow_portal_users = True
        self.assert_row(user, **kwargs)
        self.endpoint.allow_portal_users = False


class KeyTable:
    """Rows for API keys, in both headers."""

    def sent(self, secret):
        raise NotImplementedError

    def assert_secret(self, expected, secret, detail=None):
        self.assert_row(expected, detail, headers=self.sent(secret))

    def assert_invalid(self, secret):
        self.assert_secret(401, secret, "Invalid API key")

    def test_no_credential(self):
        self.assert_row(401, "Not authenticated")

    def test_wrong(self):
        _key, secret = self.create_key()
        self.assert_invalid("0" * 40)
        self.assert_invalid(secret[:INDEX_SIZE] + "0" * (40 - INDEX_SIZE))

    def test_right(self):
        _key, secret = self.create_key()
        self.assert_secret(self.user, secret)

    def test_expired(self):
        key, secret = self.create_key()
        self.assert_secret(self.user, secret)
        self.expire(key)
        self.assert_invalid(secret)

    def test_revoked(self):
        key, secret = self.create_key()
        self.assert_secret(self.user, secret)
        key.unlink()
        self.assert_invalid(secret)

    def test_archived_user(self):
        _key, secret = self.create_key()
        self.assert_secret(self.user, secret)
        self.user.active = False
        self.assert_invalid(secret)

    def test_portal_user(self):
        portal = self._create_user("portal@test", "base.group_portal")
        _key, secret = self.create_key(portal, allow_portal=True)
        self.assert_portal_row(portal, headers=self.sent(secret))

    def test_superuser(self):
        root = self.env.ref("base.user_root")
        keys = self.env["res.users.apikeys"].with_user(root).sudo()
        self.endpoint.accept_unscoped_keys = True
        # Odoo archives the superuser, but a database may change that
        self.env.cr.execute(
            "UPDATE res_users SET active = true WHERE id = %s", root.ids
        )
        self.assert_secret(403, keys._generate(None, "test", None))

    def test_key_of_another_endpoint(self):
        _key, secret = self.create_key(endpoint=self.other_endpoint)
        response = self.get("/other/auth/caller", headers=self.sent(secret))
        self.assertEqual(response.json()["user_id"], self.user.id)
        self.assert_invalid(secret)

    def test_own_key_of_a_user(self):
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        secret = keys._generate(None, "test", None)
        self.assert_invalid(secret)
        self.endpoint.accept_unscoped_keys = True
        self.assert_secret(self.user, secret)
        self.endpoint.accept_unscoped_keys = False
        self.assert_invalid(secret)

    def test_credentials_of_other_ways(self):
        self.assert_row(401, "Not authenticated", auth=(self.user.login, PASSWORD))
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(401, "Not authenticated")


class TestBearerKeys(KeyTable, TableCase):
    values = {"auth_api_key": True}

    def sent(self, secret):
        return {"Authorization": f"Bearer {secret}"}


class TestHeaderKeys(KeyTable, TableCase):
    values = {"auth_api_key": True, "api_key_header": KEY_HEADER}

    def sent(self, secret):
        return {KEY_HEADER: secret}

    def test_key_in_the_other_header(self):
        _key, secret = self.create_key()
        headers = {"Authorization": f"Bearer {secret}"}
        self.assert_row(401, "Not authenticated", headers=headers)


class TestBasic(TableCase):
    values = {"auth_basic": True}

    def assert_password(self, expected, login=None, password=PASSWORD):
        refused = isinstance(expected, int)
        detail = "Incorrect username or password" if refused else None
        self.assert_row(expected, detail, auth=(login or self.user.login, password))

    def test_no_credential(self):
        self.assert_row(401, "Not authenticated")

    def test_wrong(self):
        self.assert_password(401, password="wrong")
        self.assert_password(401, login="unknown@test")

    def test_right(self):
        self.assert_password(self.user)

    def test_changed(self):
        self.assert_password(self.user)
        self.user.password = "another secret"
        self.assert_password(401)
        self.assert_password(self.user, password="another secret")

    def test_archived_user(self):
        self.assert_password(self.user)
        self.user.active = False
        self.assert_password(401)

    def test_portal_user(self):
        portal = self._create_user("portal@test", "base.group_portal")
        self.assert_portal_row(portal, auth=(portal.login, PASSWORD))

    def test_password_of_another_user(self):
        other = self._create_user("caller-2@test")
        other.password = "of another one"
        self.assert_password(401, password="of another one")

    def test_credentials_of_other_ways(self):
        _key, secret = self.create_key()
        headers = {"Authorization": f"Bearer {secret}"}
        self.assert_row(401, "Not authenticated", headers=headers)
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(401, "Not authenticated")


class TestSession(TableCase):
    values = {"auth_session": True}

    def test_no_credential(self):
        self.assert_row(401, "Not authenticated")

    def test_wrong(self):
        for session_id in ("0" * 84, "x"):
            self.opener.cookies.clear()
            self.opener.cookies["session_id"] = session_id
            self.assert_row(401, "Not authenticated")

    def test_right(self):
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user)

    def test_logged_out(self):
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user)
        self.authenticate(None, None)
        self.assert_row(401, "Not authenticated")

    def test_changed_password(self):
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user)
        self.user.password = "another secret"
        self.assert_row(401, "Not authenticated")

    def test_archived_user(self):
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user)
        self.user.active = False
        self.assert_row(401, "Not authenticated")

    def test_portal_user(self):
        portal = self._create_user("portal@test", "base.group_portal")
        self.authenticate(portal.login, PASSWORD)
        self.assert_portal_row(portal)

    def test_credentials_of_other_ways(self):
        _key, secret = self.create_key()
        headers = {"Authorization": f"Bearer {secret}"}
        self.assert_row(401, "Not authenticated", headers=headers)
        self.assert_row(401, "Not authenticated", auth=(self.user.login, PASSWORD))


class TestSeveralWays(TableCase):
    values = {"auth_api_key": True, "auth_basic": True, "auth_session": True}

    def test_any_one_is_enough(self):
        _key, secret = self.create_key()
        self.assert_row(self.user, headers={"Authorization": f"Bearer {secret}"})
        self.assert_row(self.user, auth=(self.user.login, PASSWORD))
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user)

    def test_wrong_one_is_refused(self):
        self.assert_row(401, "Not authenticated")
        self.assert_row(401, headers={"Authorization": "Bearer wrong"})
        self.assert_row(401, auth=(self.user.login, "wrong"))
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(401, headers={"Authorization": "Bearer wrong"})

    def test_two_of_one_user(self):
        _key, secret = self.create_key()
        self.authenticate(self.user.login, PASSWORD)
        self.assert_row(self.user, headers={"Authorization": f"Bearer {secret}"})

    def test_key_and_session_from_another_site(self):
        _key, secret = self.create_key()
        self.authenticate(self.user.login, PASSWORD)
        headers = {"Origin": "https://evil.example"}
        response = self.post("/auth/auth/caller", headers=headers)
        self.assertEqual(response.status_code, 403, response.text)
        # another site can't send the key
        headers["Authorization"] = f"Bearer {secret}"
        response = self.post("/auth/auth/caller", headers=headers)
        self.assertEqual(response.json()["method"], "api_key")

    def test_two_of_different_users(self):
        _key, secret = self.create_key()
        other = self._create_user("caller-2@test")
        self.authenticate(other.login, PASSWORD)
        self.assert_row(403, headers={"Authorization": f"Bearer {secret}"})


class TestNoWay(TableCase):
    """No way is chosen, and the app does not authenticate by itself."""

    def test_credentials_are_ignored(self):
        _key, secret = self.create_key()
        for kwargs in (
            {},
            {"headers": {"Authorization": f"Bearer {secret}"}},
            {"auth": (self.user.login, PASSWORD)},
        ):
            response = self.get("/auth/auth/caller/optional", **kwargs)
            self.assertEqual((response.status_code, response.json()), (200, None))
