# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests that wait for ever, for each other, or for a client that has left."""

import http.client
import socket
import time
import urllib.parse
import uuid

from .server_case import LOCK, ServerCase
from .servers import TIMEOUT, Background, OdooServer


class WaitCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")

    def get(self, path):
        return self.first.request("GET", f"/w/waits{path}").json()

    def ended(self):
        return self.get("/ended")

    def log(self):
        return "".join(list(self.first.log))

    def in_transaction(self):
        """Return the number of connections in a transaction, of all processes."""
        ((count,),) = self.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND application_name LIKE 'odoo-%%' "
            "AND state LIKE 'idle in transaction%%'",
            self.dbname,
        )
        return count

    def check_disconnect_ends_streams(self):
        for route in ("stream", "events"):
            for kind in ("event", "sleep", "write", "poll", "read"):
                with self.subTest(f"{route} {kind}"):
                    name = uuid.uuid4().hex
                    path = f"/w/waits/{route}?name={name}&kind={kind}"
                    with self.first.open("GET", path) as response:
                        self.assertTrue(response.read1())
                        # the stream is past its first chunk
                        self.wait_until(
                            lambda name=name: name in self.get("/started"), True
                        )
                    how = "polled" if kind == "poll" else "cancelled"
                    self.wait_until(
                        lambda name=name, how=how: f"{name} {how}" in self.ended(), True
                    )
                    self.wait_until(self.in_transaction, 0)
            if route == "stream":  # events are produced before the first byte
                self.assertEqual(self.names(), [])
        self.assertNotIn("A stream failed", self.log())
        self.assertNotIn("Traceback", self.log())

    def check_disconnected(self):
        name = uuid.uuid4().hex
        path = f"/w/waits/disconnected?name={name}"
        connection = http.client.HTTPConnection("127.0.0.1", self.first.port)
        connection.request("GET", path)
        connection.close()
        self.wait_until(lambda: name in self.ended(), True)

    def check_stream_sees_new_data(self):
        path = "/w/waits/stream?name=x&kind=read"
        with self.first.open("GET", path) as response:
            self.assertEqual(response.readline(), b"0\n")
            self.create_item(self.first, "/w")
            while (line := response.readline()) == b"0\n":
                pass
            self.assertEqual(line, b"1\n")


class TestThreadedServer(WaitCase):
    def test_disconnect_ends_streams(self):
        self.check_disconnect_ends_streams()

    def test_request_sees_the_disconnect(self):
        self.check_disconnected()

    def test_stream_sees_new_data_after_waiting(self):
        self.check_stream_sees_new_data()

    def test_client_that_sends_the_next_request_early(self):
        """The socket is readable, but the client has not disconnected."""
        name = uuid.uuid4().hex
        address = ("127.0.0.1", self.first.port)
        with socket.create_connection(address, TIMEOUT) as client:
            path = f"/w/waits/stream?name={name}&kind=sleep"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            self.assertIn(b"200 OK", client.recv(1000))
            client.sendall(b"ahead")
            self.assertEqual(self.get("/plain"), "plain")
            self.assertNotIn(f"{name} cancelled", self.ended())
        self.wait_until(lambda: f"{name} cancelled" in self.ended(), True)

    def test_sync_events(self):
        name = uuid.uuid4().hex
        path = f"/w/waits/events/sync?name={name}&seconds=0.01"
        response = self.first.request("GET", path)
        event = f'data: [0,"{self.dbname}"]\n\n'.encode()
        self.assertEqual(response.body, event * 2)
        self.assertIn(f"{name} closed", self.ended())
        self.wait_until(self.in_transaction, 0)

    def test_sync_events_invalidate_caches(self):
        """A cache cleared on the thread of the events is cleared in all processes."""
        sequence = "SELECT max(id) FROM orm_signaling_stable"
        before = self.query(sequence)
        query = urllib.parse.urlencode({"key": "test_fastapi.x", "value": uuid.uuid4()})
        path = f"/w/waits/events/parameter?{query}"
        response = self.first.request("GET", path)
        self.assertIn(b"after", response.body)
        self.addCleanup(
            self.query, "DELETE FROM ir_config_parameter WHERE key = 'test_fastapi.x'"
        )
        self.wait_until(lambda: self.query(sequence) > before, True)

    def test_unawaited_tasks_are_logged(self):
        self.first.log_again()
        self.assertEqual(self.get("/left/7"), 7)
        self.wait_until(lambda: "has ended without waiting" in self.log(), True)
        (line,) = [line for line in self.first.log if "without waiting" in line]
        self.assertIn(" WARNING ", line)
        self.assertIn("GET /waits/left/{number}", line)
        self.assertIn("work_of_task (", line)
        self.assertIn("call_later (", line)


