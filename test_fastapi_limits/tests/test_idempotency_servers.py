# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests with the same key at the same time."""

import uuid

from odoo.addons.test_fastapi.tests.server_case import LOCK, ServerCase
from odoo.addons.test_fastapi.tests.servers import Background

from .idempotency_case import HEADER, REPLAYED

#: Requests that wait for another one with their key.
WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    f"AND NOT (objid = {LOCK} AND classid = 0) AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


class KeyServerCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(
            self.first, "/once", app="test_idempotency", idempotency="accepted"
        )
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")

    def send(self, server, path, key, **headers):
        return server.request("POST", path, headers={HEADER: key, **headers})

    def start(self, server, path, key, **headers):
        """Send a request in the background."""
        return Background(lambda: self.send(server, path, key, **headers))

    def hold_lock(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)

    def release_lock(self):
        self.query("SELECT pg_advisory_unlock(%s)", LOCK)

    def set_param(self, name, value):
        name = f"fastapi_limits.{name}"
        self.first.rpc("ir.config_parameter", "set_param", name, value)
        self.addCleanup(self.first.rpc, "ir.config_parameter", "set_param", name, False)


class TestTwoServers(KeyServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.start_server()

    def test_waits_for_the_first_and_gets_its_response(self):
        path, key = "/once/locked?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        second = self.start(self.second, path, key)
        self.wait_until(WAITING, [(1,)])
        self.release_lock()
        first, second = first.result(), second.result()
        self.assertEqual((first.status, second.status), (200, 200), second.body)
        self.assertEqual(second.body, first.body)
        self.assertEqual(second.headers[REPLAYED], "true")
        self.assertNotIn(REPLAYED, first.headers)
        self.assertEqual(self.names(), ["tea"])

    def test_is_carried_out_if_the_first_fails(self):
        path, key = "/once/locked?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key, **{"X-Fail": "true"})
        self.wait_for_lock(1)
        second = self.start(self.second, path, key)
        self.wait_until(WAITING, [(1,)])
        self.release_lock()
        self.assertEqual(first.result().status, 400)
        second = second.result()
        self.assertEqual(second.status, 200, second.body)
        self.assertNotIn(REPLAYED, second.headers)
        self.assertEqual(self.names(), ["tea"])
        third = self.send(self.first, path, key)
        self.assertEqual(third.body, second.body)

    def test_another_request_waits_and_is_refused(self):
        key = uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, "/once/locked?name=tea", key)
        self.wait_for_lock(1)
        second = self.start(self.second, "/once/locked?name=coffee", key)
        self.wait_until(WAITING, [(1,)])
        self.release_lock()
        self.assertEqual(first.result().status, 200)
        self.assertEqual(second.result().status, 422)
        self.assertEqual(self.names(), ["tea"])

    def test_waits_for_a_limited_time(self):
        self.set_param("idempotency_wait", "0.05")
        path, key = "/once/locked?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        second = self.send(self.second, path, key)
        self.assertEqual(second.status, 409, second.body)
        self.assertEqual(second.headers["Retry-After"], "2")
        self.assertIn("is still running", second.json()["detail"])
        self.release_lock()
        self.assertEqual(first.result().status, 200)
        again = self.send(self.second, path, key)
        self.assertEqual(again.body, first.result().body)

    def test_other_keys_do_not_wait(self):
        self.hold_lock()
        first = self.start(self.first, "/once/locked?name=tea", uuid.uuid4().hex)
        self.wait_for_lock(1)
        other = self.send(self.first, "/once/empty?name=coffee", uuid.uuid4().hex)
        self.assertEqual(other.status, 204)
        self.release_lock()
        self.assertEqual(first.result().status, 200)

    def test_error_at_the_commit(self):
        """A response whose request could not be committed is not stored."""
        key = uuid.uuid4().hex
        for _turn in range(2):
            response = self.send(self.first, "/once/deferred?name=tea", key)
            self.assertEqual(response.status, 500, response.body)
            self.assertNotIn(REPLAYED, response.headers)
        self.assertEqual(self.names(), [])
        self.assertEqual(self.query("SELECT 1 FROM fastapi_idempotency_key"), [])

    def test_handler_that_rolls_back_by_itself(self):
        path, key = "/once/rolled_back?name=tea", uuid.uuid4().hex
        first = self.send(self.first, path, key)
        self.assertEqual(first.status, 200, first.body)
        second = self.send(self.first, path, key)
        self.assertEqual(second.headers.get(REPLAYED), "true", second.body)
        self.assertEqual(second.body, first.body)
        self.assertEqual(len(self.names()), 1)

    def test_handler_that_rolls_back_and_raises_a_committed_error(self):
        path, key = "/once/rolled_back?name=tea", uuid.uuid4().hex
        first = self.send(self.first, path, key, **{"X-Refuse": "true"})
        self.assertEqual(first.status, 402, first.body)
        second = self.send(self.first, path, key)
        self.assertEqual(second.headers.get(REPLAYED), "true", second.body)
        self.assertEqual(second.status, 402)
        self.assertEqual(second.body, first.body)
        self.assertEqual(len(self.names()), 1)

    def test_another_request_while_the_handler_has_rolled_back(self):
        """Both are carried out, and one of them is rolled back."""
        path, key = "/once/rolled_back?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        second = self.start(self.second, path, key)
        self.wait_for_lock(2)
        self.release_lock()
        first, second = first.result(), second.result()
        self.assertEqual((first.status, second.status), (200, 200), second.body)
        self.assertEqual(second.body, first.body)
        self.assertEqual(len(self.names()), 1)

    def test_handler_that_rolls_back_and_commits_by_itself(self):
        """It is not called again, whatever becomes of it after that."""
        for turns in (1, 2):
            path = f"/once/rolled_back_and_committed?name=tea+{turns}&turns={turns}"
            for headers, status in (({"X-Fail": "true"}, 409), ({}, 200)):
                with self.subTest(turns=turns, **headers):
                    key, count = uuid.uuid4().hex, len(self.names())
                    first = self.send(self.first, path, key, **headers)
                    self.assertEqual(first.status, 400 if headers else 200, first.body)
                    second = self.send(self.first, path, key, **headers)
                    self.assertEqual(second.status, status, second.body)
                    self.assertEqual(len(self.names()), count + 1)

    def test_another_request_before_such_a_handler_commits(self):
        path, key = "/once/rolled_back_and_committed?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        second = self.start(self.second, path, key)
        self.wait_for_lock(2)
        self.release_lock()
        statuses = sorted(each.result().status for each in (first, second))
        # the second one may come between the commit and the response of the first
        self.assertIn(statuses, ([200, 200], [200, 409]))
        self.assertEqual(len(self.names()), 1)

    def test_wait_without_end(self):
        self.set_param("idempotency_wait", "1e9")  # more than PostgreSQL can wait
        path, key = "/once/locked?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        second = self.start(self.second, path, key)
        self.wait_until(WAITING, [(1,)])
        self.release_lock()
        self.assertEqual(first.result().status, 200)
        self.assertEqual(second.result().body, first.result().body)

    def test_part_of_the_work_is_saved(self):
        """A handler commits by itself, and fails later: it is not called again."""
        path, key = "/once/failing?name=tea&kind=after+commit", uuid.uuid4().hex
        self.assertEqual(self.send(self.first, path, key).status, 500)
        self.assertEqual(self.names(), ["tea"])
        second = self.send(self.first, path, key)
        self.assertEqual(second.status, 409)
        self.assertIn("has saved a part of its work", second.json()["detail"])
        self.assertNotIn("Retry-After", second.headers)
        self.assertEqual(self.names(), ["tea"])


