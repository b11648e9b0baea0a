# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Database errors that a handler swallows, and refused streams."""

import http.client

from .server_case import LOCK, ServerCase
from .servers import Background


class SwallowedCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/e")
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        self.first.log.clear()

    def request(self, method, path):
        return self.first.request(method, f"/e/late{path}")

    def lines(self, *parts):
        """Return the log lines that contain all parts."""
        return [
            line for line in list(self.first.log) if all(part in line for part in parts)
        ]


class TestSwallowedErrors(SwallowedCase):
    def test_swallowed_errors_are_a_500_and_save_nothing(self):
        for kind in ("abort", "commit", "precommit", "committed"):
            with self.subTest(kind):
                self.first.log.clear()
                response = self.request("POST", f"/swallow?name=x&kind={kind}")
                self.assertEqual(response.status, 500)
                self.assertEqual(response.json(), {"detail": "Internal Server Error"})
                self.wait_until(self.connections, 0)
                self.assertEqual(self.names(), [])
                self.assertTrue(
                    self.lines("DivisionByZero: division by zero", "in divide")
                )
                self.assertEqual(len(self.lines(" ERROR ", " odoo.http: ")), 1)

    def test_errors_in_a_savepoint_may_be_swallowed(self):
        response = self.request("POST", "/swallow?name=x&kind=savepoint")
        self.assertEqual(response.status, 200)
        self.wait_until(lambda: sorted(self.names()), ["x", "x by a task"])

    def test_handler_responds_to_the_error(self):
        response = self.request("POST", "/swallow?name=x&kind=http")
        self.assertEqual(response.status, 409)
        self.wait_until(self.connections, 0)
        self.assertEqual(self.names(), [])

    def test_streams(self):
        response = self.request("GET", "/swallow/stream?name=x&handler=true")
        self.assertEqual(response.status, 500)
        self.assertEqual(self.names(), [])
        with self.first.open("GET", "/e/late/swallow/stream?name=x") as response:
            with self.assertRaises(http.client.IncompleteRead):
                response.read()
        self.wait_until(self.connections, 0)
        self.assertEqual(self.names(), ["x"])
        self.assertTrue(self.lines("A stream failed"))
        self.assertTrue(self.lines("DivisionByZero: division by zero"))

    def test_tasks(self):
        response = self.request("POST", "/swallow/task?name=x")
        self.assertEqual(response.status, 200)
        self.wait_until(self.names, ["x after it"])
        self.wait_until(
            lambda: len(self.lines("swallowing failed, and is rolled back")), 1
        )

    def test_swallowed_conflicts_are_replayed(self):
        for path in (
            "/swallow/increment/{}?lock={}",
            "/swallow/increment/{}?lock={}&ask_again=true",
            "/swallow/increment/{}?lock={}&refuse=true",
            "/swallow/task/increment/{}?lock={}",
        ):
            with self.subTest(path):
                item_id = self.create_item(self.first, "/e")
                self.query("SELECT pg_advisory_lock(%s)", LOCK)
                call = Background(self.request, "POST", path.format(item_id, LOCK))
                self.wait_for_lock(1)  # the handler has read the item
                self.query(
                    "UPDATE test_fastapi_item SET quantity = 10 WHERE id = %s", item_id
                )
                self.query("SELECT pg_advisory_unlock(%s)", LOCK)
                self.assertEqual(call.result().status, 200)
                self.wait_until(lambda item_id=item_id: self.quantity(item_id), 11)
        self.assertEqual(self.lines("ERROR", "odoo.http"), [])


class TestRefusedStreams(SwallowedCase):
    def test_hook_of_a_commit_fails(self):
        """The request is committed, so it must not be replayed."""
        response = self.request("GET", "/hook/stream?name=x")
        self.assertEqual(response.status, 500)
        self.wait_until(self.connections, 0)
        self.assertEqual(self.names(), ["x"])
        self.assertTrue(self.lines("ERROR", "The transaction is committed"))
        self.assertTrue(self.lines("ConcurrencyError: Another transaction was faster"))

    def test_refused_streams_are_rolled_back(self):
        for kind in ("stream", "plain", "future"):
            with self.subTest(kind):
                response = self.request("GET", f"/refused?name={kind}&kind={kind}")
                self.assertEqual(response.status, 500)
                self.assertEqual(response.json(), {"detail": "Internal Server Error"})
                self.wait_until(self.connections, 0)
                self.assertEqual(self.names(), [])
        closed = self.request("GET", "/refused/closed").json()
        self.assertEqual(closed, ["stream", "plain", "future"])
