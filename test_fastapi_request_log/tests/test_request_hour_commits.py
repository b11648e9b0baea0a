# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Processes that count at the same time, with real commits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name

from odoo.addons.fastapi.tests.work_case import release_registries
from odoo.addons.fastapi_request_log.calls import Call

THREADS = 4
BATCHES = 25
ROUTES = 10


class TestConcurrentCounts(BaseCase):
    def setUp(self):
        super().setUp()
        self.registry = release_registries(self)
        with self.registry.cursor() as cr:
            endpoints = Environment(cr, SUPERUSER_ID, {})["fastapi.endpoint"]
            values = {"name": "Counted", "root_path": "/counted", "app": "test_log"}
            self.endpoint_id = endpoints.create(values).id
        self.addCleanup(self._delete)

    def _delete(self):
        with self.registry.cursor() as cr:
            endpoints = Environment(cr, SUPERUSER_ID, {})["fastapi.endpoint"]
            endpoints.browse(self.endpoint_id).unlink()

    def _count(self, calls):
        with Registry(get_db_name()).cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            env = Environment(cr, SUPERUSER_ID, {})
            env["fastapi.request.hour"]._count(calls)

    def test_no_call_is_lost_and_none_waits_in_a_circle(self):
        start = Barrier(THREADS)

        def count(reverse):
            calls = [
                Call(
                    date=datetime(2026, 3, 10, 12),
                    endpoint_id=self.endpoint_id,
                    method="GET",
                    path="/",
                    route=f"/{number}",
                    status=200,
                    duration=10 * number,
                )
                for number in range(ROUTES)
            ]
            if reverse:
                calls.reverse()
            for _batch in range(BATCHES):
                start.wait(timeout=60)
                self._count(calls)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(count, [number % 2 for number in range(THREADS)]))
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT calls FROM fastapi_request_hour WHERE endpoint_id = %s",
                [self.endpoint_id],
            )
            rows = cr.fetchall()
        self.assertEqual(rows, [(THREADS * BATCHES,)] * ROUTES)