class TestPreforkServer(WaitCase):
    options = {"workers": 3}

    def test_disconnect_ends_streams(self):
        # each worker has a separate list of ended streams
        for kind in ("event", "sleep", "write"):
            with self.subTest(kind):
                path = f"/w/waits/stream?name=x&kind={kind}"
                with (
                    self.first.open("GET", path) as first,
                    self.first.open("GET", path) as second,
                ):
                    self.assertEqual({first.read1(), second.read1()}, {b"0\n"})
                    self.assertEqual(self.get("/plain"), "plain")
                # all workers are free again
                calls = [
                    Background(self.get, "/sleep?seconds=0.2") for _call in range(3)
                ]
                self.assertEqual([call.result() for call in calls], [0.2] * 3)
                self.wait_until(self.in_transaction, 0)


class SharedCase(WaitCase):
    """Objects that two requests share across their loops."""

    def waiting(self, name, count):
        self.wait_until(lambda: self.get("/waiting")[name], count)

    def check_wake_ups(self):
        for name, post, result in (
            ("happened/once", "/happened/once", True),
            ("queue", "/queue?item=x", "x"),
            ("future", "/future?value=x", "x"),
        ):
            with self.subTest(name):
                call = Background(self.get, f"/{name}")
                self.waiting(name.partition("/")[0], 1)
                response = self.first.request("POST", f"/w/waits{post}")
                self.assertEqual(response.status, 200, self.log())
                self.assertEqual(call.result(), result)
        for name in ("lock", "semaphore"):
            with self.subTest(name):
                calls = [
                    Background(self.get, f"/{name}?seconds=0.3") for _call in range(2)
                ]
                self.assertEqual([call.result() for call in calls], [name] * 2)
        # one warning names the waiting function and the remedy
        lines = [line for line in self.first.log if "waits for another request" in line]
        self.assertEqual(sum("get_from_queue (" in line for line in lines), 1)
        self.assertIn("take those of threading and queue", lines[0])

    def check_third_request(self):
        """A third request can't wait on a third loop; it fails at once."""
        self.first.log_again()
        first = Background(self.get, "/happened/again")
        self.waiting("happened", 1)
        response = self.first.request("GET", "/w/waits/happened/again")
        self.assertEqual(response.status, 500)
        line = "wait_until_it_happened ("
        self.wait_until(lambda: line in self.log(), True)
        self.assertIn("take those of threading and queue", self.log())
        self.first.request("POST", "/w/waits/happened/again")
        self.assertIs(first.result(), True)


class TestSharedInThreadedServer(SharedCase):
    def test_wake_ups(self):
        self.check_wake_ups()

    def test_third_request(self):
        self.check_third_request()


