# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How fast an event reaches many clients."""

import json
import select
import time
from statistics import median

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.servers import TIMEOUT
from odoo.addons.test_fastapi.tests.stress_case import StressCase
from odoo.addons.test_fastapi.tests.websocket_case import WebSocketCase

#: How much longer than Odoo for one client an event may take to all clients.
FACTOR = 2


class PushCase(WebSocketCase, StressCase):
    kind = "threaded server"

    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first, "/bus", app="test_bus", websocket_max_caller_connections=0
        )
        self.numbers = iter(range(1_000_000))

    def clean_up(self):
        self.query("DELETE FROM bus_bus")
        return super().clean_up()

    def send(self, to):
        """Send the next number, and return it."""
        number = next(self.numbers)
        response = self.first.request("POST", f"/bus/push/{number}?to={to}")
        self.assertEqual(response.status, 200)
        return number

    def wait_for_all(self, clients):
        """Return when the last client has got something."""
        left = len(clients)
        # much cheaper than `poll`: on few cores, the clients slow the server down
        with select.epoll(left) as poll:
            for client in clients:
                poll.register(client.sock, select.EPOLLIN | select.EPOLLONESHOT)
            while left:
                ready = poll.poll(TIMEOUT)
                self.assertTrue(ready, f"{left} of {len(clients)} get nothing")
                left -= len(ready)
            return time.monotonic()

    def measure(self, to, clients, read):
        """Send a number; return the seconds from its commit to the last client.

        :param read: returns the numbers that a client has got
        """
        number = self.send(to)
        end = self.wait_for_all(clients)
        for client in clients:
            self.assertEqual(read(client), [number])
        return end - self.first.request("GET", f"/bus/push/{number}").json()

    def check(self):
        count, turns = self.size(full=200, short=50), self.size(full=30, short=5)
        clients = [self.open("/bus/push/numbers") for _client in range(count)]
        for client in clients:
            self.assertEqual(client.recv_json(), "listening")
        odoo = self.subscribe_to_odoo()
        ours, theirs = [], []
        for _turn in range(turns):
            ours.append(self.measure("apps", clients, lambda c: [c.recv_json()]))
            theirs.append(self.measure("odoo", [odoo], self.read_odoo))
        ours, theirs = (round(1000 * median(times)) for times in (ours, theirs))
        text = f"push to {count} clients {ours} ms, by Odoo to one {theirs} ms"
        failures = [text] if ours > FACTOR * theirs else []
        self.conclude(f"{text}, {self.kind}", turns * (count + 1), failures)

    def subscribe_to_odoo(self):
        """Return a client that gets notifications of Odoo's own WebSocket."""
        origin = f"http://127.0.0.1:{self.first.port}"
        client = self.open("/websocket", origin=origin)
        data = {"channels": ["push_numbers"], "last": 0}
        client.send(json.dumps({"event_name": "subscribe", "data": data}))
        # one that it gets says that it has subscribed
        number = self.send("odoo")
        while number not in self.read_odoo(client):
            pass
        return client

    def read_odoo(self, client):
        return [
            item["message"]["payload"]
            for item in client.recv_json()
            if item["message"]["type"] == "number"
        ]


@tagged("post_install", "-at_install")
class TestThreadedServer(PushCase):
    def test_push(self):
        self.check()


@tagged("post_install", "-at_install")
class TestEventedServer(PushCase):
    kind = "evented server"
    options = {"command": "gevent"}

    def test_push(self):
        self.check()
