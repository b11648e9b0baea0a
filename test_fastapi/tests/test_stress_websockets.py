# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Many WebSockets, broken ones, and clients that vanish."""

import json
import resource
import struct
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from statistics import median

import psutil
from websocket import ABNF

from .fault_case import FaultCase
from .server_case import LOCK
from .servers import TIMEOUT, Background, OdooServer
from .websocket_case import WebSocketCase

KIB = 1024
#: Most memory of an idle connection, in bytes.
IDLE_MEMORY = 70 * KIB
#: Most memory that unread messages of a client may take, in bytes.
UNREAD_MEMORY = 4 * KIB * KIB

#: A client of its own process: opens WebSockets, and waits to be killed.
CLIENT = """
import signal, sys, websocket
clients = []
for url in sys.argv[1:]:
    clients.append(websocket.create_connection(url, timeout=30))
    clients[-1].send("1")
clients[-1].send_frame(websocket.ABNF.create_frame("half a message", 1, 0))
print("open", flush=True)
signal.pause()
"""

#: What a client may send after the handshake, and the close codes that it may get.
#: The key of each mask is zero, so it changes nothing.
BROKEN = {
    "no mask": (b"\x81\x01x", {1002}),
    "reserved bit": (b"\xf1\x81\0\0\0\0x", {1002}),
    "compressed without having asked for it": (b"\xc1\x81\0\0\0\0x", {1002}),
    "unknown opcode": (b"\x83\x80\0\0\0\0", {1002}),
    "unknown control frame": (b"\x8b\x80\0\0\0\0", {1002}),
    "long control frame": (b"\x89\xfe\0\x7e\0\0\0\0" + b"x" * 126, {1002}),
    "control frame in parts": (b"\x09\x80\0\0\0\0", {1002}),
    "continuation of nothing": (b"\x80\x81\0\0\0\0x", {1002}),
    "message within a message": (b"\x01\x81\0\0\0\0x\x81\x81\0\0\0\0y", {1002}),
    "not UTF-8": (b"\x81\x81\0\0\0\0\xff", {1007}),
    "cut off character": (b"\x81\x81\0\0\0\0\xc3", {1007}),
    "length of 2**63": (b"\x81\xff\x80" + b"\0" * 7 + b"\0\0\0\0", {1002, 1009}),
    "too much of 1 GiB": (
        b"\x82\xff" + struct.pack("!Q", 2**30) + b"\0" * (KIB * KIB + 5),
        {1009},
    ),
    "close code 1005": (b"\x88\x82\0\0\0\0\x03\xed", {1002}),
    "close code 999": (b"\x88\x82\0\0\0\0\x03\xe7", {1002}),
    "half a close code": (b"\x88\x81\0\0\0\0\x03", {1002}),
    "close reason that is not UTF-8": (b"\x88\x83\0\0\0\0\x03\xe8\xff", {1002, 1007}),
    "another request": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", {1002}),
}


#: Number of concurrent requests and connections before a case.
WARM_UP = 24
#: Threads that a process may have without requests: most are workers of anyio, which
#: runs at most 40 sync calls of apps at a time, and of ``tx.run``.
WORKERS = 64
#: Settings of endpoints without a limit for the number of connections.
UNLIMITED = {"websocket_max_connections": 0, "websocket_max_caller_connections": 0}


class WebSocketStressCase(WebSocketCase, FaultCase):
    """A server with an endpoint that looks after its connections often."""

    options = {"websocket_rate_limit_delay": 0}  # of Odoo's own WebSocket
    #: Name of the server, for the table.
    kind = "threaded server"

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w", websocket_ping_interval=2, **UNLIMITED)
        self.process = psutil.Process(self.first.pid)

    def conclude(self, case, tried, failures):
        super().conclude(f"WebSockets: {case}, {self.kind}", tried, failures)

    def running(self):
        """Return how many handlers run, by kind."""
        return self.first.request("GET", "/w/ws-load/running").json()

    def left(self):
        """Return what the process could leak."""
        left = self.first.request("GET", "/w/load/left").json()
        del left["serving"]
        left["threads"] = max(left["threads"], WORKERS)
        return left

    def warm_up(self, *paths):
        """Open and close each path, many at once; return what is left then."""
        for path in paths:
            calls = [Background(self.open, path) for _ in range(WARM_UP)]
            for call in calls:
                call.result().shutdown()
        self.hold_lock()
        path = f"/w/load/hold?lock={LOCK}"
        calls = [Background(self.first.request, "GET", path) for _ in range(WARM_UP)]
        self.wait_for_lock(WARM_UP)
        self.release_lock()
        self.assertEqual({call.result().status for call in calls}, {200})
        self.wait_until(self.running, {})
        return self.left()

    def expect_nothing_left(self, before):
        """Wait until all that has come since ``before`` has gone."""
        self.wait_until(self.running, {})
        self.wait_until(self.connections, 0)
        self.wait_until(
            lambda: {
                what: f"{count}, {before[what]} before"
                for what, count in self.left().items()
                if count > before[what]
            },
            {},
        )

    def open_raw(self, path):
        """Return the socket of a WebSocket, after the handshake."""
        client = self.open(path)
        client.sock.settimeout(TIMEOUT)
        return client.sock


