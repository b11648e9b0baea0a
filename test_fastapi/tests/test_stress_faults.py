# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests while something else breaks: none is half done."""

import contextlib
import http.client
import re
import socket
import struct
import threading
from collections import Counter
from functools import partial
from urllib.parse import quote

import psutil

from .fault_case import FaultCase
from .server_case import LOCK
from .servers import TIMEOUT, Background


class TestKilledConnections(FaultCase):
    """``pg_terminate_backend`` at each point where it can hit a request."""

    def expect_failure(self, name, response):
        headers = response.headers.get("Access-Control-Allow-Origin")
        self.expect(response.status, 500, f"{name}, status")
        self.expect(response.json(), {"detail": "Internal Server Error"}, name)
        self.expect(headers, "https://shop.example", f"{name}, CORS header")

    def test_killed_in_a_handler(self):
        turns = self.size(full=20, short=2)
        headers = {"Origin": "https://shop.example"}
        for turn in range(turns):
            for query in ("", "&swallow=true"):
                name = f"handler{query} {turn}"
                self.first.log_again()
                self.hold_lock()
                call = Background(
                    self.first.request,
                    "POST",
                    f"/f/faults/write?name=x&lock={LOCK}{query}",
                    None,
                    headers,
                )
                self.terminate_waiting()
                self.expect_failure(name, call.result())
                self.release_lock()
                self.expect(self.names(), [], name)
                self.expect_service(name)
                self.expect_errors(1, name)
        self.conclude("connection killed in a handler", 2 * turns, self.failures)

    def test_killed_between_handler_and_commit(self):
        turns = self.size(full=20, short=2)
        headers = {"Origin": "https://shop.example"}
        for turn in range(turns):
            for flush in ("false", "true"):
                name = f"commit {flush} {turn}"
                self.first.log_again()
                self.hold_lock()
                call = Background(
                    self.first.request,
                    "POST",
                    f"/f/faults/write/end?name=x&lock={LOCK}&flush={flush}",
                    None,
                    headers,
                )
                self.wait_for_lock(1)  # on another connection than the request's
                (pid,) = self.sessions("idle in transaction")
                self.terminate(pid)
                self.release_lock()
                self.expect_failure(name, call.result())
                self.expect(self.names(), [], name)
                self.expect_service(name)
                self.expect_errors(1, name)
        self.conclude("connection killed before the commit", 2 * turns, self.failures)

    def test_killed_in_a_stream(self):
        turns = self.size(full=10, short=1)
        kinds = ("", "/async", "/events")
        for turn in range(turns):
            for kind in kinds:
                name = f"stream{kind} {turn}"
                self.first.log_again()
                self.hold_lock()
                path = f"/f/stream{kind}?name={turn}&lock={LOCK}"
                with self.first.open("GET", path) as response:
                    first = response.read1()
                    self.terminate_waiting()
                    with contextlib.suppress(http.client.IncompleteRead):
                        rest = response.read()
                        self.failures.append(f"{name}: ended as if whole, {rest}")
                self.expect(f"{turn} 0".encode() in first, True, name)
                self.release_lock()
                # the first chunk is produced before the commit
                committed = {f"{turn} 0"} | (
                    {f"{turn} by the handler"} if not kind.endswith("events") else set()
                )
                self.expect(set(self.names()), committed, name)
                self.expect_service(name)
                self.expect_errors(1, name)
                self.expect("A stream failed" in self.errors()[0], True, name)
                self.query("DELETE FROM test_fastapi_item")
        self.conclude(
            "connection killed in a stream", turns * len(kinds), self.failures
        )

    def test_killed_in_a_background_task(self):
        turns = self.size(full=20, short=2)
        for turn in range(turns):
            name = f"task {turn}"
            self.first.log_again()
            self.hold_lock()
            response = self.first.request("POST", f"/f/tasks?name={turn}&lock={LOCK}")
            self.expect(response.status, 200, name)
            self.terminate_waiting()
            self.release_lock()
            # the next task fails on purpose, the last one succeeds
            self.wait_until(
                lambda turn=turn: f"{turn} by an async task" in self.names(), True
            )
            self.expect(
                sorted(self.names()),
                sorted(
                    f"{turn} by {who}"
                    for who in ("the handler", "a dependency", "an async task")
                ),
                name,
            )
            self.expect_service(name)
            self.expect_errors(2, name)
            self.query("DELETE FROM test_fastapi_item")
        self.conclude("connection killed in a task", turns, self.failures)

    def test_killed_while_idle(self):
        turns = self.size(full=20, short=2)
        for turn in range(turns):
            self.expect_service(f"idle {turn}")
            for pid in self.sessions("idle"):
                self.terminate(pid)
            self.expect_service(f"idle {turn}")
            self.expect(self.errors(), [], "errors in the log")
        self.conclude("connections of the pool killed", turns, self.failures)

    def test_broken_stream_leaves_nothing_in_a_cache(self):
        """Odoo discards cached values of a transaction that is rolled back."""
        turns = self.size(full=20, short=2)
        for turn in range(turns):
            for query in ("", "&fail=true"):
                name = f"{turn}{query}"
                path = f"/f/faults/stream/parameter?value={turn}{query}"
                with self.first.open("GET", path) as response:
                    # the first chunk is produced before the commit, the second after it
                    found = response.read(9)
                self.expect(found, f"{turn:2} 0\n{turn:2} 1".encode(), name)
                self.wait_until(self.busy, [])
                response = self.first.request("GET", "/f/faults/parameter")
                self.expect(response.json(), f"{turn:2} 0", name)
        self.conclude("broken stream in a cache", 2 * turns, self.failures)


