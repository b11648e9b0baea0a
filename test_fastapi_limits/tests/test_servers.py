# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rates on servers: requests at the same time, several processes, real commits."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.library_case import start_redis
from odoo.addons.test_fastapi.tests.websocket_case import WebSocketCase


class LimitsCase(WebSocketCase):
    """The test app, and helpers."""

    def setUp(self):
        super().setUp()
        self.query("DELETE FROM fastapi_rate_count")
        self.endpoint_id = self.create_endpoint(
            self.first, "/limits", app="test_limits", rate_by_address=False
        )

    def set_rates(self, **rates):
        self.first.rpc("fastapi.endpoint", "write", [self.endpoint_id], rates)

    def statuses(self, count, path, **options):
        return [
            self.first.request("GET", f"/limits{path}", **options).status
            for _ in range(count)
        ]

    def burst(self, servers, threads, count, path="/free", clients=1):
        """Send requests from several threads, and count the statuses of each client.

        :param servers: servers, which the threads call in turn
        :param count: requests of a thread
        :param clients: number of addresses that the threads have
        """
        start = threading.Barrier(threads)

        def call(number):
            client = f"192.0.2.{number % clients}"
            headers = {"X-Forwarded-Host": "api.test", "X-Forwarded-For": client}
            server = servers[number % len(servers)]
            start.wait(30)
            responses = [
                server.request("GET", f"/limits{path}", headers=headers)
                for _ in range(count)
            ]
            return client, Counter(response.status for response in responses)

        result = {}
        with ThreadPoolExecutor(threads) as pool:
            for client, statuses in pool.map(call, range(threads)):
                result[client] = result.get(client, Counter()) + statuses
        return result


@tagged("post_install", "-at_install")
class TestServer(LimitsCase):
    def test_failed_requests_count(self):
        """Also those of clients who are not authenticated, if addresses count."""
        self.assertEqual(self.statuses(6, "/missing"), [404] * 5 + [429])
        self.assertEqual(self.statuses(6, "/fails"), [500] * 5 + [429])
        found = self.query(
            "SELECT 1 FROM ir_config_parameter WHERE key = %s", "test.limits"
        )
        self.assertEqual(found, [])
        self.first.rpc(
            "fastapi.endpoint", "write", [self.endpoint_id], {"auth_basic": True}
        )
        self.assertEqual(self.statuses(3, "/by-address"), [401, 401, 429])
        self.assertEqual(self.statuses(3, "/by-key"), [401, 401, 429])

    def test_a_replayed_request_counts_once(self):
        response = self.first.request("GET", "/limits/replayed")
        self.assertEqual(response.json(), 3)
        self.assertIn("r=4", response.headers["RateLimit"])
        self.assertEqual(self.query("SELECT current FROM fastapi_rate_count"), [(1,)])

    def test_websockets(self):
        for _ in range(2):
            self.assertEqual(self.open("/limits/socket").recv(), "open")
        headers = self.assert_refused(
            "/limits/socket", 429, "Only 2 requests per hour are allowed"
        )
        self.assertRegex(headers["retry-after"], r"^(3600|359\d)$")
        self.assertEqual(headers["ratelimit-policy"], '"route-caller-hour";q=2;w=3600')
        # a handshake counts for the endpoint, too
        self.set_rates(rate_by_caller="1/day")
        self.assertEqual(self.statuses(1, "/free"), [200])
        self.assert_refused("/limits/socket", 429, "Only 1 request per day")

    def test_messages_do_not_count(self):
        """A replay of a message does not count either."""
        self.set_rates(rate_by_caller="2/hour", rate_by_address="2/day")
        clients = [self.open("/limits/echo") for _ in range(2)]
        for client in clients:
            for text in ('{"text":"a"}', '{"text":"b"}', '{"text":"b"}'):
                self.assertEqual(client.ask(text), text)
        counted = [(rate, 2) for rate in ((2, 3600), (2, 3600), (2, 86400))]
        found = self.query("SELECT amount, seconds, current FROM fastapi_rate_count")
        self.assertEqual(
            sorted(((amount, seconds), current) for amount, seconds, current in found),
            counted,
        )
        self.assert_refused("/limits/echo", 429, "Only 2 requests per")

    def test_refusals(self):
        """They are recorded after the transaction, and can be reset."""
        self.assertEqual(self.statuses(3, "/items/1"), [200, 200, 429])
        rpc = self.first.rpc
        self.wait_until(
            "SELECT place, rate, counted_by FROM fastapi_rate_refusal",
            [("GET /items/{item}", "2/hour", "caller")],
        )
        ids = rpc("fastapi.rate.refusal", "search", [("is_refused", "=", True)])
        rpc("fastapi.rate.refusal", "action_reset", ids)
        self.assertEqual(self.query("SELECT 1 FROM fastapi_rate_refusal"), [])
        self.assertEqual(self.statuses(3, "/items/1"), [200, 200, 429])
        # the endpoint goes with its refusals
        self.wait_until("SELECT count(*) FROM fastapi_rate_refusal", [(1,)])
        self.first.rpc("fastapi.endpoint", "unlink", [self.endpoint_id])
        self.created.remove(self.endpoint_id)
        self.assertEqual(self.query("SELECT 1 FROM fastapi_rate_refusal"), [])


