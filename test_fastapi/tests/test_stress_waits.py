# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Waiting streams don't block other requests; requests that wait for each other."""

import json
import time
import urllib.parse
import uuid
from contextlib import ExitStack

from .fault_case import FaultCase
from .server_case import LOCK
from .servers import TIMEOUT, Background, OdooServer


class WaitCase(FaultCase):
    options = {"db_maxconn": 5}
    #: Number of concurrent streams; in the prefork server, each occupies a worker.
    streams = 60

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/w")

    def get(self, path):
        return self.first.request("GET", f"/w/waits{path}")

    def open_streams(self, stack, kinds):
        """Open idle streams and read the first chunk of each."""
        path = "/w/waits/{}?name={}&kind={}&seconds=3600"
        for number in range(self.streams):
            route, kind = kinds[number % len(kinds)]
            url = path.format(route, f"{self.name} {number}".replace(" ", "-"), kind)
            response = stack.enter_context(self.first.open("GET", url))
            self.expect(response.status, 200, f"status of stream {number}")
            self.expect(bool(response.read1()), True, f"chunk of stream {number}")

    def check_others(self, turns):
        """Expect other requests to be served without delay."""
        for turn in range(turns):
            start = time.monotonic()
            self.expect(self.get("/plain").status, 200, "route of an app")
            response = self.first.request("GET", "/web/login")
            self.expect(response.status, 200, "login page of Odoo")
            response = self.first.request("POST", f"/w/items?name={turn}")
            self.expect(response.status, 200, "route that writes")
            self.expect(time.monotonic() - start < TIMEOUT / 2, True, "in time")
        self.query("DELETE FROM test_fastapi_item")

    def check_streams(self, what):
        self.name = uuid.uuid4().hex
        kinds = [("stream", "event"), ("events", "sleep"), ("events", "poll")]
        turns = self.size(full=20, short=3)
        with ExitStack() as stack:
            self.open_streams(stack, kinds)
            self.check_others(turns)
        # all streams end within a second and have not blocked each other
        self.wait_until(self.left, 0)
        self.wait_until(self.connections, 0)
        self.check_others(1)
        self.expect(self.errors(), [], "errors in the log")
        tried = self.streams + 3 * turns
        self.conclude(f"streams that wait, {what}", tried, self.failures)

    def left(self):
        """Return the number of streams that have not ended."""
        ended = [name for name in self.get("/ended").json() if self.name in name]
        return self.streams - len(ended)

    def check_sharing(self, what):
        """Let more requests wait for another than the addon allows."""
        turns = self.size(full=50, short=3)
        tried = 0
        for turn in range(turns):
            name = uuid.uuid4().hex
            # with the request that wakes them, as many as connections
            calls = [Background(self.get, f"/happened/{name}") for _call in range(4)]
            self.wait_until(lambda: self.get("/waiting").json()["happened"], 1)
            # one request waits; each other one fails at once
            self.wait_until(lambda calls=calls: sum(c.is_alive() for c in calls), 1)
            response = self.first.request("POST", f"/w/waits/happened/{name}")
            self.expect(response.status, 200, f"turn {turn}, the waking request")
            statuses = sorted(call.result().status for call in calls)
            expected = [200] + [500] * (len(calls) - 1)
            self.expect(statuses, expected, f"turn {turn}, the waiting requests")
            tried += len(calls)
        self.conclude(f"requests that wait for others, {what}", tried, self.failures)

    def check_stop(self, what, **options):
        """Stop a server in the middle of requests that wait for ever."""
        turns, count = self.size(full=5, short=1), 2
        path = f"/w/waits/for-ever?lock={LOCK}"
        for turn in range(turns):
            server = OdooServer(self.dbname, **self.options, **options)
            self.addCleanup(server.stop)
            calls = [Background(server.request, "GET", path) for _call in range(count)]
            self.wait_for_lock(count, granted=True)
            server.stop()
            log = "".join(server.log)
            self.expect(server.killed, False, f"turn {turn}, had to be killed: {log}")
            statuses = [call.result().status for call in calls]
            self.expect(statuses, [503] * count, f"turn {turn}, responses: {log}")
        self.conclude(f"stop of a server that waits, {what}", turns, self.failures)


class TestThreadedServer(WaitCase):
    def test_streams(self):
        self.check_streams("threaded server")

    def test_sharing(self):
        self.check_sharing("threaded server")

    def test_stop(self):
        self.check_stop("threaded server")


class TestPreforkServer(WaitCase):
    options = {"db_maxconn": 5, "workers": 4}
    streams = 3

    def left(self):
        """Check that all workers are free: they share no list of streams."""
        calls = [
            Background(self.get, "/sleep?seconds=0.2")
            for _call in range(self.options["workers"])
        ]
        return sum(call.result().status != 200 for call in calls)

    def test_streams(self):
        self.check_streams("prefork server")

    def test_stop(self):
        self.check_stop("prefork server")


class TestEventedServer(WaitCase):
    options = {"db_maxconn": 5, "command": "gevent"}

    def test_streams(self):
        self.check_streams("evented server")

    def test_sharing(self):
        self.check_sharing("evented server")


class TestOwnServer(WaitCase):
    #: A handler that calls its own server keeps its database connection meanwhile.
    options = {"command": "gevent"}

    def test_own_server(self):
        """Let handlers call their own server, and interleave with other requests."""
        turns = self.size(full=100, short=5)
        paths = ("/w/waits/plain", "/w/waits/sleep?seconds=0.05", "/web/login")
        tried = 0
        for turn in range(turns):
            calls = []
            for kind in ("", "/async"):
                for path in paths:
                    query = urllib.parse.urlencode(
                        {"port": self.first.port, "path": path}
                    )
                    calls.append(Background(self.get, f"/own-server{kind}?{query}"))
            calls.append(Background(self.get, "/generators?turns=4"))
            for number, call in enumerate(calls):
                response = call.result()
                self.expect(response.status, 200, f"turn {turn}, call {number}")
            self.expect(json.loads(response.body), True, "loop of the request")
            tried += len(calls)
        self.expect(self.errors(), [], "errors in the log")
        self.conclude("own server called, evented server", tried, self.failures)
