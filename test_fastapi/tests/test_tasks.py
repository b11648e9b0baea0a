# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Context, uploads, errors and connections of background tasks."""

import os
import signal
import socket
import uuid
from contextlib import ExitStack

from .server_case import LOCK, ServerCase
from .servers import TIMEOUT, Background

#: Part of the log line about waiting for a connection.
WAITING = "No connection to the database, waiting"
BOUNDARY = "boundary"
#: Bytes of an upload in a temporary file: Starlette keeps up to 1 MiB in memory.
ON_DISK = 3 * 1024 * 1024


def make_form(name, size):
    """Return body and headers of a form with a file."""
    body = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        f"{'x' * size}\r\n--{BOUNDARY}--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return body.encode(), headers


#: Bytes of a response that does not fit into the buffers between server and client.
SIZE = 20 * 1024 * 1024


class TaskCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/t")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        self.first.log.clear()

    def post(self, path, *args):
        return self.first.request("POST", f"/t/late{path}", *args)

    def lines(self, *parts):
        """Return the log lines that contain all parts."""
        return [
            line for line in list(self.first.log) if all(part in line for part in parts)
        ]

    def sizes(self):
        rows = self.query("SELECT name, quantity FROM test_fastapi_item ORDER BY name")
        return dict(rows)


class TestContextOfTasks(TaskCase):
    def setUp(self):
        super().setUp()
        self.wait_until(self.closed, [])  # uploads of the previous test are closed

    def test_context_variables(self):
        for kind in ("", "/async", "/stream"):
            with self.subTest(kind):
                found = []
                response = self.post(f"/context{kind}?place=x")
                self.assertEqual(response.status, 200)
                expected = [
                    [place, " dependency handler", False] for place in ("x", "x, async")
                ]
                self.wait_until(lambda found=found: self.find_more(found), expected)

    def find_more(self, found):
        found += self.first.request("GET", "/t/late/found").json()
        return found

    def test_uploads(self):
        for name, size in (("small", 10), ("large", ON_DISK)):
            with self.subTest(name):
                response = self.post("/upload", *make_form(name, size))
                self.assertEqual(response.status, 200)
                expected = {name: size, f"{name} async": size}
                self.wait_until(self.sizes, expected)
                self.wait_until(self.closed, [True, True])
                self.query("DELETE FROM test_fastapi_item")
        self.assertEqual(self.lines("ERROR"), [])

    def test_uploads_of_tasks_that_do_not_run(self):
        for name, size in (("small", 10), ("large", ON_DISK)):
            with self.subTest(name):
                response = self.post("/upload?fail=true", *make_form(name, size))
                self.assertEqual(response.status, 409)
                self.wait_until(self.closed, [True])
        self.assertEqual(self.sizes(), {})

    def test_upload_after_a_conflict(self):
        self.query("INSERT INTO test_fastapi_item (name, quantity) VALUES ('x', 1)")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        response = self.post(f"/upload?lock={LOCK}", *make_form("x", 10))
        self.assertEqual(response.status, 200)
        self.wait_for_lock(1)  # the task has read the item and the file
        self.query("UPDATE test_fastapi_item SET quantity = 100")
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)
        self.wait_until(self.sizes, {"x": 110})

    def closed(self):
        return self.first.request("GET", "/t/late/upload/closed").json()


class TestTasksThatRaise(TaskCase):
    def test_base_exceptions_do_not_stop_other_tasks(self):
        for kind in (
            "SystemExit",
            "KeyboardInterrupt",
            "GeneratorExit",
            "Alarm",
            "AlarmGroup",
        ):
            with self.subTest(kind):
                response = self.post(f"/raise?name=x&kind={kind}")
                self.assertEqual(response.status, 200)
                self.wait_until(
                    lambda: sorted(self.names()),
                    ["x first", "x last"],
                )
                self.query("DELETE FROM test_fastapi_item")
                self.wait_until(
                    lambda: len(self.lines("failed, and is rolled back")), 2
                )
                (line,) = self.lines("raise_in_task failed")
                self.assertIn("POST /t/late/raise", line)
                call = f"raise_in_task(Environment, str[{len(kind)}], str[6])"
                self.assertEqual(len(self.lines(f"called as {call}.")), 1)
                self.first.log.clear()
        self.wait_until(self.connections, 0)


class TestEventedTasksThatRaise(TestTasksThatRaise):
    options = {"command": "gevent"}


class TestFullPool(TaskCase):
    """A pool of three connections."""

    options = {"db_maxconn": 3}

    def occupy_pool(self):
        """Wait until all connections are free, and occupy them.

        :return: a function that releases them
        """
        path = "/t/load/connections"
        self.wait_until(lambda: self.first.request("GET", path).body, b"1")
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        path = f"/t/load/hold?lock={LOCK}"
        calls = [Background(self.first.request, "GET", path) for _number in range(3)]
        self.wait_for_lock(3)

        def release():
            self.query("SELECT pg_advisory_unlock_all()")
            self.assertEqual([call.result().status for call in calls], [200] * 3)

        return release

    def respond_slowly(self, name):
        """Get a response whose task does not run before the context ends.

        Meanwhile, neither the request nor the task has a connection.
        """
        return self.first.open_slowly("POST", f"/t/late/task?name={name}&size={SIZE}")

    def wait_until_tasks_wait(self, count):
        self.wait_until(lambda: len(self.lines(WAITING)), count)

    def test_tasks_wait_for_a_connection(self):
        names = ["a", "b", "c"]
        with ExitStack() as stack:
            for name in names:
                self.assertEqual(stack.enter_context(self.respond_slowly(name)), 200)
            self.wait_until(self.connections, 0)
            release = self.occupy_pool()
        self.wait_until_tasks_wait(3)
        self.assertEqual(self.names(), [])
        release()
        self.wait_until(lambda: sorted(self.names()), names)
        self.wait_until(self.connections, 0)
        self.assertEqual(self.lines("Background task"), [])

    def test_streams_whose_clients_send_more(self):
        """The server reads that before it closes a stream, which is complete."""
        with ExitStack() as stack:
            for _number in range(3):
                key = f"test_fastapi.{uuid.uuid4().hex}"
                self.addCleanup(
                    self.first.rpc, "ir.config_parameter", "set_param", key, False
                )
                address = ("127.0.0.1", self.first.port)
                client = stack.enter_context(socket.create_connection(address, TIMEOUT))
                head = f"GET /t/stream/parameter?key={key}&value=after HTTP/1.0"
                client.sendall(f"{head}\r\nHost: 127.0.0.1\r\n\r\n!".encode())
                response = stack.enter_context(client.makefile("rb"))
                self.assertIn(b"after\n", iter(response.readline, b""))
            self.occupy_pool()()

    def test_tasks_that_wait_when_the_server_stops(self):
        with self.respond_slowly("a"):
            self.wait_until(self.connections, 0)
            release = self.occupy_pool()
        self.wait_until_tasks_wait(1)
        os.kill(self.first.pid, signal.SIGTERM)
        lost = "create did not run: there is no connection", "POST /t/late/task"
        self.wait_until(lambda: len(self.lines(*lost)), 1)
        release()
        self.first.stop()
        type(self).first = self.start_server(**self.options)