@tagged("post_install", "-at_install")
class TestWorkers(LimitsCase):
    """Two workers and a server with threads on the same database."""

    options = {"workers": 2, "proxy_mode": True}

    def setUp(self):
        super().setUp()
        # both build the app, and the counters connect
        for server in (self.first, self.second):
            self.assertEqual(server.request("GET", "/limits/free").status, 200)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server(proxy_mode=True, max_cron_threads=0)

    def test_exactly_as_many_as_allowed(self):
        """In a first window, there is no tolerance: the 100 of 240 pass."""
        self.set_rates(rate_by_caller="100/hour")
        statuses = self.burst([self.first, self.second], threads=12, count=20)
        self.assertEqual(statuses, {"192.0.2.0": {200: 100, 429: 140}})

    def test_two_rates_of_several_clients(self):
        self.set_rates(rate_by_caller="10/hour; 1000/day", rate_by_address="1000/day")
        statuses = self.burst([self.first, self.second], threads=12, count=8, clients=3)
        self.assertEqual(
            statuses, {f"192.0.2.{number}": {200: 10, 429: 22} for number in range(3)}
        )
        # what the hour has refused is not counted for the day, nor for the address
        self.assertEqual(
            sorted(self.query("SELECT amount, current FROM fastapi_rate_count")),
            sorted([(10, 10), (1000, 10), (1000, 10)] * 3),
        )


@tagged("post_install", "-at_install")
class TestEvented(LimitsCase):
    """The greenlets of the evented server share the connection of the counter."""

    options = {"command": "gevent", "proxy_mode": True}

    def test_exactly_as_many_as_allowed(self):
        self.set_rates(rate_by_caller="50/hour")
        statuses = self.burst([self.first], threads=8, count=10)
        self.assertEqual(statuses, {"192.0.2.0": {200: 50, 429: 30}})


@tagged("post_install", "-at_install")
class TestRedis(TestWorkers):
    """The same with the counts in Redis."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = start_redis(cls)
        parameter = "fastapi_limits.storage_uri"
        cls.first.rpc("ir.config_parameter", "set_param", parameter, url)
        cls.addClassCleanup(
            cls.first.rpc, "ir.config_parameter", "set_param", parameter, False
        )

    def test_two_rates_of_several_clients(self):
        self.set_rates(rate_by_caller="10/hour; 1000/day", rate_by_address="1000/day")
        statuses = self.burst([self.first, self.second], threads=12, count=8, clients=3)
        self.assertEqual(
            statuses, {f"192.0.2.{number}": {200: 10, 429: 22} for number in range(3)}
        )
        # nothing is counted in PostgreSQL
        self.assertEqual(self.query("SELECT 1 FROM fastapi_rate_count"), [])
