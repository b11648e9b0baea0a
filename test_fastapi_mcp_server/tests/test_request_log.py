# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of ``fastapi_request_log``, if it is installed."""

from .mcp_case import HANDSHAKE, VERSIONS, McpCase


class TestRequestLog(McpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "fastapi.request.log" not in cls.env:
            cls.skipTest(cls, "The addon fastapi_request_log is not installed.")
        cls.log = cls.env["fastapi.request.log"]
        cls.mcp.request_log = "bodies"

    def setUp(self):
        super().setUp()
        self.log._flush_calls()

    def check(self, method, route, status, agent="tests 1"):
        """Check the row of the last call, and return it."""
        call = self.log._flush_calls()
        self.assertEqual(len(call), 1, call.mapped("path"))
        self.assertEqual((call.method, call.route), (method, f"/mcp-test{route}"))
        self.assertEqual((call.status, call.agent), (status, agent))
        self.assertEqual(call.path, "/mcp-test/mcp")
        return call

    def test_tool(self):
        for version, agent in zip(VERSIONS, ("tests 1", "Agent/2.0"), strict=True):
            result = self.call_tool(
                "create_item",
                {"name": f"tea of {agent}"},
                version=version,
                headers={"User-Agent": "Agent/2.0"},
            )
            self.assertFalse(result.get("isError"), result)
            call = self.check("POST", "/items", 201, agent)
            self.assertIn('"name": "create_item"', call.request_body)
            self.assertIn("--data-raw", call.curl)
            self.assertIn("/mcp-test/mcp", call.curl)
            self.assertFalse(call.error)

    def test_method_of_the_route(self):
        self.call_tool("check_values", {"number": 1, "word": "x"})
        call = self.check("GET", "/invalid", 200)
        self.assertNotIn("--request", call.curl)  # it is a POST
        self.assertIn("--data-raw", call.curl)

    def test_tools_that_fail(self):
        """The response of HTTP has the status 200, and the row that of the route."""
        self.mute("odoo.http")
        self.mcp.request_log = "errors"
        for error, status, text in (
            ("http", 409, "HTTPException: 409"),
            ("user", 400, "UserError: Not on Sundays."),
            ("bare", 500, "ZeroDivisionError"),
            ("busy", 429, "429"),
        ):
            with self.subTest(error):
                self.call_tool("create_item", {"name": "tea", "error": error})
                call = self.check("POST", "/items", status)
                self.assertIn(text, call.error)
        self.assertEqual(self.mcp.errors_today, 4)
        self.call_tool("create_item", {"name": "tea"})
        self.assertFalse(self.log._flush_calls())
        hours = self.env["fastapi.request.hour"].search(
            [("endpoint_id", "=", self.mcp.id)]
        )
        self.assertEqual(set(hours.mapped("method")), {"POST"})
        self.assertEqual(set(hours.mapped("route")), {"/mcp-test/items"})
        for name, number in (("calls", 5), ("client_errors", 3), ("server_errors", 1)):
            self.assertEqual(sum(hours.mapped(name)), number, name)
        total = self.env["fastapi.request.total"].search(
            [("endpoint_id", "=", self.mcp.id)]
        )
        self.assertEqual(sorted(total.mapped("status")), [201, 400, 409, 429, 500])

    def test_error_that_is_returned(self):
        self.call_tool("create_item", {"name": "tea", "error": "returned"})
        call = self.check("POST", "/items", 418)
        self.assertIn("This is returned.", call.response_body)

    def test_stream(self):
        self.send("tools/call", {"name": "stream_words", "arguments": {"name": "tea"}})
        self.check("POST", "/stream", 200)

    def test_other_messages(self):
        self.ask("tools/list")
        self.check("POST", "/mcp", 200)
        params = {
            "protocolVersion": HANDSHAKE,
            "capabilities": {},
            "clientInfo": {"name": "Claude", "version": "1.2"},
        }
        self.ask("initialize", params, version=HANDSHAKE)
        self.check("POST", "/mcp", 200, "Claude 1.2")

    def test_secrets_in_arguments(self):
        arguments = {"name": "hunter-two", "password": "hunter-two"}
        self.send("tools/call", {"name": "create_item", "arguments": arguments})
        call = self.log._flush_calls()
        self.assertIn('"password": "***"', call.request_body)
        self.assertNotIn("hunter", str(call.read()))