class Threaded(WebSocketStressCase):
    """The cases, on the threaded server."""

    def test_killed_clients(self):
        """Clients are killed, with messages unread and half sent."""
        turns, count = self.size(full=20, short=2), 20
        kinds = ["echo", "deaf", "talk", "echo"]
        paths = [f"/w/ws-load/{kind}" for kind in kinds]
        before = self.warm_up(*paths)
        base = f"ws://127.0.0.1:{self.first.port}"
        urls = [base + paths[number % len(paths)] for number in range(count)]
        for turn in range(turns):
            command = [sys.executable, "-c", CLIENT, *urls]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
                self.addCleanup(client.kill)
                self.expect(client.stdout.readline(), b"open\n", f"turn {turn}, client")
                self.expect(sum(self.running().values()), count, f"turn {turn}, open")
                client.kill()
            self.wait_until(self.running, {})
            self.expect_service(f"turn {turn}")
        self.expect_nothing_left(before)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("clients killed", turns * count, self.failures)

    def test_slow_readers(self):
        """Clients that read nothing cost little memory, and block no one."""
        count = self.size(full=50, short=10)
        before = self.warm_up("/w/ws-load/talk", "/w/ws-load/echo")
        memory = self.first.memory()
        clients = [self.open_raw("/w/ws-load/talk") for _client in range(count)]
        client = self.open("/w/ws-load/echo")
        for turn in range(self.size(full=200, short=20)):
            start = time.monotonic()
            self.expect(client.ask(str(turn)), str(turn), "echo beside them")
            self.expect(time.monotonic() - start < TIMEOUT / 2, True, "in time")
        self.expect_service("messages not read")
        grown = self.first.memory() - memory
        self.expect(grown < count * UNREAD_MEMORY, True, f"{grown} bytes for {count}")
        for sock in clients:
            sock.close()
        client.shutdown()
        self.expect_nothing_left(before)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("messages never read", count, self.failures)

    def test_floods(self):
        """Clients that send more than the app receives have to wait."""
        count = self.size(full=20, short=4)
        before = self.warm_up("/w/ws-load/deaf", "/w/ws-load/echo")
        memory = self.first.memory()
        message = ABNF.create_frame(b"x" * 64 * KIB, ABNF.OPCODE_BINARY).format()
        # each asks for a response, which the client does not read
        pings = ABNF.create_frame(b"x" * 100, ABNF.OPCODE_PING).format() * 600
        for frames, path in ((message, "deaf"), (pings, "echo")):
            clients = []
            for _client in range(count):
                sock = self.open_raw(f"/w/ws-load/{path}")
                clients.append(sock)
                sock.settimeout(0.5)
                with suppress(TimeoutError):
                    for _frame in range(300):
                        sock.sendall(frames)
                    self.expect(path, "echo", "no flood of messages is received")
            self.expect_service(f"flood of {path}")
            grown = self.first.memory() - memory
            self.expect(grown < count * UNREAD_MEMORY, True, f"{grown} bytes: {path}")
            for sock in clients:
                sock.close()
        self.expect_nothing_left(before)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("floods", 2 * count, self.failures)

    def test_broken_frames(self):
        turns = self.size(full=20, short=1)
        before = self.warm_up("/w/ws-load/echo")
        for _turn in range(turns):
            for name, (frames, codes) in BROKEN.items():
                client = self.open("/w/ws-load/echo")
                client.sock.sendall(frames)
                code, _reason = client.wait_for_close()
                self.expect(code in codes, True, f"{name}: {code}")
                self.expect(client.sock.recv(1), b"", f"{name}, end")
                client.shutdown()
        self.expect_nothing_left(before)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("broken frames", turns * len(BROKEN), self.failures)

    def test_increments(self):
        """Three clients increment the same item; each of them reads, then writes."""
        items, each, clients = (
            self.size(full=5, short=2),
            self.size(full=80, short=9),
            3,
        )
        item_ids = [self.create_item(self.first, "/w") for _item in range(items)]
        paths = {
            item_id: f"/w/ws-load/increment/{item_id}?clients={clients}"
            for item_id in item_ids
        }
        before = self.warm_up("/w/ws-load/echo")

        def increment(path, count):
            client = self.open(path)
            client.settimeout(5 * TIMEOUT)
            found = []
            while len(found) < count:
                answer = json.loads(client.ask(""))
                if isinstance(answer, int):
                    found.append(answer)
            client.shutdown()
            return found

        calls = {
            item_id: [
                Background(increment, paths[item_id], len(range(client, each, clients)))
                for client in range(clients)
            ]
            for item_id in item_ids
        }
        replays = 0
        for item_id in item_ids:
            found = [number for call in calls[item_id] for number in call.result(600)]
            expected = list(range(1, each + 1))
            self.expect(sorted(found), expected, "quantities that the clients got")
            self.expect(self.quantity(item_id), each, "quantity of the item")
            attempts = f"/w/ws-load/attempts/{item_id}"
            replays += self.first.request("GET", attempts).json() - each
        tried = items * each
        self.expect(replays > tried / 2, True, f"{replays} replays: most conflict")
        self.expect_nothing_left(before)
        self.conclude(
            f"increments that conflict, {replays} replays", tried, self.failures
        )

    def test_idle(self):
        """Idle connections need a little memory, and nothing of the database."""
        count = self.size(full=1000, short=100)
        self.allow_files(5 * count)
        # the clients only answer pings while they wait for a message
        self.create_endpoint(
            self.first, "/idle", websocket_ping_interval=3600, **UNLIMITED
        )
        path = "/idle/ws-load/echo"
        before = self.warm_up(path)
        all_before = self.all_connections()
        threads, memory = self.process.num_threads(), self.first.memory()
        clients = [self.open(path) for _client in range(count)]
        self.wait_until(self.running, {"echo": count})
        used = (self.first.memory() - memory) // count
        more = self.process.num_threads() - threads
        self.expect(used <= IDLE_MEMORY, True, f"{used} bytes each")
        self.expect(more < 10, True, f"{more} threads for all")
        found = self.all_connections() - all_before
        self.expect(found <= 3, True, f"{found} connections to the database")
        self.wait_until(lambda: self.sessions("idle in transaction"), [])
        for number in range(0, count, 10):
            self.expect(clients[number].ask("x"), "x", f"echo of client {number}")
        self.expect_service("idle connections")
        for client in clients:
            client.shutdown()
        self.expect_nothing_left(before)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude(f"idle, {used // KIB} KiB each", count, self.failures)

    def test_latency(self):
        """A message returns sooner than Odoo's own WebSocket handles one."""
        turns = self.size(full=2000, short=200)
        origin = f"http://127.0.0.1:{self.first.port}"
        echo, odoo = (
            self.open("/w/ws-load/echo"),
            self.open("/websocket", origin=origin),
        )
        times = defaultdict(list)

        def measure(what, client, text):
            start = time.perf_counter()
            if text:
                client.send(text)
            if what != "echo":
                client.ping("x")
            client.recv_frame()
            times[what].append(time.perf_counter() - start)

        for _turn in range(turns):
            measure("echo", echo, "x")
            # no message has a response there; the pong comes when it is handled
            measure("message of Odoo", odoo, '{"event_name": "x"}')
            measure("pong", echo, "")
            measure("pong of Odoo", odoo, "")
        found = {what: median(values) for what, values in times.items()}
        text = ", ".join(f"{what} {1000 * x:.2f} ms" for what, x in found.items())
        self.expect(found["echo"] <= found["message of Odoo"], True, text)
        self.conclude(text, 4 * turns, self.failures)

    def all_connections(self):
        """Return the number of the server's connections to PostgreSQL."""
        ((count,),) = self.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s",
            f"odoo-{self.first.pid}",
        )
        return count

    def allow_files(self, count):
        """Let this process and the server have so many open files."""
        for process in (psutil.Process(), self.process):
            soft, hard = process.rlimit(psutil.RLIMIT_NOFILE)
            self.addCleanup(process.rlimit, psutil.RLIMIT_NOFILE, (soft, hard))
            if hard != resource.RLIM_INFINITY and hard < count:
                self.skipTest(f"A process may have {hard} files here.")
            if soft != resource.RLIM_INFINITY:
                process.rlimit(psutil.RLIMIT_NOFILE, (max(soft, count), hard))


