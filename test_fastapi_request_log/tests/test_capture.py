# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a row has of a call."""

from .log_case import LogCase


class TestCapture(LogCase):
    def test_row_of_a_call(self):
        response = self.get("/log/items/7?a=b", headers={"X-Request-ID": "of-client.1"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["X-Request-ID"], "of-client.1")
        call = self.logged()
        self.assertEqual(call.endpoint_id, self.endpoint)
        self.assertEqual(call.method, "GET")
        self.assertEqual(call.route, "/log/items/{item_id}")
        self.assertEqual(call.path, "/log/items/7?a=b")
        self.assertEqual(call.status, 200)
        self.assertEqual(call.request_id, "of-client.1")
        self.assertEqual(call.attempts, 1)
        self.assertEqual(call.address, "127.0.0.1")
        self.assertEqual(call.response_size, len(response.content))
        self.assertEqual(call.response_body, '{"item":7}')
        self.assertGreater(call.duration, 0)
        self.assertGreater(call.queries, 0)
        self.assertGreater(call.sql_duration, 0)
        self.assertLess(call.sql_duration, call.duration)
        self.assertFalse(call.error)
        self.assertFalse(call.user_id)
        self.assertIn("content-type: application/json", call.response_headers)
        self.assertIn("Host: 127.0.0.1", call.request_headers)

    def test_routes_at_several_places(self):
        for path, route in (
            ("/log/first/a/b/again", "/log/first/{part}/{name}/again"),
            ("/log/second/b/again", "/log/second/{name}/again"),
            ("/log/first/x/y/again", "/log/first/{part}/{name}/again"),
            ("/log/second/y/again", "/log/second/{name}/again"),
            ("/log/mounted/things/1", "/log/mounted/things/{thing_id}"),
            ("/log/docs", "/log/docs"),
            ("/log/unknown", False),
        ):
            with self.subTest(path=path):
                self.get(path)
                self.assertEqual(self.logged().route or False, route)

    def test_statuses(self):
        self.mute("odoo.http")
        for method, path, status, error in (
            ("GET", "/log/unknown", 404, "HTTPException: 404: Not Found"),
            ("POST", "/log/items/7", 405, "HTTPException: 405: Method Not Allowed"),
            ("GET", "/log/items/x", 422, "RequestValidationError: path.item_id: "),
            ("GET", "/log/caller", 401, "HTTPException: 401: Not authenticated"),
            ("GET", "/log/fail/http?text=no", 409, "HTTPException: 409: no"),
            ("GET", "/log/fail/user?text=no", 400, "UserError: no"),
            ("GET", "/log/fail/value?text=no", 500, "ValueError: no"),
            ("GET", "/log/fail/abort", 418, "HTTPException: ???"),
            ("GET", "/log/fail/commit", 500, "DivisionByZero: division by zero"),
        ):
            with self.subTest(path=path):
                response = self.call(method, path)
                self.assertEqual(response.status_code, status, response.text)
                call = self.logged()
                self.assertEqual(call.status, status)
                self.assertIn(error, call.error)
                self.assertEqual(call.request_id, response.headers["X-Request-ID"])
                self.assertEqual(call.response_size, len(response.content))
                if "/fail/" in path and "commit" not in path:
                    self.assertIn("routers.py:", call.error_place)
                    self.assertIn(", in fail", call.error_place)
