# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Transactions of WebSockets that conflict before they are accepted."""

from .server_case import LOCK
from .servers import Background
from .websocket_case import WebSocketCase


class ConflictTests(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")

    def test_connections_in_conflict_are_replayed(self):
        """Each waits between read and write, so all but one conflict."""
        item = self.create_item(self.first, "/w")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        path = f"/w/ws/increment/{item}?lock={LOCK}"
        calls = [Background(self.open, path) for _ in range(3)]
        self.wait_for_lock(3)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        clients = [call.result(60) for call in calls]
        self.assertEqual(sorted(c.recv_json() for c in clients), [1, 2, 3])
        self.assertEqual(self.quantity(item), 3)
        for client in clients:
            self.assertEqual(client.ask("x"), "x")
        self.wait_until(self.connections, 0)

    def test_conflict_at_the_flush(self):
        """The app of the first attempt has accepted: it ends, and the replay counts."""
        item = self.create_item(self.first, "/w")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        call = Background(self.open, f"/w/ws/increment/{item}?lock={LOCK}")
        self.wait_for_lock(1)
        self.query("UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item)
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        client = call.result(60)
        self.assertEqual(client.recv_json(), 11)
        self.assertEqual(client.ask("x"), "x")
        self.assertEqual(self.quantity(item), 11)


class TestThreaded(ConflictTests):
    pass


class TestEvented(ConflictTests):
    options = {"command": "gevent"}


del ConflictTests