class TestEventedServer(SharedCase):
    options = {"command": "gevent"}

    def test_disconnect_ends_streams(self):
        self.check_disconnect_ends_streams()

    def test_request_sees_the_disconnect(self):
        self.check_disconnected()

    def test_stream_sees_new_data_after_waiting(self):
        self.check_stream_sees_new_data()

    def test_wake_ups(self):
        self.check_wake_ups()

    def test_third_request(self):
        self.check_third_request()

    def test_own_server(self):
        for kind in ("", "/async"):
            for path in ("/w/waits/plain", "/w/waits/sleep?seconds=0.1"):
                with self.subTest(f"{kind} {path}"):
                    query = urllib.parse.urlencode(
                        {"port": self.first.port, "path": path}
                    )
                    response = self.first.request(
                        "GET", f"/w/waits/own-server{kind}?{query}"
                    )
                    self.assertEqual(response.status, 200, self.log())
                    self.assertIn(response.json(), ('"plain"', "0.1"))

    def test_waiting_request_does_not_block_others(self):
        for path in ("/sleep?seconds=15", "/stream?name=x&kind=sleep"):
            with self.subTest(path):
                with self.assertRaises(TimeoutError):
                    self.first.request("GET", f"/w/waits{path}", timeout=0.5)
                start = time.monotonic()
                self.assertEqual(self.get("/plain"), "plain")
                self.assertLess(time.monotonic() - start, 5)

    def test_loops_of_greenlets_are_not_mixed_up(self):
        calls = [
            Background(self.get, f"/generators?turns={turns}")
            for turns in (1, 10, 20, 30, 7, 9)
        ]
        self.assertEqual([call.result() for call in calls], [True] * 6)

    def test_sync_events(self):
        path = "/w/waits/events/sync?name=x&seconds=0.01"
        response = self.first.request("GET", path)
        self.assertEqual(response.body, f'data: [0,"{self.dbname}"]\n\n'.encode() * 2)


class TestStop(WaitCase):
    """A server stops although its requests wait for ever."""

    def stop(self, *arguments, **options):
        """Stop a server during requests; return their status codes."""
        server = OdooServer(self.dbname, **options)
        self.addCleanup(server.stop)
        calls = [
            Background(server.request, "GET", f"/w/waits/for-ever?lock={LOCK}{more}")
            for more in arguments
        ]
        self.wait_for_lock(len(arguments), granted=True)
        server.stop()
        self.assertFalse(server.killed, "".join(server.log))
        return [call.result().status for call in calls]

    def test_threaded_server(self):
        statuses = self.stop("", "&stubborn=true")
        self.assertEqual(statuses, [503, 503])

    def test_prefork_server(self):
        statuses = self.stop("", "&stubborn=true", workers=2)
        self.assertEqual(statuses, [503, 503])

    def test_evented_server(self):
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.stop("", command="gevent")

    def test_closed_connections(self):
        """The server closes its connections while requests end."""
        expected = {
            "teardown": 503,
            "query": 503,
            "return": 503,
            "flush": 503,
            "rollback": 503,
            "close": 200,
        }
        server = OdooServer(self.dbname)
        self.addCleanup(server.stop)
        path = f"/w/waits/until-closed?lock={LOCK}&moment={{0}}&name={{0}}"
        calls = {
            moment: Background(server.request, "GET", path.format(moment))
            for moment in expected
        }
        self.wait_until(self.names, ["close"])
        self.wait_for_lock(len(calls), granted=True)
        server.stop()
        log = "".join(server.log)
        self.assertFalse(server.killed, log)
        statuses = {moment: call.result().status for moment, call in calls.items()}
        self.assertEqual(statuses, expected, log)
        self.assertEqual(self.names(), ["close"])

    def test_streams(self):
        for options in ({}, {"workers": 1}):
            with self.subTest(options):
                server = OdooServer(self.dbname, **options)
                self.addCleanup(server.stop)
                path = "/w/waits/stream?name=x&kind=write"
                with server.open("GET", path) as response:
                    self.assertEqual(response.read1(), b"0\n")
                    self.wait_until(self.in_transaction, 1)
                    server.stop()
                self.assertFalse(server.killed, "".join(server.log))
                self.assertEqual(self.names(), [])
                self.assertNotIn("A stream failed", "".join(server.log))
