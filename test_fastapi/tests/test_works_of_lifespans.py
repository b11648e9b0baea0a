# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``tx.run`` in the task of a lifespan, which no request waits for."""

import os
import signal
import sys
import unittest

from .server_case import LOCK, ServerCase

#: What a lifespan saves after its ``yield``.
SAVED = ["saved again", "saved, True"]


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


class SavingTests(ServerCase):
    """Lifespans use threads and ``tx.run`` when the server stops."""

    def start(self, **options):
        server = self.start_server(**self.work_options, **options)
        self.create_endpoint(
            self.first, "/saving", app="test_lifespan", description="saving"
        )
        self.assertEqual(server.request("GET", "/saving/openapi.json").status, 200)
        return server

    def sorted_names(self):
        return sorted(self.names())

    def test_stop(self):
        server = self.start()
        server.stop()
        self.assertFalse(server.killed, "".join(server.log))
        self.assertEqual(self.sorted_names(), SAVED, "".join(server.log))


class TestSavingThreaded(SavingTests):
    work_options = {}

    def test_restart(self):
        """The process continues as another program, without an end of Python."""
        server = self.start()
        os.kill(server.pid, signal.SIGHUP)
        self.wait_until(self.sorted_names, SAVED)


@unittest.skipIf(
    (3, 12) <= sys.version_info < (3, 12, 3), "this Python starts no threads at its end"
)
class TestSavingWorkers(SavingTests):
    work_options = {"workers": 1}

    def test_worker_that_is_replaced(self):
        self.start(limit_request=1)
        self.wait_until(self.sorted_names, SAVED)


del WorkTests, SavingTests
