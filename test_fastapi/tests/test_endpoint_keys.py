# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""API keys of an endpoint: what they open, and until when."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from odoo.addons.base.models.res_users import INDEX_SIZE
from odoo.addons.fastapi.models import fastapi_endpoint_key

from .key_case import KeyCase

LOGGER = "odoo.addons.base.models.res_users"


class TestEndpointKeys(KeyCase):
    def test_opens_its_endpoint_only(self):
        key, secret = self._generate(scopes="orders:write orders:read orders:read")
        self.assertEqual(key.name, "Made in a test")
        self.assertEqual(key.user_id, self.caller)
        self.assertEqual(key.scopes, "orders:read orders:write")
        self.assertEqual(self.endpoint.key_ids, key)
        scopes = frozenset({"orders:read", "orders:write"})
        expected = (self.caller.id, key.api_key_id.id, key.id, scopes)
        for accept_unscoped in (False, True):
            found = self._find(secret, accept_unscoped=accept_unscoped)
            self.assertEqual(found, expected)
            again = self.keys._is_still_valid(
                found.api_key_id, self.endpoint.id, accept_unscoped
            )
            self.assertEqual(again, expected)
            self.assertIsNone(self._find(secret, self.other_endpoint, accept_unscoped))
            self.assertIsNone(
                self.keys._is_still_valid(
                    found.api_key_id, self.other_endpoint.id, accept_unscoped
                )
            )
        rpc = self.env["res.users.apikeys"]._check_credentials(scope="rpc", key=secret)
        self.assertIsNone(rpc)

    def test_a_key_without_scopes_has_none(self):
        _key, secret = self._generate()
        self.assertEqual(self._find(secret).scopes, frozenset())

    def test_foreign_key_is_in_the_database(self):
        self.env.cr.execute(
            """
            SELECT confdeltype, confrelid::regclass::text
              FROM pg_constraint
             WHERE conrelid = 'fastapi_endpoint_key'::regclass AND contype = 'f'
               AND conkey = ARRAY[(
                   SELECT attnum FROM pg_attribute
                    WHERE attrelid = 'fastapi_endpoint_key'::regclass
                      AND attname = 'api_key_id')]
            """
        )
        self.assertEqual(self.env.cr.fetchall(), [("c", "res_users_apikeys")])

    def test_revoked_expired_archived(self):
        key, secret = self._generate()
        api_key_id = key.api_key_id.id

        def is_valid():
            found = self._find(secret)
            again = self.keys._is_still_valid(api_key_id, self.endpoint.id, False)
            self.assertEqual(found, again)
            return found is not None

        self.assertTrue(is_valid())
        self.caller.active = False
        self.assertFalse(is_valid())
        self.caller.active = True
        self.assertTrue(is_valid())
        self._set_expiration(key, "now() - interval '1 second'")
        self.assertFalse(is_valid())
        self._set_expiration(key, "now() + interval '1 minute'")
        self.assertTrue(is_valid())
        key.unlink()
        self.assertFalse(is_valid())

    def _set_expiration(self, key, moment):
        self.env.cr.execute(
            f"UPDATE res_users_apikeys SET expiration_date = ({moment}) "
            "AT TIME ZONE 'UTC' WHERE id = %s",
            [key.api_key_id.id],
        )

    def test_keys_of_users(self):
        api_keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        secret = api_keys._generate(None, "own key", None)
        api_key = api_keys.search([("user_id", "=", self.caller.id)])
        expected = (self.caller.id, api_key.id, None, None)
        self.assertEqual(self._find(secret, accept_unscoped=True), expected)
        self.assertIsNone(self._find(secret))
        still = self.keys._is_still_valid
        self.assertEqual(still(api_key.id, self.endpoint.id, True), expected)
        self.assertIsNone(still(api_key.id, self.endpoint.id, False))
        secret = api_keys._generate("rpc", "of something else", None)
        self.assertIsNone(self._find(secret, accept_unscoped=True))

    def test_key_of_an_earlier_endpoint(self):
        """After the addon is uninstalled, ids of endpoints start again."""
        scope = f"fastapi.endpoint.{self.endpoint.id}"
        api_keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        secret = api_keys._generate(scope, "left", None)
        found = api_keys._check_credentials(scope=scope, key=secret)
        self.assertEqual(found, self.caller.id)
        self.assertIsNone(self._find(secret, accept_unscoped=True))

    def test_keys_that_begin_alike(self):
        own = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        unscoped = own._generate(None, "own key", None)
        made = [self._generate(scopes=scope) for scope in ("one", "two")]
        for key, secret in made:
            self.env.cr.execute(
                "UPDATE res_users_apikeys SET index = %s WHERE user_id = %s",
                [secret[:INDEX_SIZE], self.caller.id],
            )
            found = self._find(secret, accept_unscoped=True)
            self.assertEqual((found.key_id, found.scopes), (key.id, {key.scopes}))
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET index = %s WHERE user_id = %s",
            [unscoped[:INDEX_SIZE], self.caller.id],
        )
        self.assertIsNone(self._find(unscoped, accept_unscoped=True).key_id)
        self.assertIsNone(self._find(unscoped))

    def test_texts_that_are_not_keys(self):
        _key, secret = self._generate()
        for text in (
            "",
            secret[:-1],
            f"{secret} ",
            f"{secret}x" * 500,
            secret[:8] + "\0" * 32,
            secret[:8] + "\ud800" * 32,
            "é" * 40,
        ):
            self.assertIsNone(self._find(text, accept_unscoped=True), text[:50])

    def test_scopes_are_checked(self):
        key, _secret = self._generate(scopes="b  a\tb\n")
        self.assertEqual(key.scopes, "a b")
        key.with_user(self.manager).scopes = " orders:write "
        self.assertEqual(key.scopes, "orders:write")
        for wrong in ('say "hi"', "back\\slash", "größe", "a\0"):
            with self.assertRaises(ValidationError, msg=wrong):
                key.scopes = wrong
        key.scopes = " "
        self.assertFalse(key.scopes)

    def test_only_scopes_can_be_changed(self):
        key, _secret = self._generate()
        with self.assertRaises(AccessError):
            key.with_user(self.manager).user_id = self.system
        other = Command.update(key.id, {"endpoint_id": self.other_endpoint.id})
        self._enter_request_of(self.manager)
        with self.assertRaises(AccessError):
            self.endpoint.with_user(self.manager).key_ids = [other]
        with self.assertRaises(AccessError):
            key.with_user(self.reader).scopes = "all"
        of_system, _secret = self._generate(user=self.system)
        with self.assertRaises(AccessError):
            of_system.with_user(self.manager).scopes = "all"
        of_system.with_user(self.system).scopes = "all"

    def test_refusals_do_not_name_the_user_of_a_key(self):
        of_system, _secret = self._generate(user=self.system)
        for user in (self.caller, self.reader):
            self.env.invalidate_all()
            with self.assertRaises(AccessError) as caught:
                of_system.with_user(user).scopes = "all"
            self.assertNotIn(self.system.name, str(caught.exception))

    def test_no_keys_by_commands(self):
        """Even if a route writes what a client sends, with sudo."""
        key, _secret = self._generate()
        self._enter_request_of(self.manager)
        values = {"api_key_id": key.api_key_id.id}
        endpoint = self.endpoint.with_user(self.manager)
        for command in (Command.create(values), Command.delete(key.id)):
            for env in (endpoint.env, endpoint.sudo().env):
                with self.assertRaises(AccessError):
                    endpoint.with_env(env).key_ids = [command]

    def _enter_request_of(self, user):
        transaction = self.env.transaction
        self.addCleanup(setattr, transaction, "default_env", transaction.default_env)
        transaction.default_env = self.env(user=user)

    @mute_logger(LOGGER)
    def test_removed_by_its_user(self):
        key, secret = self._generate()
        api_key = key.api_key_id.with_user(self.caller)
        self.assertEqual(api_key.name, "Made in a test")
        api_key._remove()
        self.assertFalse(key.exists())
        self.assertIsNone(self._find(secret))

    @mute_logger(LOGGER)
    def test_deleted_with_its_user(self):
        key, _secret = self._generate()
        api_key = key.api_key_id
        self.caller.unlink()
        self.assertFalse(key.exists())
        self.assertFalse(api_key.exists())

    @mute_logger(LOGGER)
    def test_deleted_with_its_endpoint(self):
        (key, _secret), (other, _secret) = (
            self._generate(),
            self._generate(endpoint=self.other_endpoint),
        )
        api_keys = key.api_key_id + other.api_key_id
        self.assertFalse(self.endpoint.copy().key_ids)
        self.endpoint.with_user(self.manager).unlink()
        self.assertEqual((key + other).exists(), other)
        self.assertEqual(api_keys.exists(), other.api_key_id)

    def test_expired_keys_are_deleted(self):
        key, _secret = self._generate()
        self._set_expiration(key, "now() - interval '1 second'")
        with mute_logger(LOGGER):
            self.env["res.users.apikeys"]._gc_user_apikeys()
        self.assertFalse(key.exists())


