# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Events over HTTP, in each of Odoo's servers."""

import json
import socket
import time
from contextlib import ExitStack

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.server_case import ServerCase
from odoo.addons.test_fastapi.tests.servers import TIMEOUT, Background
from odoo.addons.test_fastapi.tests.test_stress_postgres import OwnPostgresCase

#: Most seconds from the request of the sender to the last listener. Odoo's thread must
#: have seen the NOTIFY: by itself, the reader looks every 5 seconds.
IN_TIME = 2


class Stream:
    """A client of server-sent events."""

    def __init__(self, server, path, last_event_id=None):
        address = ("127.0.0.1", server.port)
        self._socket = socket.create_connection(address, TIMEOUT)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if last_event_id is not None:
            head += f"Last-Event-ID: {last_event_id}\r\n"
        self._socket.sendall(f"{head}\r\n".encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])

    def read(self):
        """Return the next event as a dictionary, None at the end."""
        fields = {}
        while line := self._file.readline():
            name, colon, value = line.decode().strip().partition(": ")
            if colon and name:
                fields[name] = value
            elif fields and not name:
                return {**fields, "data": json.loads(fields.get("data", "null"))}
        return None

    def wait_for_start(self):
        while line := self._file.readline():
            if line.strip() == b": listening":
                return
        raise EOFError("The stream has ended.")

    def payloads(self, count):
        return [self.read()["data"] for _number in range(count)]

    def close(self):
        self._file.close()
        self._socket.close()


class BusServerCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/bus", app="test_bus")

    def clean_up(self):
        self.query("DELETE FROM bus_bus")
        self.query("DELETE FROM test_bus_record")
        return super().clean_up()

    def open(self, order_id=7, last_event_id=None, query="", started=True):
        path = f"/bus/events/{order_id}{query}"
        stream = Stream(self.first, path, last_event_id)
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, 200)
        if started:
            stream.wait_for_start()
        return stream

    def send(self, payload, order_id=7, query=""):
        body = json.dumps(payload)
        headers = {"Content-Type": "application/json"}
        path = f"/bus/events/{order_id}{query}"
        return self.first.request("POST", path, body, headers)

    def readers(self):
        return self.first.request("GET", "/bus/readers").json()

    NOTHING = {"readers": 0, "threads": 0, "listeners": 0}

    def log(self):
        return "".join(self.first.log)


class EventChecks:
    """What all servers do."""

    def test_events(self):
        stream = self.open()
        self.assertEqual(self.send("failed", query="?fail=1").status, 409)
        self.send("other", order_id=8)
        for number in range(3):
            self.assertEqual(self.send({"number": number}).status, 200)
        first = stream.read()
        self.assertEqual((first["event"], first["data"]), ("changed", {"number": 0}))
        self.assertEqual(stream.payloads(2), [{"number": 1}, {"number": 2}])
        again = self.open(last_event_id=first["id"])
        self.assertEqual(again.payloads(2), [{"number": 1}, {"number": 2}])

    def test_events_that_are_lost(self):
        self.send(1)
        self.assertEqual(
            self.open(last_event_id="1").read()["event"], "fastapi_bus.events_lost"
        )

    def test_a_waiting_stream_has_no_connection(self):
        stream = self.open()
        self.send(1)
        self.assertEqual(stream.payloads(1), [1])
        self.wait_until(self.connections, 0)
        stream.close()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNotIn("ERROR", self.log())


@tagged("post_install", "-at_install")
class TestThreadedServer(EventChecks, BusServerCase):
    def test_concurrent_writers(self):
        """Each writer gets ids before others commit; none is lost, none doubled."""
        writers, each = 4, 10

        def write(writer):
            statuses = [self.send([writer, number]) for number in range(each)]
            return {response.status for response in statuses}

        stream = self.open()
        calls = [Background(write, writer) for writer in range(writers)]
        found = stream.payloads(writers * each)
        self.assertEqual([call.result() for call in calls], [{200}] * writers)
        expected = [
            [writer, number] for writer in range(writers) for number in range(each)
        ]
        self.assertEqual(sorted(found), expected)
        for writer in range(writers):  # in the order of its commits
            self.assertEqual([n for w, n in found if w == writer], list(range(each)))

    def test_slow_listener(self):
        """The stream of a client that does not read ends, and is not an error."""
        stream = self.open(query="?queue=5")
        large = "x" * 200_000
        for _number in range(60):
            self.assertEqual(self.send(large).status, 200)
        self.wait_until(self.readers, self.NOTHING)
        count = 0
        while stream.read() is not None:
            count += 1
        self.assertLess(count, 60)
        self.assertNotIn("ERROR", self.log())


@tagged("post_install", "-at_install")
class TestPreforkServer(EventChecks, BusServerCase):
    # each stream occupies a worker
    options = {"workers": 4}

    def test_a_waiting_stream_has_no_connection(self):
        stream = self.open()
        self.send(1)
        self.assertEqual(stream.payloads(1), [1])
        self.wait_until(self.connections, 0)


@tagged("post_install", "-at_install")
class TestEventedServer(EventChecks, BusServerCase):
    options = {"command": "gevent", "db_maxconn": 5}
    LISTENERS = 200

    def test_many_listeners(self):
        with ExitStack() as stack:
            streams = [
                Stream(self.first, "/bus/events/7") for _number in range(self.LISTENERS)
            ]
            for stream in streams:
                stack.callback(stream.close)
            for stream in streams:
                stream.wait_for_start()
            found = self.readers()
            self.assertEqual(found["listeners"], self.LISTENERS)
            self.assertEqual(found["threads"], 1)
            times = []
            for number in range(10):
                start = time.monotonic()
                self.assertEqual(self.send(number).status, 200)
                for stream in streams:
                    self.assertEqual(stream.payloads(1), [number])
                times.append(time.monotonic() - start)
                ((used,),) = self.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
                    "AND application_name = %s",
                    self.dbname,
                    f"odoo-{self.first.pid}",
                )
                self.assertLessEqual(used, self.options["db_maxconn"])
            self.assertLess(sorted(times)[len(times) // 2], IN_TIME, times)
        self.wait_until(self.readers, self.NOTHING)
        self.assertNotIn("PoolError", self.log())
        self.assertNotIn("ERROR", self.log())


@tagged("post_install", "-at_install")
class TestRestart(OwnPostgresCase, BusServerCase):
    def test_restart(self):
        stream = self.open()
        for number, mode in enumerate(("fast", "immediate")):
            self.send(number)
            self.assertEqual(stream.payloads(1), [number])
            self.postgres.restart(mode)
            type(self).connection = self.connect()
            self.wait_until(lambda: self.send("after").status, 200)
            self.assertEqual(stream.payloads(1), ["after"])
        stream.close()
        self.wait_until(self.readers, self.NOTHING)
