# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic: what the first call does, and what later calls do."""

from unittest.mock import patch

from starlette.requests import HTTPConnection

from odoo.exceptions import AccessDenied
from odoo.fields import Domain
from odoo.tests import new_test_user

from odoo.addons.fastapi.auth import verified
from odoo.addons.fastapi.auth.basic import BasicCredentials, BasicWay

from .basic_case import BasicCase, logins


class TestRemembered(BasicCase):
    def test_only_the_first_call_hashes(self):
        for expected in (1, 0, 0):
            self.assertEqual(self.status(), 200)
            self.assertEqual(self.hashes.count, expected)
        # at another endpoint, too
        self._create_endpoint("/another")
        self.assertEqual(self.status(path="/another/partner"), 200)
        self.assertEqual(self.hashes.count, 0)

    def test_wrong_passwords_are_hashed_each_time(self):
        self.assertEqual(self.status(), 200)
        for login, password in (
            (self.login, "wrong"),
            (self.login, f"{self.password} "),
            ("unknown@test", self.password),
            (self.login.upper(), self.password),
        ):
            self.assertEqual(self.status(login, password), 401)
            self.assertEqual(self.hashes.count, 1)
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.hashes.count, 0)

    def test_password_with_special_characters(self):
        self.user.password = password = "pässwörd: €"
        self.env.flush_all()
        for expected in (1, 0):
            auth = (self.login.encode(), password.encode())
            self.hashes.count = 0
            self.assertEqual(self.get("/test/partner", auth=auth).status_code, 200)
            self.assertEqual(self.hashes.count, expected)

    def test_new_password(self):
        self.assertEqual(self.status(), 200)
        self.user.password = "another secret"
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(password="another secret"), 200)

    def test_new_login(self):
        self.assertEqual(self.status(), 200)
        self.user.login = next(logins)
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(self.user.login), 200)
        # another user gets the login
        heir = new_test_user(self.env, self.login, password="heir's secret")
        self.assertEqual(self.status(), 401)
        self.user = heir
        self.assertEqual(self.status(password="heir's secret"), 200)

    def test_archived_user(self):
        self.assertEqual(self.status(), 200)
        self.user.active = False
        self.env.flush_all()
        self.assertEqual(self.status(), 401)
        self.user.active = True
        self.env.flush_all()
        self.assertEqual(self.status(), 200)

    def test_deleted_user(self):
        self.assertEqual(self.status(), 200)
        self.user.unlink()
        self.env.flush_all()
        self.assertEqual(self.status(), 401)

    def test_second_factor(self):
        if "totp_secret" not in self.user._fields:
            self.skipTest("auth_totp is not installed")
        self.assertEqual(self.status(), 200)
        self.user.sudo().totp_secret = "JBSWY3DPEHPK3PXP"
        self.env.flush_all()
        self.assertEqual(self.status(), 401)

    def test_passwords_are_no_longer_accepted_by_apis(self):
        # as by a policy for second factors, which changes no row of the user
        self.assertEqual(self.status(), 200)
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.status(), 401)

    def test_api_key_as_password(self):
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        key, record = self.key()
        self.assertEqual(self.status(password=key), 200)
        with patch.object(
            type(self.user), "_check_credentials", side_effect=AssertionError
        ):
            self.assertEqual(self.status(password=key), 200)
        record._remove()
        self.assertEqual(self.status(password=key), 401)

    def test_api_key_that_expires(self):
        key, record = self.key(days=1)
        self.assertEqual(self.status(password=key), 200)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = "
            "now() AT TIME ZONE 'utc' - interval '1 second' WHERE id = %s",
            [record.id],
        )
        self.assertEqual(self.status(password=key), 401)

    def test_login_that_several_users_have(self):
        """An addon may have a user for each website, with the same login."""
        users = type(self.user)
        original = users._get_login_domain
        website = 1

        def get_domain(self, login):
            domain = original(self, login)
            return domain & Domain("id", ">" if website == 2 else "!=", 2**31 - 1)

        self.patch(users, "_get_login_domain", get_domain)
        self.assertEqual(self.status(), 200)
        website = 2
        self.assertEqual(self.status(), 401)
        website = 1
        self.assertEqual(self.status(), 200)
        self.assertEqual(self.hashes.count, 0)


