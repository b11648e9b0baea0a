# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2

from odoo.tests import BaseCase

from ..exceptions import WebSocketRefused
from ..watch import Watch
from ..websockets import Connection, ConnectionLimits, Connections


def fail(_dbname):
    raise psycopg2.OperationalError("PostgreSQL is down")


class Exchange:
    """Ends when it is closed."""

    on_end = None

    def __init__(self):
        self.closed = []

    def close(self, code, reason=""):
        self.closed.append(code)
        self.on_end()


class TestConnections(BaseCase):
    def setUp(self):
        super().setUp()
        self.watch = Watch()
        self.connections = Connections(self.watch)
        limits = ConnectionLimits(max_connections=3, max_caller_connections=2)
        self.app = SimpleNamespace(endpoint_id=1, limits=limits)

    def add(self, caller, dbname="db", **values):
        app = SimpleNamespace(**{**vars(self.app), **values})
        registry = SimpleNamespace(db_name=dbname)
        connection = Connection(Exchange(), app, registry, caller)
        self.connections.add(connection)
        return connection

    def assert_refused(self, status, caller, **options):
        with self.assertRaises(WebSocketRefused) as caught:
            self.add(caller, **options)
        self.assertEqual(caught.exception.status_code, status)
        self.assertEqual(caught.exception.headers, {"Retry-After": "10"})

    def test_limit_of_a_caller(self):
        first = self.add("a")
        self.add("a")
        self.assert_refused(429, "a")
        self.add("b")
        first.exchange.on_end()
        self.add("a")
        self.assertEqual(len(self.connections), 3)

    def test_limit_of_an_endpoint(self):
        for caller in "abc":
            self.add(caller)
        self.assert_refused(503, "d")
        with self.assertRaises(WebSocketRefused):
            self.connections.check_room("db", self.app)
        self.add("d", endpoint_id=2)
        self.add("d", dbname="other")

    def test_no_limits(self):
        limits = ConnectionLimits(max_connections=0, max_caller_connections=0)
        for _ in range(2000):
            self.add("a", limits=limits)
        self.assertEqual(len(self.connections), 2000)

    def test_remove(self):
        """It is safe to repeat, and leaves nothing."""
        connection = self.add("a")
        for _ in range(2):
            self.connections.remove(connection)
        self.assertEqual(len(self.connections), 0)
        self.assertFalse(self.connections._by_caller)
        self.assertFalse(self.connections._by_endpoint)
        for _ in range(2):
            self.add("a")

    def test_stop(self):
        found = [self.add(caller) for caller in "ab"]
        self.connections.stop()
        self.assertEqual([c.exchange.closed for c in found], [[1001], [1001]])
        self.assertEqual(len(self.connections), 0)
        self.assert_refused(503, "c")

    def test_dropped_database(self):
        connection = self.add("a", dbname="no database has this name")
        self.connections.start(connection)
        self.assertEqual(list(self.watch), [connection])
        self.watch.check()
        self.assertEqual(connection.exchange.closed, [1001])
        self.assertEqual(list(self.watch), [])

    def test_unreachable_database(self):
        """It may be there again soon."""
        connection = self.add("a", dbname="no database has this name")
        self.connections.start(connection)
        self.addCleanup(self.connections.remove, connection)
        with patch("odoo.addons.fastapi.connections.db_connect", fail):
            self.watch.check()
        self.assertEqual(connection.exchange.closed, [])
