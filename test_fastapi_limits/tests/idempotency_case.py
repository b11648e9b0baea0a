# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import uuid

from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


class IdempotencyCase(FastapiHttpCase):
    """Calls the test app for keys over HTTP, below ``/once``."""

    vals = {"idempotency": "accepted"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.once = cls._create_endpoint(
            "/once", **{"app": "test_idempotency", **cls.vals}
        )

    def setUp(self):
        super().setUp()
        self.key = str(uuid.uuid4())

    def send(self, path, key=None, method="POST", **kwargs):
        """Send a request with a key, by default that of the test."""
        headers = {
            HEADER: self.key if key is None else key,
            **kwargs.pop("headers", {}),
        }
        return self.call(method, path, headers=headers, **kwargs)

    def send_twice(self, path, **kwargs):
        """Send a request twice with the same key, and return both responses."""
        return self.send(path, **kwargs), self.send(path, **kwargs)

    def count(self, name):
        items = self.env["test.fastapi.item"]
        return items.search_count([("name", "=like", f"{name}%")])

    def rows(self):
        return self.env["fastapi.idempotency.key"].search(
            [("endpoint_id", "=", self.once.id)]
        )

    def assertReplayed(self, first, second):
        """Check that the second response is the first one, and says so."""
        self.assertNotIn(REPLAYED, first.headers)
        self.assertEqual(second.headers.get(REPLAYED), "true", second.text)
        self.assertEqual(second.status_code, first.status_code)
        self.assertEqual(second.content, first.content)

    def assertNew(self, first, second):
        """Check that the second request was carried out."""
        self.assertNotIn(REPLAYED, second.headers)
        self.assertNotEqual(second.content, first.content)
