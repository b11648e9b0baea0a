# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests with a key are carried out once, whatever breaks.

Each request is sent three times, mostly at the same time. The transactions conflict
with each other. Workers are killed, some just before or after a commit. PostgreSQL
crashes and restarts. Clients repeat an attempt that has no response.
"""

import http.client
import itertools
import json
import queue
import threading
import time
import uuid
from collections import Counter, defaultdict
from contextlib import suppress

import psutil

from odoo.addons.test_fastapi.tests.servers import Background
from odoo.addons.test_fastapi.tests.test_stress_postgres import (
    REFUSALS,
    OwnPostgresCase,
)

from .idempotency_case import HEADER, REPLAYED

CLIENTS = 8
#: How often each request is sent, apart from attempts without a response.
SENDS = 3
#: Items that requests count in. The fewer, the more conflicts.
COUNTERS = 20
#: Of so many requests, one kills its worker before its commit, and one after it. As
#: often, a worker is killed at another moment.
DYING = 50
#: Seconds for all requests, in full and in the short form.
TIME_LIMITS = 500, 120
#: Seconds for one attempt.
TIMEOUT = 30


class Load:
    """Clients that send each request until it has a response.

    :param server: receives the requests
    :param count: number of requests
    :param time_limit: seconds for all of them
    """

    def __init__(self, server, count, time_limit):
        self._server = server
        self._time_limit = time_limit
        self._deadline = time.monotonic() + time_limit
        self._keys = [uuid.uuid4().hex for _number in range(count)]
        self._sends = queue.SimpleQueue()
        for send in itertools.product(range(count), range(SENDS)):
            self._sends.put(send)
        #: Notified when a request has got a response, or never will.
        self._changed = threading.Condition()
        self._done = 0
        #: Body of each response by number of the request.
        self.bodies = defaultdict(list)
        self.replayed = 0
        #: Numbers of requests that will kill their workers.
        self._dying = set()
        #: Attempts without a response, by reason.
        self.errors = Counter()
        self.wrong = []
        self._clients = [Background(self._call) for _client in range(CLIENTS)]

    def _call(self):
        while not self._sends.empty():
            try:
                number, send = self._sends.get_nowait()
            except queue.Empty:
                return
            die = {10: "before", 20: "after"}.get(number % DYING, "")
            if send:
                die = ""
            elif die:
                with self._changed:
                    self._dying.add(number)
            try:
                response = self._get_response(number, die)
            except Exception as err:  # reported by the test
                response = None
                self.wrong.append(f"{number}: {err!r}")
            with self._changed:
                if response is not None:
                    self.bodies[number].append(response.body)
                    self.replayed += REPLAYED in response.headers
                if die:
                    self._dying.discard(number)
                self._done += 1
                self._changed.notify_all()

    def _get_response(self, number, die):
        """Send a request until it has a response, and return that.

        :param die: when the worker dies at the first attempt
        """
        path = f"/once/counted?name=once-{number}&counter=counter-{number % COUNTERS}"
        headers = {HEADER: self._keys[number], "X-Die": die}
        while time.monotonic() < self._deadline:
            try:
                response = self._server.request(
                    "POST", path, headers=headers, timeout=TIMEOUT
                )
            except (http.client.HTTPException, OSError) as err:
                reason = type(err).__name__
            else:
                if response.status == 200:
                    return response
                reason = response.status
                kind = response.headers.get_content_type(), response.status
                if kind not in REFUSALS and response.status not in (409, 503):
                    raise ValueError(f"{kind}, {response.body[:200]}")
            with self._changed:
                if die:
                    self._dying.discard(number)
                self.errors[reason] += 1
                self._changed.wait(0.05)  # spare a server in trouble
            headers["X-Die"] = ""
        raise TimeoutError(f"no response within {self._time_limit} seconds")

    def wait(self, done):
        """Wait until a number of requests is done."""
        with self._changed:
            left = self._deadline - time.monotonic()
            self._changed.wait_for(lambda: self._done >= done, max(0, left))

    def wait_for_the_dying(self):
        """Wait until all requests that kill their workers have done so."""
        with self._changed:
            self._changed.wait_for(lambda: not self._dying, self._time_limit)

    def join(self):
        for client in self._clients:
            client.result(self._time_limit + TIMEOUT)


class TestExactlyOnce(OwnPostgresCase):
    options = {"workers": 3}

    def test_exactly_once(self):
        count = self.size(full=1000, short=60)
        self.create_endpoint(
            self.first, "/once", app="test_idempotency", idempotency="required"
        )
        self.query(
            "INSERT INTO test_fastapi_item (name, quantity) "
            "SELECT 'counter-' || number, 0 FROM generate_series(0, %s) AS number",
            COUNTERS - 1,
        )
        # by the number of the request that is sent then
        causes = dict.fromkeys(range(5, count, DYING), self.kill_worker)
        crash, stop = self.size(full=(440, 740), short=(32, 42))
        load = Load(self.first, count, self.size(*TIME_LIMITS))
        causes[crash] = lambda: self.restart(load, "immediate")
        causes[stop] = lambda: self.restart(load, "fast")
        for number, cause in sorted(causes.items()):
            load.wait(number * SENDS)
            cause()
        load.join()
        self.failures += load.wrong
        self.check_responses(load, count)
        self.check_rows(load, count)
        repeated = sum(load.errors.values())
        self.conclude(
            f"{count:,} requests with a key, each sent {SENDS} times, and "
            f"{repeated} attempts without a response",
            count * SENDS,
            self.failures,
        )

    def get_workers(self):
        """Return the processes that serve requests."""
        workers = []
        for process in psutil.Process(self.first.pid).children():
            with suppress(psutil.NoSuchProcess):  # or a zombie
                if "gevent" not in process.cmdline():
                    workers.append(process)
        return workers

    def kill_worker(self):
        for process in self.get_workers()[:1]:
            process.kill()

    def restart(self, load, mode):
        """Restart PostgreSQL while no worker starts.

        Odoo's prefork server ends if PostgreSQL is away when it starts a worker
        (19.0, ``PreforkServer.process_spawn`` calls ``check_registries``).
        """
        load.wait_for_the_dying()
        self.wait_until(lambda: len(self.get_workers()), self.options["workers"])
        self.postgres.restart(mode)
        type(self).connection = self.connect()

    def check_responses(self, load, count):
        """Expect the same response to each sending of a request."""
        self.expect(len(load.bodies), count, "requests with a response")
        for number, bodies in load.bodies.items():
            self.expect(len(bodies), SENDS, f"responses to {number}")
            self.expect(len(set(bodies)), 1, f"different responses to {number}")
        self.expect(
            load.replayed >= count * (SENDS - 1), True, f"{load.replayed} were stored"
        )
        self.expect(bool(load.errors), True, "attempts without a response")

    def check_rows(self, load, count):
        """Expect the work of each request once, as its response says."""
        rows = self.query(
            "SELECT name, id FROM test_fastapi_item WHERE name LIKE 'once-%%'"
        )
        self.expect(len(rows), count, "rows")
        found = {
            f"once-{number}": json.loads(bodies[0])["id"]
            for number, bodies in load.bodies.items()
        }
        self.expect(dict(rows) == found, True, "rows are those of the responses")
        ((counted,),) = self.query(
            "SELECT sum(quantity) FROM test_fastapi_item WHERE name LIKE 'counter-%%'"
        )
        self.expect(counted, count, "requests counted by their handlers")
        ((stored,),) = self.query(
            "SELECT count(*) FROM fastapi_idempotency_key WHERE status = 200"
        )
        self.expect(stored, count, "stored responses")