class TestResets(FaultCase):
    """Clients that reset the connection.

    Before the end of a response, werkzeug reads the rest of the request and meets the
    reset.
    """

    def call_and_reset(self, path, until=None):
        """Send a request, read the start of its response and reset the connection.

        :param until: called before the reset
        """
        address = "127.0.0.1", self.first.port
        with socket.create_connection(address, TIMEOUT) as peer:
            peer.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            # HTTP/1.0: the server writes nothing more after the last chunk
            head = f"POST {path} HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            peer.sendall(head.encode())
            self.assertRegex(peer.recv(12), rb"HTTP/1.. 20[04]")
            if until:
                until()

    def test_tasks_of_a_response(self):
        turns = self.size(full=200, short=20)
        names = []
        for turn in range(turns):
            for kind in ("task", "task/empty"):
                names.append(f"{turn} {kind}")
                name = quote(names[-1])
                self.call_and_reset(f"/f/faults/{kind}?name={name}")
        self.wait_until(lambda: sorted(set(names) - set(self.names())), [])
        self.expect(sorted(self.names()), sorted(names), "tasks")
        self.expect_service("reset")
        self.conclude("reset while a task is left to do", len(names), self.failures)

    def test_stream(self):
        turns = self.size(full=50, short=5)
        for turn in range(turns):
            for fail in (False, True):
                name = f"{turn} {fail}"
                self.hold_lock()
                self.call_and_reset(
                    f"/f/faults/task/stream?name={turn}&lock={LOCK}&fail={fail}",
                    partial(self.wait_for_lock, 1),
                )
                self.release_lock()
                if not fail:  # the stream runs to its end without a client
                    self.wait_until(self.names, [str(turn)])
                self.wait_until(self.busy, [])
                self.expect(self.names(), [] if fail else [str(turn)], name)
                self.expect_service(name)
                self.query("DELETE FROM test_fastapi_item")
        self.conclude("reset while a stream goes on", 2 * turns, self.failures)


class TestBrokenApp(FaultCase):
    """An app that can't be built, while requests call other apps of the server."""

    def break_app(self, how):
        vals = {"description": how}
        self.first.rpc("fastapi.endpoint", "write", [self.broken_id], vals)

    def test_other_apps_continue_and_the_broken_app_recovers(self):
        turns = self.size(full=50, short=5)
        self.broken_id = self.create_endpoint(
            self.first, "/breakable", app="test_breakable"
        )
        over = threading.Event()

        def call(path):
            responses = Counter()
            while not over.is_set():
                responses[self.first.request("GET", path).status] += 1
            return responses

        paths = ["/f/identity", "/breakable/identity"] * 2
        calls = [Background(call, path) for path in paths]
        self.addCleanup(over.set)
        for turn in range(turns):
            self.break_app(("hook", "lifespan")[turn % 2])
            response = self.first.request("GET", "/breakable/identity")
            self.expect(response.status, 503, f"broken {turn}")
            self.break_app("fixed")
            response = self.first.request("GET", "/breakable/identity")
            self.expect(response.status, 200, f"fixed {turn}")
        over.set()
        tried = 0
        for path, responses in zip(paths, calls, strict=True):
            responses = responses.result()
            tried += sum(responses.values())
            allowed = {200} if path.startswith("/f") else {200, 503}
            self.expect(set(responses) - allowed, set(), f"{path}, other responses")
        lines = {line.split(": ", 1)[1] for line in self.errors()}
        self.expect(
            {re.sub("'.*'", "", line).strip() for line in lines},
            {
                "GET /breakable/identity (endpoint Test at /breakable): "
                "AppBuildError: The app of the endpoint  at /breakable fails."
            },
            "errors in the log",
        )
        self.conclude("app that can't be built", tried, self.failures)


class TestKilledWorker(FaultCase):
    options = {"workers": 2}

    def busy_workers(self):
        """Return the worker processes with a connected client."""
        workers = []
        for worker in psutil.Process(self.first.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                workers += {
                    worker
                    for connection in worker.net_connections("tcp")
                    if connection.status == psutil.CONN_ESTABLISHED
                    and connection.laddr.port == self.first.port
                }
        return workers

    def test_killed_during_a_request(self):
        turns = self.size(full=10, short=1)
        for turn in range(turns):
            name = f"worker {turn}"
            self.hold_lock()
            call = Background(
                self.first.request, "POST", f"/f/faults/write?name={turn}&lock={LOCK}"
            )
            self.wait_for_lock(1)
            (worker,) = self.busy_workers()
            worker.kill()
            with contextlib.suppress(ConnectionError):
                response = call.result()
                self.failures.append(f"{name}: responded with {response.status}")
            # the other worker serves; the killed worker's transaction still waits
            self.expect_service(name, in_use=1)
            self.release_lock()
            self.wait_for_lock(0)
            self.expect(self.names(), [], name)
        self.conclude("worker killed in a request", turns, self.failures)
