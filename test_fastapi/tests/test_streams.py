# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gzip
import hashlib
import http.client
import socket
from pathlib import Path

from ..routers import streams
from .server_case import LOCK, ServerCase
from .servers import Background

MEGABYTE = 1024 * 1024


class StreamCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/s")

    def hold_lock(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")

    def release_lock(self):
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

    def log(self):
        return list(self.first.log)

    def closed(self):
        return self.first.request("GET", "/s/stream/closed").json()


class TestStreams(StreamCase):
    def test_chunks_arrive_as_they_are_made(self):
        for kind, first in (
            ("", b"x 0\n"),
            ("/async", b"x 0\n"),
            ("/events", b'data: {"item":"x 0"}\n\n'),
        ):
            with self.subTest(kind):
                self.hold_lock()
                path = f"/s/stream{kind}?name=x&lock={LOCK}"
                with self.first.open("GET", path) as response:
                    self.assertEqual(response.status, 200)
                    self.assertIsNone(response.getheader("Content-Length"))
                    # the generator waits for the lock: this was sent at once
                    self.assertEqual(response.read1(), first)
                    if not kind.endswith("events"):
                        # the handler is committed, the generator not yet
                        self.assertIn("x by the handler", self.names())
                    self.assertNotIn("x 1", self.names())
                    self.release_lock()
                    rest = response.read()
                self.assertIn(b"x 2", rest)
                self.wait_until(lambda: "x 2" in self.names(), True)
                self.query("DELETE FROM test_fastapi_item")

    def test_request_is_available_in_a_stream(self):
        with self.first.open("GET", "/s/stream/request") as response:
            lines = response.read().decode().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual({*lines}, {"test_fastapi_runner"})

    def test_failing_generator_is_rolled_back_and_cut_off(self):
        self.first.log.clear()
        path = "/s/stream?name=x&fail=true"
        with self.first.open("GET", path) as response:
            with self.assertRaises(http.client.IncompleteRead):
                response.read()
        self.wait_until(self.connections, 0)
        # handler and first chunk are committed before the first byte is sent
        self.assertCountEqual(self.names(), ["x by the handler", "x 0"])
        self.wait_until(
            lambda: sum("A stream failed" in line for line in self.log()), 1
        )

    def test_disconnect_closes_the_generator(self):
        for kind in ("", "/async", "/events"):
            with self.subTest(kind):
                name = f"gone{len(kind)}"
                self.hold_lock()
                path = f"/s/stream{kind}?name={name}&count=1000000&lock={LOCK}"
                with self.first.open("GET", path) as response:
                    response.read1()
                self.release_lock()
                self.wait_until(lambda name=name: name in self.closed(), True)
                self.wait_until(self.connections, 0)
                self.assertNotIn(f"{name} 1", self.names())

    def test_large_stream_takes_no_memory(self):
        self.first.request("GET", f"/s/stream/bytes?size={MEGABYTE}")
        before = self.first.memory()
        size = 200 * MEGABYTE
        digest = hashlib.sha256()
        with self.first.open("GET", f"/s/stream/bytes?size={size}") as response:
            received = 0
            while chunk := response.read(MEGABYTE):
                received += len(chunk)
                digest.update(chunk)
                growth = self.first.memory() - before
        self.assertEqual(received, size)
        expected = hashlib.sha256(bytes(range(256)) * (size // 256))
        self.assertEqual(digest.digest(), expected.digest())
        self.assertLess(growth, 20 * MEGABYTE)

    def test_large_upload_takes_no_memory(self):
        boundary = "boundary"
        head = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        def upload(size):
            def chunks():
                yield head
                for _number in range(size // MEGABYTE):
                    yield b"x" * MEGABYTE
                yield tail

            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(head) + size + len(tail)),
            }
            return self.first.request("POST", "/s/upload", chunks(), headers).json()

        upload(MEGABYTE)
        before = self.first.memory()
        self.assertEqual(upload(100 * MEGABYTE), 100 * MEGABYTE)
        self.assertLess(self.first.memory() - before, 20 * MEGABYTE)

    def test_file(self):
        content = Path(streams.__file__).read_bytes()
        response = self.first.request("GET", "/s/file")
        self.assertEqual(response.body, content)
        response = self.first.request(
            "GET", "/s/file", headers={"Range": "bytes=10-19"}
        )
        self.assertEqual(response.status, 206)
        self.assertEqual(response.body, content[10:20])
        etag = response.headers["ETag"]
        self.assertTrue(etag)

    def test_stream_with_middleware(self):
        self.create_endpoint(self.first, "/m", app="test_middleware")
        self.hold_lock()
        path = f"/m/stream?name=x&lock={LOCK}"
        with self.first.open("GET", path) as response:
            self.assertEqual(response.read1(), b"x 0\n")
            self.release_lock()
            self.assertEqual(response.read(), b"x 1\nx 2\n")

    def test_response_with_middleware_is_in_one_piece(self):
        self.create_endpoint(self.first, "/m", app="test_middleware")
        response = self.first.request("GET", "/m/large?size=100000")
        self.assertEqual(response.headers["Content-Length"], str(len(response.body)))
        self.assertEqual(len(response.body), 100_011)
        response = self.first.request(
            "GET", "/m/large?size=100000", headers={"Accept-Encoding": "gzip"}
        )
        self.assertEqual(response.headers["Content-Encoding"], "gzip")
        self.assertEqual(len(gzip.decompress(response.body)), 100_011)
        # an error rolls back with such middleware too
        response = self.first.request("POST", "/m/items?name=x&error=http")
        self.assertEqual(response.status, 409)
        self.assertEqual(self.names(), [])

    def test_head_of_a_stream(self):
        with self.first.open("HEAD", "/s/stream?name=x") as response:
            self.assertEqual(response.status, 405)  # FastAPI: method not allowed
            response.read()

    def test_plain_response_holds_no_connection(self):
        """A slow client occupies no connection to the database."""
        with socket.create_connection(("127.0.0.1", self.first.port), 30) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(
                b"GET /s/large?size=50000000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            )
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))
            # the server has megabytes left to send
            self.wait_until(self.connections, 0)


class TestTasks(StreamCase):
    def test_tasks_run_after_response_and_commit(self):
        self.hold_lock()
        self.first.log.clear()
        response = self.first.request("POST", f"/s/tasks?name=x&lock={LOCK}")
        self.assertEqual(response.status, 200)  # while the second task waits
        self.wait_for_lock(1)
        self.assertCountEqual(self.names(), ["x by the handler", "x by a dependency"])
        self.release_lock()
        self.wait_until(self.connections, 0)
        self.wait_until(
            lambda: sorted(self.names()),
            [
                "x by a dependency",
                "x by a task",
                "x by an async task",
                "x by the handler",
            ],
        )
        self.wait_until(
            lambda: sum("Background task task failed" in line for line in self.log()),
            1,
        )
        self.assertTrue(any("the task failed" in line for line in self.log()))

    def test_no_task_after_a_rollback(self):
        response = self.first.request("POST", "/s/tasks?name=x&error=true")
        self.assertEqual(response.status, 409)
        self.wait_until(self.connections, 0)
        self.assertEqual(self.names(), [])

    def test_task_of_a_response(self):
        response = self.first.request("POST", "/s/tasks/response?name=x")
        self.assertEqual((response.status, response.json()), (202, "accepted"))
        self.wait_until(self.names, ["x by a task"])

    def test_task_of_a_stream(self):
        response = self.first.request("GET", "/s/tasks/stream?name=x")
        self.assertEqual(response.body, b"x 0\nx 1\n")
        self.wait_until(lambda: sorted(self.names()), ["x 0", "x 1", "x by a task"])

    def test_task_is_repeated_after_a_conflict(self):
        self.hold_lock()
        item_id = self.create_item(self.first, "/s")
        response = self.first.request(
            "POST", f"/s/tasks/increment/{item_id}?lock={LOCK}"
        )
        self.assertEqual(response.status, 200)
        self.wait_for_lock(1)
        self.query("UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id)
        self.release_lock()
        self.wait_until(lambda: self.quantity(item_id), 11)

    def test_connections_and_threads_after_many_requests(self):
        path = "/s/tasks?name=x"

        def threads():
            return self.first.request("GET", "/s/process").json()["threads"]

        before = threads()
        for _round in range(5):
            calls = [
                Background(self.first.request, "GET", f"/s/stream?name={number}")
                for number in range(10)
            ]
            calls += [
                Background(self.first.request, "POST", f"{path}{number}")
                for number in range(10)
            ]
            for call in calls:
                self.assertIn(call.result().status, (200, 400))
            self.wait_until(self.connections, 0)
            self.query("DELETE FROM test_fastapi_item")
        # a thread of the previous request may still have been alive
        self.wait_until(lambda: threads() <= before, True)
