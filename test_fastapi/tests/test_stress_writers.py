# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Concurrent writers: nothing is lost or written twice."""

import http.client
import json
import os
import random
import uuid
from collections import Counter

from ..routers.load import ATTEMPTS, TASK_ATTEMPTS
from .servers import Background, OdooServer
from .stress_case import StressCase

CLIENTS = 8
#: Number of items that all requests write, so that most conflict.
COUNTERS = 2
#: Number of items that background tasks write: so many that no task has five conflicts
#: in a row, after which Odoo gives up.
TASK_COUNTERS = 60
#: Seconds for a response: Odoo waits up to 30 between five attempts.
RESPONSE_LIMIT = 60
#: Seconds for all clients.
TIME_LIMIT = 300
#: Odoo logs this for a request with five conflicts, whose response is a 500
#: (odoo.service.model.retrying).
GIVEN_UP = "maximum number of tries reached"
#: Number of log lines to keep, with a traceback of each error.
LOG_LINES = 200_000

PATHS = {"": 4, "/async": 4, "/stream": 2}
#: The error that an order requests, and the status of its response.
ERRORS = {
    "": 200,
    "http": 409,
    "user": 400,
    "bare": 500,
    "constraint": 400,
    "teardown": 409,
}


class TestWriters(StressCase):
    """Clients of a threaded and of a prefork server on one database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seed = os.environ.get("FASTAPI_STRESS_SEED") or uuid.uuid4().hex[:8]
        cls.second = OdooServer(cls.dbname, workers=2)
        cls.addClassCleanup(cls.second.stop)

    def setUp(self):
        super().setUp()
        for sequence in (ATTEMPTS, TASK_ATTEMPTS):
            self.query(f"CREATE SEQUENCE {sequence}")
            self.addCleanup(self.query, f"DROP SEQUENCE {sequence}")
        self.counters = self.create_counters("counter", COUNTERS)
        self.task_counters = self.create_counters("task counter", TASK_COUNTERS)
        self.create_endpoint(self.first, "/writers")

    def create_counters(self, name, count):
        rows = self.query(
            "INSERT INTO test_fastapi_item (name, quantity) "
            "SELECT %s || ' ' || number, 0 FROM generate_series(1, %s) AS number "
            "RETURNING id",
            name,
            count,
        )
        return [item_id for (item_id,) in rows]

    def client(self, number, requests):
        """Send requests one after the other.

        :return: each order with its path, server and response
        """
        rng = random.Random(f"{self.seed} {number}")
        results = []
        for request in range(requests):
            order = {
                "name": f"{number}-{request}",
                "counter_id": rng.choice(self.counters),
                "task_counter_id": rng.choice(self.task_counters),
                "error": rng.choice(["", rng.choice(list(ERRORS))]),
                "flush": rng.random() < 0.5,
            }
            (path,) = rng.choices(list(PATHS), PATHS.values())
            server = rng.choice([self.first, self.second])
            try:
                response = server.request(
                    "POST",
                    f"/writers/load/write{path}",
                    json.dumps(order),
                    {"Content-Type": "application/json"},
                    timeout=RESPONSE_LIMIT,
                )
            except http.client.IncompleteRead:
                response = None
            results.append((order, path, server, response))
        return results

    def outcome(self, order, path, server, response):
        """Return the expected outcome of an order.

        :return: names of the created items; whether the counter was incremented; the
            mistake of the response, if any
        """
        name, error = order["name"], order["error"]
        if path == "/stream" and error == "teardown":
            # The handler is committed before the first byte. A later failure cuts off
            # the stream, which an HTTP/1.0 response of a worker can't show, and rolls
            # back the rest.
            status = 200 if response is None else response.status
            if status == 200:
                return [name], True, response is not None and server is self.first
        if response is None:
            return [], False, "cut off"
        if response.status != 200:
            return [], False, response.status != ERRORS[error] and response.status
        names = [name, f"{name}-task"]
        if path == "/stream":
            names.append(f"{name}-stream")
        return names, True, response.json() != name and response.body

    def given_up(self, server):
        """Return how often a server gave up, according to its log."""
        # once this request is in the log that was read, all earlier ones are
        mark = uuid.uuid4().hex
        server.request("GET", f"/writers/identity?{mark}")
        self.wait_until(lambda: any(mark in line for line in list(server.log)), True)
        return sum(GIVEN_UP in line for line in list(server.log))

    def value(self, sequence):
        ((value,),) = self.query(f"SELECT last_value FROM {sequence} WHERE is_called")
        return value

    def quantities(self, item_ids):
        rows = self.query(
            "SELECT id, quantity FROM test_fastapi_item WHERE id = ANY(%s)", item_ids
        )
        return {item_id: quantity for item_id, quantity in rows if quantity}

    def written(self):
        """Return how often each name was written."""
        return Counter(
            name.split(" ")[0] for name in self.names() if "counter" not in name
        )

    def busy(self):
        """Return the number of open transactions of all servers."""
        ((count,),) = self.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND application_name LIKE 'odoo-%%' AND state <> 'idle'",
            self.dbname,
        )
        return count

    def test_concurrent_writers(self):
        requests = self.size(1_200, 120)
        for server in (self.first, self.second):
            server.log_again(LOG_LINES)
        clients = [
            Background(self.client, number, requests // CLIENTS)
            for number in range(CLIENTS)
        ]
        results = [entry for client in clients for entry in client.result(TIME_LIMIT)]
        self.assertEqual(len(results), requests)
        failures, broken, expected = [], [], Counter()
        counted, counted_by_tasks = Counter(), Counter()
        for order, path, server, response in results:
            names, counts, wrong = self.outcome(order, path, server, response)
            expected.update(names)
            counted[order["counter_id"]] += counts
            counted_by_tasks[order["task_counter_id"]] += len(names) > 1
            if wrong:
                wrongs = broken if wrong == 500 else failures
                wrongs.append(f"{order} to {path}: {wrong}")

        tasks = {name for name in expected if name.endswith("-task")}
        self.wait_until(lambda: tasks <= set(self.written()), True)
        self.wait_until(self.busy, 0)
        written = self.written()
        failures += [
            f"{name}: {written[name]} instead of {expected[name]}"
            for name in sorted(written | expected)
            if written[name] != expected[name]
        ]
        for item_ids, sums in (
            (self.counters, counted),
            (self.task_counters, counted_by_tasks),
        ):
            if self.quantities(item_ids) != +sums:
                failures.append(f"{self.quantities(item_ids)} instead of {sums}")
        # a 500 that no order requested is one that Odoo gave up
        given_up = self.given_up(self.first) + self.given_up(self.second)
        if len(broken) > given_up:
            failures += broken
        replayed = self.value(ATTEMPTS) - requests
        replayed_tasks = self.value(TASK_ATTEMPTS) - len(tasks)
        self.assertGreater(replayed, 0, "The writers had no conflict.")
        self.conclude(
            f"concurrent writers, {replayed + replayed_tasks:,} replays, "
            f"{given_up} given up",
            requests,
            [f"seed {self.seed}: {failure}" for failure in failures],
        )
