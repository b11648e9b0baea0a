# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""API keys of an endpoint: what they open, until when, and who makes them."""

from odoo.tests import TransactionCase, new_test_user


class KeyCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint, cls.other_endpoint = cls.env["fastapi.endpoint"].create(
            [
                {"name": "Orders", "app": "test", "root_path": "/keys/orders"},
                {"name": "Stock", "app": "test", "root_path": "/keys/stock"},
            ]
        )
        cls.keys = cls.env["fastapi.endpoint.key"]
        cls.caller = new_test_user(cls.env, "caller@test", password="caller's secret")
        cls.reader = new_test_user(
            cls.env, "reader@test", groups="fastapi.group_fastapi_user"
        )
        cls.manager = new_test_user(
            cls.env, "manager@test", groups="fastapi.group_fastapi_manager"
        )
        cls.system = new_test_user(
            cls.env,
            "system@test",
            groups="fastapi.group_fastapi_manager,base.group_system",
        )

    @classmethod
    def _generate(cls, **kwargs):
        values = {
            "endpoint": cls.endpoint,
            "user": cls.caller,
            "name": "Made in a test",
            **kwargs,
        }
        return cls.keys._generate(**values)

    def _find(self, secret, endpoint=None, accept_unscoped=False):
        endpoint = endpoint or self.endpoint
        return self.keys._find_valid(endpoint.id, secret, accept_unscoped)


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

    def test_no_scopes_allow_nothing_that_needs_one(self):
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
