# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``tx.run`` in the task of a lifespan, which no request waits for."""

from .server_case import LOCK, ServerCase


class WorkTests(ServerCase):
    def setUp(self):
        super().setUp()
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        server = self.start_server(**self.work_options)
        self.server = server
        self.create_endpoint(
            server, "/lifespan", app="test_lifespan", description="work"
        )
        self.assertEqual(server.request("GET", "/lifespan/openapi.json").status, 200)
        self.wait_for_lock(1)

    def test_work_is_committed(self):
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.wait_until(self.names, ["lifespan"])

    def test_work_is_rolled_back_when_the_server_stops(self):
        """The process exits, although PostgreSQL does not answer the work."""
        self.server.stop()
        self.assertFalse(self.server.killed, "".join(self.server.log))
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.assertEqual(self.names(), [])


class TestThreaded(WorkTests):
    work_options = {}


class TestWorkers(WorkTests):
    work_options = {"workers": 1}


del WorkTests
