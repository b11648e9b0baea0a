# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The time of a refusal does not tell which logins exist."""

from odoo.tests import new_test_user

from .basic_case import CountedHashes
from .common import RPC_LOGGERS, FastapiHttpCase


class TestEvenTime(FastapiHttpCase):
    """Hashing takes most of the time of a refusal, so the tests count hashes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = cls.env["res.users"]
        cls.hashes = CountedHashes(users._crypt_context())
        cls.classPatch(type(users), "_crypt_context", lambda self: cls.hashes)
        cls.without_password = new_test_user(cls.env, "without@test")
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = %s",
            [cls.without_password.id],
        )
        cls.archived = new_test_user(cls.env, "archived@test")
        cls.archived.active = False
        cls.set_cooldown(0)

    def setUp(self):
        super().setUp()
        self.mute(*RPC_LOGGERS)

    @classmethod
    def set_cooldown(cls, failures):
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", failures)

    def hashes_of(self, login, password, status=401):
        self.hashes.count = 0
        response = self.get("/test/partner", auth=(login, password))
        self.assertEqual(response.status_code, status)
        if status == 401:
            self.assertEqual(
                response.json(), {"detail": "Incorrect username or password"}
            )
        return self.hashes.count

    def test_one_hash_for_each_wrong_credential(self):
        self.assertEqual(self.hashes_of(*self.caller_auth, status=200), 1)
        for login in (
            self.caller.login,
            "unknown@test",
            self.without_password.login,
            self.archived.login,
            "",
        ):
            with self.subTest(login):
                self.assertEqual(self.hashes_of(login, "wrong"), 1)

    def test_passwords_for_api_keys_only(self):
        # as with two-factor authentication
        self.patch(type(self.caller), "_rpc_api_keys_only", lambda self: True)
        self.assertEqual(self.hashes_of(*self.caller_auth), 1)
        self.assertEqual(self.hashes_of("unknown@test", "wrong"), 1)

    def test_no_hash_for_a_text_that_can_not_be_a_password(self):
        for login in (self.caller.login, "unknown@test"):
            for password in ("", "x" * 4097, "nul \0"):
                with self.subTest(login, password=password[:5]):
                    self.assertEqual(self.hashes_of(login, password), 0)
            self.assertEqual(self.hashes_of(login, "x" * 4096), 1)

    def test_no_hash_after_too_many_failures(self):
        self.set_cooldown(2)
        for login in (self.caller.login, "unknown@test"):
            with self.subTest(login):
                for _attempt in range(2):
                    self.assertEqual(self.hashes_of(login, "wrong"), 1)
                self.assertEqual(self.hashes_of(login, "wrong", status=429), 0)

    def test_logins_of_odoo_are_unchanged(self):
        self.hashes.count = 0
        common = self.xmlrpc_common
        uid = common.authenticate(self.env.cr.dbname, "unknown@test", "wrong", {})
        self.assertFalse(uid)
        self.assertEqual(self.hashes.count, 0)