class TestLastUse(KeyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_enter_test_mode_cls()
        cls.key, cls.secret = cls._generate()

    def _use(self):
        """Use the key in a request, and return how often that was stored."""
        cr = self.env.cr
        cr.cache.clear()
        cr.postcommit.clear()
        found = self._find(self.secret)
        self.keys._note_use(found.key_id)
        writes = len(cr.postcommit._funcs)
        cr.postcommit.run()
        self.key.invalidate_recordset()
        return writes

    def test_noted_once_an_hour(self):
        self.assertFalse(self.key.last_used)
        self.assertEqual(self._use(), 1)
        noted = self.key.last_used
        self.assertLess(fields.Datetime.now() - noted, timedelta(minutes=1))
        self.assertEqual(self._use(), 0)
        self.key.last_used = noted - timedelta(minutes=59)
        self.assertEqual(self._use(), 0)
        self.key.last_used = noted - timedelta(minutes=61)
        self.assertEqual(self._use(), 1)
        self.assertEqual(self.key.last_used, noted)  # now() is that of the transaction

    def test_not_noted_if_rolled_back(self):
        self.keys._note_use(self.key.id)
        self.env.cr.postcommit.clear()  # as a rollback does
        self.env.cr.postcommit.run()
        self.key.invalidate_recordset()
        self.assertFalse(self.key.last_used)

    def test_failure_does_not_reach_the_client(self):
        self.keys._note_use(self.key.id)
        error = OperationalError("no connection")
        with (
            patch.object(fastapi_endpoint_key, "Registry", side_effect=error),
            self.assertLogs("odoo.addons.fastapi", "WARNING") as logs,
        ):
            self.env.cr.postcommit.run()
        self.assertIn("no connection", logs.output[0])
        self.assertNotIn(self.secret, logs.output[0])
