# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Calls of tools count as calls of their routes, for addons beside this one."""

from .mcp_case import VERSIONS
from .test_transactions import McpServerCase

LONG_ID = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class OtherAddonCase(McpServerCase):
    #: A field of the addon.
    field = ""

    def setUp(self):
        super().setUp()
        fields = self.first.rpc(
            "fastapi.endpoint", "fields_get", [self.field], ["type"]
        )
        if not fields:
            self.skipTest("The addon is not installed.")

    def set_up(self, **vals):
        self.first.rpc("fastapi.endpoint", "write", self.created, vals)


class TestIdempotency(OtherAddonCase):
    field = "idempotency"

    def call(self, version, number, name="tea"):
        params = {"name": "create_item", "arguments": {"name": name}}
        return self.get_result(self.send("tools/call", params, version, number))

    def test_the_id_is_the_key(self):
        self.set_up(idempotency="accepted")
        for number, version in enumerate(VERSIONS):
            key = f"{LONG_ID}-{number}"
            first = self.call(version, key, name=key)
            again = self.call(version, key, name=key)
            self.assertFalse(again.get("isError"), again)
            self.assertEqual(again["structuredContent"], first["structuredContent"])
            self.wait_until(
                lambda key=key: sorted(self.names()), [key, f"{key} of the task"]
            )
            self.query("DELETE FROM test_fastapi_item")
            other = self.call(version, key, name="coffee")
            self.assertTrue(other["isError"])
            self.assertEqual(self.names(), [])

    def test_counters_are_no_keys(self):
        self.set_up(idempotency="accepted")
        self.call(VERSIONS[0], 1, name="tea")
        result = self.call(VERSIONS[0], 1, name="coffee")
        self.assertFalse(result.get("isError"))


class TestRates(OtherAddonCase):
    field = "rate_by_address"

    def test_too_many_calls(self):
        self.set_up(rate_by_address="2/minute")
        first = self.call_tool("for_all")
        self.get_result(first)
        self.assertIn("RateLimit", first.headers)
        self.assertEqual(self.send("tools/list").status, 200)
        result = self.get_result(self.call_tool("for_all"))
        self.assertTrue(result["isError"])
        self.assertIn("Try again in", result["content"][0]["text"])
        refused = self.send("tools/list")
        self.assertEqual(refused.status, 429)
        self.assertIn("Retry-After", refused.headers)
        self.assertIn("message", refused.json()["error"])
