# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of tool calls: an app sends them to another of its routes."""

from .log_case import LogCase


class TestAgents(LogCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._create_endpoint(
            "/agents", app="test_log_agents", request_log="bodies"
        )

    def call_tool(self, path, agent="Claude 1.0", **arguments):
        """Return the row of a call, and check its response."""
        params = {"name": path, "agent": agent, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        response = self.post("/agents/tool?a=b", json=body)
        self.assertEqual(response.status_code, 200)
        return self.logged()

    def counts(self):
        hour = self.env["fastapi.request.hour"].search(
            [("endpoint_id", "=", self.endpoint.id)]
        )
        return [
            (row.method, row.route, row.calls, row.client_errors, row.server_errors)
            for row in hour.sorted("route")
        ]

    def test_tool(self):
        call = self.call_tool("/items/7")
        self.assertEqual(call.agent, "Claude 1.0")
        self.assertEqual((call.method, call.route), ("GET", "/agents/items/{item_id}"))
        self.assertEqual(call.path, "/agents/tool?a=b")
        self.assertEqual(call.status, 200)
        self.assertFalse(call.error)
        self.assertIn('"name": "/items/7"', call.request_body)
        self.assertIn('{\\"item\\":7}', call.response_body)
        self.assertEqual(self.counts(), [("GET", call.route, 1, 0, 0)])

    def test_tools_that_fail(self):
        """The response has the status 200, but the call counts as what it was."""
        self.mute("odoo.http", "odoo.addons.fastapi")
        self.endpoint.request_log = "errors"
        for path, status, error in (
            ("/fail/http", 409, "HTTPException: 409"),
            ("/fail/value", 500, "ValueError"),
            ("/items/x", 422, "RequestValidationError: path.item_id"),
            ("/unknown", 404, "HTTPException: 404: Not Found"),
        ):
            with self.subTest(path):
                call = self.call_tool(path)
                self.assertEqual(call.status, status)
                self.assertIn(error, call.error)
                self.assertEqual(call.agent, "Claude 1.0")
        self.assertEqual(
            self.counts(),
            [
                ("GET", "", 1, 1, 0),
                ("GET", "/agents/fail/{how}", 2, 1, 1),
                ("GET", "/agents/items/{item_id}", 1, 1, 0),
            ],
        )
        statuses = self.env["fastapi.request.total"].search(
            [("endpoint_id", "=", self.endpoint.id)]
        )
        self.assertEqual(sorted(statuses.mapped("status")), [404, 409, 422, 500])
        self.assertEqual(self.endpoint.errors_today, 4)
        # the response was a success
        self.call_tool_unlogged("/items/7")

    def call_tool_unlogged(self, path):
        body = {"params": {"name": path, "agent": ""}}
        self.post("/agents/tool", json=body)
        self.logged(0)

    def test_secrets_in_arguments(self):
        call = self.call_tool("/items/7", password="hunter-two", note="is hunter-two")
        self.assertIn('"password": "***"', call.request_body)
        self.assertNotIn("hunter", str(call.read()))

    def test_curl(self):
        """It repeats the HTTP request."""
        call = self.call_tool("/items/7")
        self.assertIn("--data-raw", call.curl)  # a POST
        self.assertNotIn("--request", call.curl)
        self.assertTrue(call.curl.endswith("/agents/tool?a=b'"), call.curl)

    def test_agents_without_a_name(self):
        self.assertEqual(self.call_tool("/items/7", agent="").agent, "unknown")

    def test_other_calls(self):
        self.get("/agents/items/7")
        self.assertFalse(self.logged().agent)

    def test_filter(self):
        self.get("/agents/items/7")
        self.logged()
        call = self.call_tool("/items/7")
        arch = self.log.get_view(view_type="search")["arch"]
        self.assertIn('name="agents"', arch)
        domain = [("agent", "!=", False), ("endpoint_id", "=", self.endpoint.id)]
        self.assertEqual(self.log.search(domain), call)
