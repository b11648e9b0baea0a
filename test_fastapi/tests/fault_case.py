# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests in which something breaks."""

import re

from .server_case import LOCK
from .stress_case import StressCase

#: The first line of an entry of Odoo's log: level and logger.
ENTRY = re.compile(r"^\S+ \S+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>[\w.]+): ")
#: The PostgreSQL processes that wait for the test's lock.
WAITING = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
    f"AND objid = {LOCK} AND NOT granted"
)


class FaultCase(StressCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/f")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        self.failures = []
        self.first.log_again(20_000)

    def expect(self, found, expected, what):
        """Record a failure and continue; the test reports all failures."""
        if found != expected:
            self.failures.append(f"{what}: {found!r}, not {expected!r}")

    def hold_lock(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)

    def release_lock(self):
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

    def errors(self):
        """Return the first line of each logged error.

        ``odoo.sql_db`` is left out: it logs each failed query in addition.
        """
        return [
            line
            for line in list(self.first.log)
            if (entry := ENTRY.match(line))
            and entry["level"] in ("ERROR", "CRITICAL")
            and entry["logger"] != "odoo.sql_db"
        ]

    def expect_errors(self, count, what):
        """Wait for ``count`` errors in the log, and expect no more."""
        self.wait_until(lambda: len(self.errors()) >= count, True)
        self.expect(len(self.errors()), count, f"{what}, errors in the log")

    def sessions(self, state):
        """Return the server's PostgreSQL processes in a state."""
        return [
            pid
            for (pid,) in self.query(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s "
                "AND application_name = %s AND state = %s",
                self.dbname,
                f"odoo-{self.first.pid}",
                state,
            )
        ]

    def busy(self):
        """Return state and query of the connections in a transaction."""
        return self.query(
            "SELECT state, wait_event, query FROM pg_stat_activity WHERE datname = %s "
            "AND application_name = %s AND state <> 'idle'",
            self.dbname,
            f"odoo-{self.first.pid}",
        )

    def terminate(self, pid):
        """Terminate a connection and wait until it is gone."""
        self.query("SELECT pg_terminate_backend(%s)", pid)
        self.wait_until(
            lambda: self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", pid
            ),
            [(0,)],
        )

    def terminate_waiting(self):
        self.wait_for_lock(1)
        ((pid,),) = self.query(WAITING)
        self.terminate(pid)

    def expect_service(self, name, in_use=0):
        """Expect the next requests to be served on working connections.

        :param in_use: number of connections that stay in a transaction
        """
        for turn in range(3):
            response = self.first.request("POST", f"/f/items?name=after-{turn}")
            self.expect(response.status, 200, f"{name}, request after it")
        self.wait_until(self.connections, in_use)
        self.query("DELETE FROM test_fastapi_item WHERE name LIKE 'after-%%'")
