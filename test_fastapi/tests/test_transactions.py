# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tools import mute_logger

from .common import FastapiHttpCase


class TestTransactions(FastapiHttpCase):
    def _names(self):
        self.env.invalidate_all()
        return self.env["test.fastapi.item"].search([]).mapped("name")

    def test_success_is_committed(self):
        item_id = self.post("/test/items?name=sync").json()
        self.post("/test/items/async?name=async")
        self.assertCountEqual(self._names(), ["sync", "async"])
        item = self.env["test.fastapi.item"].browse(item_id)
        self.assertEqual(item.create_uid, self.runner)

    @mute_logger("odoo.http")
    def test_every_exception_rolls_back(self):
        for error, status in (
            ("http", 409),
            ("user", 400),
            ("bare", 500),
            ("teapot", 418),
        ):
            for path in ("/test/items", "/test/items/async"):
                response = self.post(f"{path}?name=x&error={error}")
                self.assertEqual(response.status_code, status)
        self.assertEqual(self._names(), [])

    def test_exception_that_commits(self):
        headers = {"Origin": "https://shop.example"}
        with self.assertNoLogs(level="WARNING"):
            response = self.post(
                "/test/items?name=traced&error=committed", headers=headers
            )
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "counted"})
        self.assertEqual(response.headers["WWW-Authenticate"], "Basic")
        self.assertIn("Access-Control-Allow-Origin", response.headers)
        self.assertEqual(self._names(), ["traced"])
        # an error at the flush still rolls back
        response = self.post("/test/items?name=x&quantity=-1&error=committed")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(self._names(), ["traced"])

    def test_exception_instance_of_many_requests(self):
        """A module-level exception carries nothing from one request to another."""
        for _attempt in range(3):
            response = self.post("/test/items?name=x&error=http")
            self.assertEqual(response.status_code, 409)
            self.assertNotIn("Access-Control-Allow-Origin", response.headers)
            response = self.post(
                "/test/items?name=x&error=http",
                headers={"Origin": "https://shop.example"},
            )
            self.assertIn("Access-Control-Allow-Origin", response.headers)

    def test_pending_computations_are_flushed_as_the_user_of_the_endpoint(self):
        item = self.env["test.fastapi.item"].create({"name": "item"})
        self.env.flush_all()
        self.authenticate("admin", "admin")  # the session's user doesn't count
        response = self.call("PATCH", f"/test/items/{item.id}?quantity=5")
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(item.quantity, 5)
        self.assertEqual(item.flushed_by_id, self.runner)

    def test_error_at_flush_rolls_back(self):
        item = self.env["test.fastapi.item"].create({"name": "item", "quantity": 1})
        response = self.call("PATCH", f"/test/items/{item.id}?quantity=-5")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "Quantity -5 is negative."})
        self.env.invalidate_all()
        self.assertEqual(item.quantity, 1)

    def test_teardown_belongs_to_the_transaction(self):
        self.assertEqual(self.post("/test/teardown?name=a").status_code, 200)
        self.assertCountEqual(self._names(), ["a", "a torn down"])

    def test_failing_teardown_rolls_back(self):
        response = self.post(
            "/test/teardown?name=b&fail=true",
            headers={"Origin": "https://shop.example"},
        )
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"detail": "teardown failed"})
        self.assertIn("Access-Control-Allow-Origin", response.headers)
        self.assertEqual(self._names(), [])
