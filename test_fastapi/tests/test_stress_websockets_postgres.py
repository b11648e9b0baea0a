# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""PostgreSQL restarts while WebSockets are open."""

import json
import threading

from .servers import TIMEOUT, Background
from .test_stress_postgres import OwnPostgresCase
from .websocket_case import WebSocketCase


class Incrementing:
    """A client that increments its own item, message by message."""

    def __init__(self, client):
        self._client = client
        self._over = threading.Event()
        #: The quantities that the server has sent.
        self.quantities = []
        #: The errors that it has sent instead.
        self.errors = []
        self.call = Background(self._run)

    def _run(self):
        while not self._over.is_set():
            answer = json.loads(self._client.ask(""))
            if isinstance(answer, int):
                self.quantities.append(answer)
            else:
                self.errors.append(answer)

    def stop(self):
        self._over.set()
        self.call.result(2 * TIMEOUT)


class TestRestart(WebSocketCase, OwnPostgresCase):
    def test_restart(self):
        """No WebSocket ends, and what the clients know is saved."""
        self.create_endpoint(self.first, "/w", websocket_max_caller_connections=0)
        count = self.size(full=100, short=10)
        idle = [self.open("/w/ws-load/echo") for _client in range(count)]
        items, busy = [], []
        for _client in range(3):
            items.append(self.create_item(self.first, "/w"))
            client = self.open(f"/w/ws-load/increment/{items[-1]}")
            client.settimeout(5 * TIMEOUT)
            busy.append(Incrementing(client))
            self.addCleanup(busy[-1].stop)
        modes = ["fast", "immediate"] * self.size(full=5, short=1)
        for mode in modes:
            self.wait_for_more(busy)
            self.postgres.restart(mode)
            type(self).connection = self.connect()
            self.wait_for_more(busy)
        for client in busy:
            client.stop()
        for item_id, client in zip(items, busy, strict=True):
            numbers = client.quantities
            self.expect(len(set(numbers)), len(numbers), "different numbers")
            self.expect(numbers, sorted(numbers), "order of the numbers")
            # PostgreSQL may have committed without being able to confirm it
            extra = self.quantity(item_id) - len(numbers)
            self.expect(0 <= extra <= len(client.errors), True, f"{extra} too many")
        for client in idle:
            self.expect(client.ask("x"), "x", "echo of an idle client")
        self.wait_until(self.connections, 0)
        self.expect_service("restarts")
        tried = count + sum(len(client.quantities) for client in busy)
        self.conclude(
            f"WebSockets: PostgreSQL restarted {len(modes)} times", tried, self.failures
        )

    def wait_for_more(self, busy):
        """Wait until each client has incremented its item again."""
        enough = [len(client.quantities) + 5 for client in busy]
        self.wait_until(
            lambda: all(
                len(client.quantities) >= count or not client.call.is_alive()
                for client, count in zip(busy, enough, strict=True)
            ),
            True,
        )
