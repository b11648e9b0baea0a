# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Events over HTTP, in each of Odoo's servers."""

import json
import logging
import socket
import time
from contextlib import ExitStack

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.servers import TIMEOUT, Background
from odoo.addons.test_fastapi.tests.test_stress_postgres import OwnPostgresCase
from odoo.addons.test_fastapi.tests.websocket_case import WebSocketCase

_logger = logging.getLogger(__name__)

#: Most seconds from the request of the sender to the last listener. Odoo's thread must
#: have seen the NOTIFY: by itself, the reader looks every 5 seconds.
IN_TIME = 2


class Stream:
    """A client of server-sent events."""

    def __init__(self, server, path, last_event_id=None, headers=()):
        address = ("127.0.0.1", server.port)
        self._socket = socket.create_connection(address, TIMEOUT)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if last_event_id is not None:
            head += f"Last-Event-ID: {last_event_id}\r\n"
        for name, value in dict(headers).items():
            head += f"{name}: {value}\r\n"
        self._socket.sendall(f"{head}\r\n".encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass  # headers

    def read_event(self):
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
        return [self.read_event()["data"] for _number in range(count)]

    def close(self):
        self._file.close()
        self._socket.close()


class BusServerCase(WebSocketCase):
    LISTENERS = 200
    NOTHING = {"readers": 0, "threads": 0, "listeners": 0}

    def setUp(self):
        super().setUp()
        limit = {"websocket_max_caller_connections": self.LISTENERS}
        self.create_endpoint(self.first, "/bus", app="test_bus", **limit)

    def clean_up(self):
        self.query("DELETE FROM bus_bus")
        self.query("DELETE FROM test_bus_record")
        return super().clean_up()

    def open_stream(self, order_id=7, last_event_id=None, query="", started=True):
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

    def check_latency(self, reads):
        """Send events, and wait until each listener has read them.

        :param reads: functions that return the payload of the next event
        """
        times = []
        for number in range(10):
            start = time.monotonic()
            self.assertEqual(self.send(number).status, 200)
            self.assertEqual({read() for read in reads}, {number})
            times.append(round(1000 * (time.monotonic() - start)))
            ((used,),) = self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
                "AND application_name = %s",
                self.dbname,
                f"odoo-{self.first.pid}",
            )
            self.assertLessEqual(used, self.options["db_maxconn"])
        _logger.info("%s: milliseconds to the last listener: %s", self.id(), times)
        self.assertLess(sorted(times)[len(times) // 2], 1000 * IN_TIME, times)

    def assertNoErrors(self):
        errors = [line for line in self.first.log if " ERROR " in line]
        self.assertEqual(errors, [])


class EventChecks:
    """What all servers do."""

    def test_events(self):
        stream = self.open_stream()
        self.assertEqual(self.send("failed", query="?fail=1").status, 409)
        self.send("other", order_id=8)
        for number in range(3):
            self.assertEqual(self.send({"number": number}).status, 200)
        first = stream.read_event()
        self.assertEqual((first["event"], first["data"]), ("changed", {"number": 0}))
        self.assertEqual(stream.payloads(2), [{"number": 1}, {"number": 2}])
        again = self.open_stream(last_event_id=first["id"])
        self.assertEqual(again.payloads(2), [{"number": 1}, {"number": 2}])

    def test_events_that_are_lost(self):
        self.send(1)
        self.assertEqual(
            self.open_stream(last_event_id="1").read_event()["event"],
            "fastapi_bus.events_lost",
        )

    def test_a_waiting_stream_has_no_connection(self):
        stream = self.open_stream()
        self.send(1)
        self.assertEqual(stream.payloads(1), [1])
        self.wait_until(self.connections, 0)
        stream.close()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()


class WebSocketChecks:
    """What servers with WebSockets do."""

    def test_websocket(self):
        client = self.open("/bus/events/7")
        late = self.open("/bus/late/7")
        self.assertEqual(late.recv(), "listening")
        for number in range(3):
            self.send(number)
        events = [client.recv_json() for _number in range(3)]
        self.assertEqual([payload for _id, _type, payload in events], [0, 1, 2])
        self.assertEqual([late.recv_json() for _number in range(3)], [0, 1, 2])
        again = self.open(f"/bus/events/7?last_event_id={events[0][0]}")
        self.assertEqual([again.recv_json()[2] for _number in range(2)], [1, 2])
        self.assertEqual(self.connections(), 0)
        again.close()
        late.shutdown()
        client.close()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()

    def test_records_by_websocket(self):
        client = self.open("/bus/records")
        self.assertEqual(client.recv_json(), [])
        record = self.first.request("POST", "/bus/records?name=x").json()
        self.assertEqual(client.recv_json(), [[record], []])
        self.wait_until(self.connections, 0)
        self.first.request("DELETE", f"/bus/records/{record}")
        self.assertEqual(client.recv_json(), [[], [record]])
        client.close()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()

    def test_chat(self):
        """A message of one connection reaches all in the room."""
        first = self.open("/bus/chat/7")
        second = self.open("/bus/chat/7")
        other = self.open("/bus/chat/8")
        self.wait_until(lambda: self.readers()["listeners"], 3)
        first.send(json.dumps({"text": "fail"}))
        self.assertEqual(first.recv_json()["error"]["status"], 409)
        second.send(json.dumps({"text": "hello"}))
        for client in (first, second):
            self.assertEqual(client.recv_json(), {"text": "hello"})
        other.send(json.dumps({"text": "psst"}))
        self.assertEqual(other.recv_json(), {"text": "psst"})
        second.send(json.dumps({"text": "bye"}))
        self.assertEqual(first.recv_json(), {"text": "bye"})
        for client in (first, second, other):
            client.shutdown()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()

    def test_slow_websocket(self):
        """It ends without an error, and the client may come again."""
        client = self.open("/bus/events/7?queue=5")
        large = "x" * 200_000
        for _number in range(60):
            self.assertEqual(self.send(large).status, 200)
        self.wait_until(self.readers, self.NOTHING)
        self.assertEqual(client.wait_for_close()[0], 1013)
        self.assertNoErrors()

    def test_many_websockets(self):
        clients = [self.open("/bus/events/7") for _number in range(self.LISTENERS)]
        self.assertEqual(self.readers()["listeners"], self.LISTENERS)
        self.check_latency([lambda c=c: c.recv_json()[2] for c in clients])
        for client in clients:
            client.shutdown()
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()


@tagged("post_install", "-at_install")
class TestThreadedServer(EventChecks, BusServerCase):
    def test_records_by_stream(self):
        stream = Stream(self.first, "/bus/records")
        self.addCleanup(stream.close)
        self.assertEqual(stream.payloads(1), [[]])
        self.wait_until(self.connections, 0)
        record = self.first.request("POST", "/bus/records?name=x").json()
        self.assertEqual(stream.payloads(1), [[[record], []]])
        self.wait_until(self.connections, 0)

    def test_concurrent_writers(self):
        """Each writer gets ids before others commit; none is lost, none doubled."""
        writers, each = 4, 10

        def write(writer):
            statuses = [self.send([writer, number]) for number in range(each)]
            return {response.status for response in statuses}

        stream = self.open_stream()
        calls = [Background(write, writer) for writer in range(writers)]
        self.assertEqual([call.result() for call in calls], [{200}] * writers)
        found = stream.payloads(writers * each)
        expected = [
            [writer, number] for writer in range(writers) for number in range(each)
        ]
        self.assertEqual(sorted(found), expected)
        for writer in range(writers):  # in the order of its commits
            self.assertEqual([n for w, n in found if w == writer], list(range(each)))

    def test_slow_listener(self):
        """The stream of a client that does not read ends, and is not an error."""
        stream = self.open_stream(query="?queue=5")
        large = "x" * 200_000
        for _number in range(60):
            self.assertEqual(self.send(large).status, 200)
        self.wait_until(self.readers, self.NOTHING)
        count = 0
        while stream.read_event() is not None:
            count += 1
        self.assertLess(count, 60)
        self.assertNoErrors()


@tagged("post_install", "-at_install")
class TestThreadedWebSockets(WebSocketChecks, BusServerCase):
    options = {"db_maxconn": 5}


@tagged("post_install", "-at_install")
class TestPreforkServer(EventChecks, BusServerCase):
    # each stream occupies a worker
    options = {"workers": 4}

    def test_a_waiting_stream_has_no_connection(self):
        stream = self.open_stream()
        self.send(1)
        self.assertEqual(stream.payloads(1), [1])
        self.wait_until(self.connections, 0)


@tagged("post_install", "-at_install")
class TestEventedServer(EventChecks, WebSocketChecks, BusServerCase):
    options = {"command": "gevent", "db_maxconn": 5}

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
            self.check_latency([lambda s=s: s.payloads(1)[0] for s in streams])
        self.wait_until(self.readers, self.NOTHING)
        self.assertNoErrors()


@tagged("post_install", "-at_install")
class TestRestart(OwnPostgresCase, BusServerCase):
    def test_restart(self):
        stream = self.open_stream()
        for number, mode in enumerate(("fast", "immediate")):
            self.send(number)
            self.assertEqual(stream.payloads(1), [number])
            self.postgres.restart(mode)
            type(self).connection = self.connect()
            self.wait_until(lambda: self.send("after").status, 200)
            self.assertEqual(stream.payloads(1), ["after"])
        stream.close()
        self.wait_until(self.readers, self.NOTHING)
