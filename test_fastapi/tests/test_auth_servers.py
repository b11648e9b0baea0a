# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Callers on real servers: after the commit, on a replica, before the transaction."""

import secrets
from base64 import b64encode

from passlib.context import CryptContext
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from .server_case import ServerCase


class CallerCase(ServerCase):
    def setUp(self):
        super().setUp()
        (group_id,) = self.first.rpc(
            "res.groups", "search", [("name", "=", "Runner of the test app")]
        )
        (internal_id,) = self.query(
            "SELECT res_id FROM ir_model_data WHERE module = 'base' "
            "AND name = 'group_user'"
        )[0]
        (self.user_id,) = self.first.rpc(
            "res.users",
            "create",
            [
                {
                    "name": "Caller",
                    "login": secrets.token_hex(8),
                    "group_ids": [(6, 0, [internal_id, group_id])],
                }
            ],
        )
        # runs after the items of the user are deleted
        self.addCleanup(self.query, "DELETE FROM res_users WHERE id = %s", self.user_id)
        self.addCleanup(super().clean_up)
        self.key = self.create_key(self.user_id)

    def create_key(self, user_id):
        key = secrets.token_hex(20)
        self.query(
            "INSERT INTO res_users_apikeys (name, user_id, key, index) "
            "VALUES ('test', %s, %s, %s)",
            user_id,
            KEY_CRYPT_CONTEXT.hash(key),
            key[:INDEX_SIZE],
        )
        return key

    def create_auth_endpoint(self, root_path, **vals):
        vals = {"auth_api_key": True, "accept_unscoped_keys": True, **vals}
        return self.create_endpoint(self.first, root_path, app="test_auth", **vals)

    def call(self, method, path, key=None):
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return self.first.request(method, path, None, headers)

    def authors(self):
        return dict(
            self.query(
                "SELECT name, ARRAY[create_uid, write_uid, flushed_by_id] "
                "FROM test_fastapi_item"
            )
        )


class TestCallers(CallerCase):
    def test_tasks(self):
        self.create_auth_endpoint("/t", run_as="caller")
        response = self.call("POST", "/t/auth/items/later?name=x")
        self.assertEqual(response.status, 200)
        ids = [self.user_id] * 3
        expected = {"x by a task": ids, "x in the context of a task": ids}
        self.wait_until(self.authors, expected)

    def test_stream(self):
        self.create_auth_endpoint("/t", run_as="caller")
        response = self.call("POST", "/t/auth/items/stream?name=x")
        self.assertEqual(response.body, b"0\n1\nend\n")
        ids = [self.user_id] * 3
        self.assertEqual(
            self.authors(), {"x 0": ids, "x 1": ids, "x in the context": ids}
        )

    def test_request(self):
        self.create_auth_endpoint("/t", run_as="caller")
        self.call("POST", "/t/auth/items?name=x")
        self.call("POST", "/t/auth/items/replayed?name=y")
        ids = [self.user_id] * 3
        self.assertEqual(self.authors(), {"x": ids, "y": ids})
        self.query("DELETE FROM test_fastapi_item")
        self.create_auth_endpoint("/u", run_as="user")
        self.call("POST", "/u/auth/items?name=z")
        self.assertEqual(self.authors(), {"z": [self.runner_id] * 3})

    def test_key_that_is_revoked_or_expires(self):
        self.create_auth_endpoint("/t")
        another = self.create_key(self.user_id)
        for change in (
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day'",
            "DELETE FROM res_users_apikeys",
        ):
            key = self.create_key(self.user_id)
            for _ in range(2):  # the server remembers the key
                response = self.call("GET", "/t/auth/caller", key)
                self.assertEqual(response.json()["user_id"], self.user_id)
            self.query(f"{change} WHERE index = %s", key[:INDEX_SIZE])
            self.assertEqual(self.call("GET", "/t/auth/caller", key).status, 401)
            self.assertEqual(self.call("GET", "/t/auth/caller", another).status, 200)


class TestReplica(CallerCase):
    options = {"dev_mode": "replica"}

    def test_key_on_the_replica(self):
        self.create_auth_endpoint(
            "/t", run_as="caller", test_routing={"readonly": True}
        )
        for _ in range(2):
            self.assertEqual(self.call("GET", "/t/cursor").body, b"true")
            response = self.call("GET", "/t/auth/env")
            self.assertEqual(response.json()["uid"], self.user_id)

    def test_outdated_hash_of_a_password(self):
        """It is replaced, and not logged."""
        self.create_auth_endpoint(
            "/t", auth_basic=True, test_routing={"readonly": True}
        )
        old = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=1000).hash("secret")
        update = "UPDATE res_users SET password = %s WHERE id = %s RETURNING login"
        ((login,),) = self.query(update, old, self.user_id)
        credential = b64encode(f"{login}:secret".encode()).decode()
        response = self.first.request(
            "GET", "/t/auth/caller", None, {"Authorization": f"Basic {credential}"}
        )
        self.assertEqual(response.json()["user_id"], self.user_id)
        query = "SELECT password FROM res_users WHERE id = %s"
        self.assertNotEqual(self.query(query, self.user_id), [(old,)])
        self.assertNotIn("pbkdf2", "".join(self.first.log))


class TestPrepare(ServerCase):
    def call(self, headers):
        response = self.first.request("GET", "/t/auth/caller", None, headers)
        return response.json().get("method")

    def test_no_transaction_is_open(self):
        self.create_endpoint(self.first, "/t", app="test_prepared")
        idle = str(TRANSACTION_STATUS_IDLE)
        headers = {"X-Prepared": "x"}
        # the app is built first, which needs a transaction
        self.assertEqual(self.call({**headers, "X-Prepare": "x"}), idle)
        self.assertEqual(self.call(headers), idle)
        self.assertEqual(self.call({**headers, "X-Prepare": "x"}), f"{idle} {idle}")