class TestThreaded(Threaded):
    def test_stop(self):
        """All clients learn that the server stops; what they know is saved."""
        turns, count = self.size(full=5, short=1), 20
        item_id = self.create_item(self.first, "/w")
        expected = 0
        for turn in range(turns):
            server = OdooServer(self.dbname, **self.options)
            self.addCleanup(server.stop)
            idle = [self.open("/w/ws-load/echo", server) for _client in range(count)]
            unread = self.open("/w/ws-load/talk", server)
            busy = self.open(f"/w/ws-load/increment/{item_id}", server)
            busy.send("")
            expected += 1
            self.expect(busy.recv_json(), expected, f"turn {turn}, before the stop")
            busy.send("")
            start = time.monotonic()
            server.stop()
            seconds = time.monotonic() - start
            self.expect(server.killed, False, f"turn {turn}, killed: {server.log}")
            self.expect(seconds < TIMEOUT / 2, True, f"turn {turn}, {seconds} seconds")
            codes = {client.wait_for_close()[0] for client in idle}
            self.expect(codes, {1001}, f"turn {turn}, close codes")
            unread.shutdown()
            opcode, data = busy.recv_data()
            if opcode == ABNF.OPCODE_TEXT and json.loads(data) == expected + 1:
                expected += 1
                self.expect(busy.wait_for_close()[0], 1001, f"turn {turn}, after it")
            if self.quantity(item_id) == expected + 1:
                expected += 1  # committed, but the server could not say so any more
            self.expect(self.quantity(item_id), expected, f"turn {turn}, quantity")
        self.conclude("stop of the server", turns * (count + 2), self.failures)


class TestEvented(Threaded):
    kind = "evented server"
    options = {**WebSocketStressCase.options, "command": "gevent"}


del Threaded