class TestOtherAddons(BasicCase):
    """The first call goes through Odoo's methods, which other addons extend."""

    def patch_check(self, check):
        """Override ``_check_credentials``, as an addon does."""
        original = type(self.user)._check_credentials
        calls = []

        def check_credentials(self, credential, env):
            calls.append(credential["login"])
            return check(original, self, credential, env)

        self.patch(type(self.user), "_check_credentials", check_credentials)
        return calls

    def test_password_that_is_not_in_the_database(self):
        """As with LDAP: the database does not tell that the password has changed."""
        right = "secret of the directory"

        def check(original, user, credential, env):
            try:
                return original(user, credential, env)
            except AccessDenied:
                if credential["password"] != right:
                    raise
                return {"uid": user.env.uid, "auth_method": "ldap", "mfa": "default"}

        calls = self.patch_check(check)
        for number in (1, 2):
            self.assertEqual(self.status(password=right), 200)
            self.assertEqual(len(calls), number)
        right = "another one"
        self.assertEqual(self.status(password="secret of the directory"), 401)

    def test_method_of_an_addon(self):
        def check(original, user, credential, env):
            return {"uid": user.env.uid, "auth_method": "card", "mfa": "default"}

        state = "first"
        original_state = type(self.user)._get_credential_state

        def get_state(self, method):
            return state if method == "card" else original_state(self, method)

        self.patch(type(self.user), "_get_credential_state", get_state)
        calls = self.patch_check(check)
        for _call in range(2):
            self.assertEqual(self.status(password="any"), 200)
        self.assertEqual(len(calls), 1)
        state = "second"
        self.assertEqual(self.status(password="any"), 200)
        self.assertEqual(len(calls), 2)

    def test_refusal(self):
        def check(original, user, credential, env):
            original(user, credential, env)
            raise AccessDenied()

        self.patch_check(check)
        self.assertEqual(self.status(), 401)

    def test_connection_that_outlives_the_memory(self):
        """The database is asked all the same whether the login may go on."""
        env = self.env(user=self.runner)
        way = BasicWay()
        credential = BasicCredentials(username=self.login, password=self.password)
        connection = HTTPConnection(
            {"type": "http", "headers": [], "client": ("192.0.2.1", 1)}
        )
        key = self.key()[1]
        for method, change in (
            ("apikey", key.sudo().unlink),
            ("password", lambda: self.user.write({"password": "another"})),
        ):
            with self.subTest(method):
                caller = way.authenticate(credential, connection, env)
                verified.forget_user(env, self.user.id)
                recheck = way.make_recheck(caller, credential, connection, env)
                self.assertTrue(recheck(env))
                change()
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertFalse(recheck(env))

    def test_user_that_an_addon_finds(self):
        """As ``auth_ldap`` does in ``_login``, for users who do not exist yet."""
        original = type(self.user)._login
        user = self.user

        def login(self, credential, user_agent_env):
            try:
                return original(self, credential, user_agent_env=user_agent_env)
            except AccessDenied:
                if credential["login"] != "new@test":
                    raise
                return {"uid": user.id, "auth_method": "ldap", "mfa": "default"}

        self.patch(type(self.user), "_login", login)
        self.assertEqual(self.status("new@test", "any"), 200)
        self.assertEqual(self.status("old@test", "any"), 401)


class TestNothingIsWritten(BasicCase):
    def logs(self):
        return self.env["res.users.log"].sudo().search_count([])

    def test_no_login_is_recorded(self):
        key, _record = self.key()
        before = self.logs()
        for password in (self.password, key, self.password, key):
            self.assertEqual(self.status(password=password), 200)
        self.patch(type(self.user), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.status(password=key), 200)
        self.assertEqual(self.logs(), before)

    def test_other_logins_are_recorded(self):
        before = self.logs()
        self.authenticate(self.login, self.password)
        uid = self.xmlrpc_common.authenticate(
            self.env.cr.dbname, self.login, self.password, {}
        )
        self.assertEqual(uid, self.user.id)
        self.assertGreater(self.logs(), before)

    def test_time_zone_of_a_browser_is_ignored(self):
        self._create_endpoint("/replica", test_routing={"readonly": True})
        before = self.user.tz
        with self.assertNoLogs("odoo.http", "WARNING"):
            response = self.get(
                "/replica/partner",
                auth=(self.login, self.password),
                cookies={"tz": "Asia/Tokyo"},
            )
        self.assertEqual(response.status_code, 200)
        self.user.invalidate_recordset()
        self.assertEqual(self.user.tz, before)

    def test_replica(self):
        self.env.cr.execute("DELETE FROM fastapi_auth_failure")
        self._create_endpoint("/replica", test_routing={"readonly": True})
        with self.assertNoLogs("odoo.http", "WARNING"):
            for _call in range(2):
                self.assertEqual(self.status(path="/replica/partner"), 200)
            self.assertEqual(
                self.status(password="wrong", path="/replica/partner"), 401
            )
        failures = self.env["fastapi.auth.failure"].search([]).mapped("failures")
        self.assertEqual(failures, [1, 1])
