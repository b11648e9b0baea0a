# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How fast an event reaches many clients.

From the commit to the moment when the last client's system has got it. The system notes
this moment: a client that waits would need the processors that the server needs.
"""

import json
import socket
import struct
from statistics import median

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.stress_case import StressCase
from odoo.addons.test_fastapi.tests.websocket_case import WebSocketCase

#: Option of a socket on Linux: ``recvmsg`` also returns when the data has come, in
#: seconds and nanoseconds.
SO_TIMESTAMPNS = 35
#: How much longer than Odoo for one client an event may take to all clients.
#:
#: From another process it took 1.7 and 1.8 times as long (docs/stress.md), and 1.4 to
#: 2.1 under load: both wait for the NOTIFY, and ours then sends 200 times. So a limit
#: of 2 would fail without a fault. From the process itself, ours doesn't wait.
FACTORS = {"itself": 2, "another": 3}


class PushCase(WebSocketCase, StressCase):
    kind = "threaded server"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server()

    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first, "/bus", app="test_bus", websocket_max_caller_connections=0
        )
        self.numbers = iter(range(1_000_000))

    def clean_up(self):
        self.query("DELETE FROM bus_bus")
        return super().clean_up()

    def send(self, to, server):
        """Send the next number, and return it with the time of its commit."""
        number = next(self.numbers)
        response = server.request("POST", f"/bus/push/{number}?to={to}")
        self.assertEqual(response.status, 200)
        return number, server.request("GET", f"/bus/push/{number}").json()

    def wait_for_arrival(self, client):
        """Return when a client has got something (``time.time``)."""
        _data, stamps, _flags, _address = client.sock.recvmsg(1, 64, socket.MSG_PEEK)
        seconds, nanoseconds = struct.unpack("qq", stamps[0][2])
        return seconds + nanoseconds / 1e9

    def measure(self, to, server, clients, read):
        """Send a number; return the seconds from its commit to the last client.

        :param read: returns the numbers that a client has got
        """
        number, committed = self.send(to, server)
        last = max(map(self.wait_for_arrival, clients))
        for client in clients:
            self.assertEqual(read(client), [number])
        return last - committed

    def check(self):
        count = self.size(full=200, short=50)
        clients = [self.open("/bus/push/numbers") for _client in range(count)]
        for client in clients:
            self.assertEqual(client.recv_json(), "listening")
        odoo = self.subscribe_to_odoo()
        for client in (*clients, odoo):
            client.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        for server, sender in ((self.first, "itself"), (self.second, "another")):
            with self.subTest(sender):
                self.compare(clients, odoo, server, sender)

    def compare(self, clients, odoo, server, sender):
        turns = self.size(full=30, short=5)
        ours, theirs = [], []
        for _turn in range(turns):
            ours.append(
                self.measure("apps", server, clients, lambda c: [c.recv_json()])
            )
            theirs.append(self.measure("odoo", server, [odoo], self.read_odoo))
        ours, theirs = (round(1000 * median(times), 1) for times in (ours, theirs))
        count = len(clients)
        text = f"push to {count} clients {ours} ms, by Odoo to one {theirs} ms"
        failures = [text] if ours > FACTORS[sender] * theirs else []
        case = f"{text}, {self.kind}, from {sender}"
        self.conclude(case, turns * (count + 1), failures)

    def subscribe_to_odoo(self):
        """Return a client that gets notifications of Odoo's own WebSocket."""
        origin = f"http://127.0.0.1:{self.first.port}"
        client = self.open("/websocket", origin=origin)
        data = {"channels": ["push_numbers"], "last": 0}
        client.send(json.dumps({"event_name": "subscribe", "data": data}))
        # one that it gets says that it has subscribed
        number, _committed = self.send("odoo", self.first)
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
