# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The writer of a server that can't write for some time."""

from contextlib import closing

from odoo.addons.test_fastapi.tests.server_case import LOCK
from odoo.addons.test_fastapi.tests.servers import Background
from odoo.addons.test_fastapi.tests.test_stress_postgres import OwnPostgresCase

from .test_servers import LogServerCase

#: The writer waits for a second, so that the tests need not wait longer.
VARIABLES = {"TEST_FASTAPI_REQUEST_LOG_TIMEOUT": "1"}
#: Bytes of a response that no buffer of the kernel holds.
SIZE = 20_000_000


class MissingCallsCase(LogServerCase):
    variables = VARIABLES

    @classmethod
    def start_server(cls, **options):
        options.setdefault("variables", cls.variables)
        return super().start_server(**options)

    def clean_up(self):  # pylint: disable=missing-return
        super().clean_up()
        self.query("DELETE FROM fastapi_request_loss")

    def missing(self):
        """Return the sum of the numbers in the log of the server."""
        lines = [line for line in list(self.first.log) if "calls are missing" in line]
        return sum(int(line.split(" calls are")[0].split()[-1]) for line in lines)

    def end_call_during(self, trouble):
        """Let a call end when the writer is in trouble, and return its statuses."""
        path = f"/log/large?size={SIZE}"
        with self.first.open_slowly("POST", path) as status:
            trouble()
        self.assertEqual(status, 200)
        self.wait_until(self.missing, 1)

    def check_losses(self, number, reason):
        """Check that new calls are written, and the number of those before."""
        response, request_id = self.request("GET", "/items/1")
        self.assertEqual(response.status, 200)
        self.assertEqual(self.row(request_id, "status"), (200,))
        ((calls, text),) = self.query("SELECT calls, reason FROM fastapi_request_loss")
        self.assertEqual(calls, number)
        self.assertIn(reason, text)
        self.assertEqual(self.missing(), number)


class TestFullPool(MissingCallsCase):
    options = {"db_maxconn": 3}

    def test_full_pool(self):
        calls = []

        def fill_pool():
            self.query("SELECT pg_advisory_lock(%s)", LOCK)
            path = f"/locked?lock={LOCK}"
            calls.extend(Background(self.request, "GET", path) for _number in range(3))
            self.wait_for_lock(3)

        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        self.end_call_during(fill_pool)
        self.query("SELECT pg_advisory_unlock_all()")
        for call in calls:
            response, request_id = call.result()
            self.assertEqual(response.status, 200)
            self.assertEqual(self.row(request_id, "status"), (200,))
        self.check_losses(1, "The Connection Pool Is Full")


class TestLockedTable(MissingCallsCase):
    def test_locked_table(self):
        connection = self.connect()
        connection.autocommit = False
        with closing(connection), connection.cursor() as cr:
            cr.execute("LOCK TABLE fastapi_request_log IN ACCESS EXCLUSIVE MODE")
            for _number in range(5):
                response, _request_id = self.request("GET", "/items/1")
                self.assertEqual(response.status, 200)
            self.wait_until(self.missing, 5)
            connection.rollback()
        self.check_losses(5, "lock timeout")


class TestLockedEndpoint(MissingCallsCase):
    def test_locked_endpoint(self):
        connection = self.connect()
        connection.autocommit = False
        with closing(connection), connection.cursor() as cr:
            cr.execute(
                "SELECT FROM fastapi_endpoint WHERE id = %s FOR UPDATE",
                [self.endpoint_id],
            )
            for _number in range(5):
                response, _request_id = self.request("GET", "/items/1")
                self.assertEqual(response.status, 200)
            self.wait_until(self.missing, 5)
        self.check_losses(5, "lock timeout")


class TestStoppedPostgres(OwnPostgresCase, MissingCallsCase):
    variables = VARIABLES

    def test_stopped_postgres(self):
        self.end_call_during(lambda: self.postgres.halt("fast"))
        self.postgres.start()
        type(self).connection = self.connect()
        self.check_losses(1, "connection to server")
