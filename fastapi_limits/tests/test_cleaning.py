# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..models import fastapi_idempotency_key, fastapi_rate_count

#: Settings of PostgreSQL, without ``enable_``.
OTHER_PLANS = "hashjoin mergejoin hashagg sort indexscan bitmapscan material".split()


@tagged("post_install", "-at_install")
class TestCleaning(TransactionCase):
    """The daily cleaning keeps to its batches, whatever PostgreSQL plans."""

    def setUp(self):
        super().setUp()
        # a plan that runs a subquery once for each row of the table
        for name in OTHER_PLANS:
            self.env.cr.execute(f"SET LOCAL enable_{name} = off")

    def check_batches(self, module, clean):
        with patch.object(module, "BATCH", 3):
            counts = [clean(), clean(), clean()]
        self.assertEqual(counts, [(3, 1), (3, 1), (1, 0)])

    def test_counts(self):
        self.registry_enter_test_mode()  # on the cursor of the test
        counts = self.env["fastapi.rate.count"]
        counts._gc_counts()
        self.env.cr.execute(
            "INSERT INTO fastapi_rate_count "
            "SELECT 'old ' || number, 1, 1, 0, 0, 1, false "
            "FROM generate_series(1, 7) AS number"
        )
        self.check_batches(fastapi_rate_count, counts._gc_counts)

    def test_keys(self):
        keys = self.env["fastapi.idempotency.key"]
        keys._gc_expired()
        self.env["fastapi.endpoint"]._load_demo_data()
        endpoint = self.env.ref("fastapi.fastapi_endpoint_demo")
        keys.create(
            [
                {
                    "endpoint_id": endpoint.id,
                    "digest": f"digest {number}",
                    "key": "key",
                    "caller": "caller",
                    "method": "POST",
                    "path": "/",
                    "fingerprint": "",
                    "date": "2026-01-01",
                    "expires": "2026-01-02",
                }
                for number in range(7)
            ]
        )
        self.env.flush_all()
        self.check_batches(fastapi_idempotency_key, keys._gc_expired)
