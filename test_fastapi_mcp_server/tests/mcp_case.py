# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Messages of the protocol, over HTTP."""

import json

from odoo.tests import tagged

from odoo.addons.test_fastapi.tests.common import FastapiHttpCase

MODERN = "2026-07-28"
HANDSHAKE = "2025-11-25"
VERSIONS = (MODERN, HANDSHAKE)
PREFIX = "io.modelcontextprotocol"
#: Params whose value a header repeats, by method.
_NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def make_message(method, params=None, version=MODERN, number=1):
    """Return headers and body of a message.

    :param number: id of the message, None for a notification
    """
    params = dict(params or {})
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version,
    }
    if version == MODERN:
        headers["Mcp-Method"] = method
        if method in _NAMES:
            headers["Mcp-Name"] = params[_NAMES[method]]
        params["_meta"] = {
            f"{PREFIX}/protocolVersion": version,
            f"{PREFIX}/clientInfo": {"name": "tests", "version": "1"},
            f"{PREFIX}/clientCapabilities": {},
            **params.get("_meta", {}),
        }
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        message["id"] = number
    return headers, json.dumps(message)


@tagged("post_install", "-at_install")
class McpCase(FastapiHttpCase):
    """Sends messages to the test app over HTTP, below ``/mcp-test``."""

    vals = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mcp = cls._create_endpoint("/mcp-test", **{"app": "test_mcp", **cls.vals})

    def send(self, method, params=None, *, version=MODERN, number=1, **options):
        """Send a message, and return the HTTP response."""
        headers, body = make_message(method, params, version, number)
        headers.update(options.pop("headers", {}))
        path = options.pop("path", "/mcp-test/mcp")
        return self.post(path, data=body, headers=headers, **options)

    def ask(self, method, params=None, **options):
        """Send a message, and return the result."""
        response = self.send(method, params, **options)
        content = response.json()
        self.assertIn("result", content, response.text)
        self.assertEqual(response.status_code, 200)
        return content["result"]

    def call_tool(self, name, arguments=None, **options):
        """Call a tool, and return the result."""
        params = {"name": name, "arguments": arguments or {}}
        return self.ask("tools/call", params, **options)

    def get_text(self, result):
        return "\n".join(block["text"] for block in result["content"])

    def assertToolError(self, result, text):
        self.assertTrue(result["isError"], result)
        self.assertIn(text, self.get_text(result))
        self.assertNotIn("structuredContent", result)

    def names(self):
        return self.env["test.fastapi.item"].search([]).mapped("name")
