# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the backend makes of real calls."""

import shlex
from unittest.mock import patch

from odoo.tools import config

from odoo.addons.fastapi_request_log.models.fastapi_endpoint_usage import FAILING_CALLS

from .log_case import LogCase


class TestUsage(LogCase):
    def test_calls_and_errors_of_today(self):
        self.get("/log/items/1")
        self.get("/log/items/none")
        self.get("/log/nowhere")
        self.logged(3)
        self.assertEqual(
            (self.endpoint.calls_today, self.endpoint.errors_today), (3, 2)
        )

    def test_failing_until_it_works_again(self):
        self.mute("odoo.http", "odoo.addons.fastapi")
        for _call in range(FAILING_CALLS):
            self.get("/log/fail/crash")
        self.logged(FAILING_CALLS)
        self.env.invalidate_all()
        self.assertEqual(self.endpoint.state, "failing")
        self.assertEqual(self.get("/log/items/1").status_code, 200)
        self.logged()

    def test_routes_are_found_in_the_log(self):
        self.get("/log/items/1")
        self.get("/log/items/2")
        self.get("/log/first/a/b/again")
        self.get("/log/second/b/again")
        self.post("/log/echo", json={"a": 1})
        self.get("/log/openapi.json")
        self.logged(6)
        action = self.endpoint.action_open_routes()
        rows = self.env["fastapi.route"].search(action["domain"])
        self.assertEqual(
            {(row.method, row.path): row.calls for row in rows if row.calls},
            {
                ("GET", "/items/{item_id}"): 2,
                ("GET", "/first/{part}/{name}/again"): 1,
                ("GET", "/second/{name}/again"): 1,
                ("POST", "/echo"): 1,
            },
        )

    def test_routes_behind_a_reverse_proxy(self):
        """A route is one, whatever prefix the proxy has removed."""
        paths = ("items/1", "first/a/b/again", "mounted/things/1", "openapi.json")
        for prefix in ("", "/erp", "/log", f"/{'x' * 3000}"):
            headers = {"X-Forwarded-Host": "a.test", "X-Forwarded-Prefix": prefix}
            with patch.dict(config.options, {"proxy_mode": True}):
                for path in paths:
                    self.get(f"/log/{path}", headers=headers)
        self.assertEqual(
            set(self.logged(16).mapped("route")),
            {
                "/log/items/{item_id}",
                "/log/first/{part}/{name}/again",
                "/log/mounted/things/{thing_id}",
                "/log/openapi.json",
            },
        )
        action = self.endpoint.action_open_routes()
        rows = self.env["fastapi.route"].search(action["domain"])
        (row,) = rows.filtered(lambda row: row.path == "/items/{item_id}")
        self.assertEqual(row.calls, 4)

    def test_curl_repeats_the_call(self):
        body = '{"name": "O\'Neill", "text": "$HOME `id`\\n", "price": 1.50}'
        headers = {"Content-Type": "application/json", "X-Shop": "a 'b'"}
        response = self.post("/log/raw?media_type=text/x", data=body, headers=headers)
        arguments = shlex.split(self.logged().curl)
        self.assertEqual(arguments[0], "curl")
        self.assertEqual(
            arguments[-1],
            f"{self.endpoint.get_base_url()}/log/raw?media_type=text/x",
        )
        options = list(zip(arguments[1:-1:2], arguments[2:-1:2], strict=True))
        self.assertIn(("--data-raw", response.text), options)
        for name, value in headers.items():
            self.assertIn(("--header", f"{name}: {value}"), options)
        self.assertNotIn("--request", arguments)