class TestFlood(KeyServerCase):
    """A server with few connections."""

    options = {"db_maxconn": 8}

    def assertRefused(self, response):
        self.assertEqual(response.status, 409, response.body)
        self.assertEqual(response.headers["Retry-After"], "2")

    def assertServes(self):
        other = self.send(self.first, "/once/empty?name=other", uuid.uuid4().hex)
        self.assertEqual(other.status, 204, other.body)

    def test_same_key(self):
        """At most two requests wait for another one; all others are refused at once."""
        path, key = "/once/locked?name=tea", uuid.uuid4().hex
        self.hold_lock()
        first = self.start(self.first, path, key)
        self.wait_for_lock(1)
        waiting = [self.start(self.first, path, key) for _number in range(2)]
        self.wait_until(WAITING, [(2,)])
        for _number in range(20):
            self.assertRefused(self.send(self.first, path, key))
        self.assertServes()
        self.release_lock()
        for other in waiting:
            self.assertEqual(other.result().body, first.result().body)

    def test_many_keys(self):
        """At most a quarter of the connections of a process waits."""
        keys = [uuid.uuid4().hex for _number in range(3)]
        paths = [f"/once/locked?name={key}" for key in keys]
        self.hold_lock()
        firsts = [
            self.start(self.first, path, key)
            for path, key in zip(paths, keys, strict=True)
        ]
        self.wait_for_lock(3)
        waiting = [self.start(self.first, paths[n], keys[n]) for n in range(2)]
        self.wait_until(WAITING, [(2,)])
        self.assertRefused(self.send(self.first, paths[2], keys[2]))
        self.assertServes()
        self.release_lock()
        for first, other in zip(firsts, waiting, strict=False):
            self.assertEqual(other.result().body, first.result().body)
        self.assertEqual(firsts[2].result().status, 200)
