# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The protocol's inspector, a client in TypeScript, calls the tools of an endpoint."""

import json
import unittest

from .client_case import ClientCase
from .node_programs import has_program, run_program


@unittest.skipUnless(has_program("mcp-inspector"), "the inspector is not installed")
class TestInspector(ClientCase):
    def inspect(self, method, *options, key=None):
        return run_program(
            *("mcp-inspector", "--cli", self.url, "--transport", "http"),
            *("--method", method, *options),
            *("--header", f"Authorization: Bearer {key or self.key}"),
        )

    def inspect_json(self, *arguments):
        run = self.inspect(*arguments)
        self.assertIn("{", run.stdout, run.stderr)
        return json.loads(run.stdout)

    def test_tools(self):
        tools = {
            tool["name"]: tool for tool in self.inspect_json("tools/list")["tools"]
        }
        self.assertNotIn("secret", tools)
        self.assertTrue(tools["find_items"]["annotations"]["readOnlyHint"])
        call = ("tools/call", "--tool-name", "create_item", "--tool-arg")
        result = self.inspect_json(*call, "name=tea", "quantity=3")
        self.assertEqual(result["structuredContent"]["quantity"], 3)
        self.assertEqual(self.names(), ["tea"])
        result = self.inspect_json(*call, "name=tea")
        self.assertTrue(result["isError"])
        self.assertIn("An item of that name exists.", result["content"][0]["text"])

    def test_schemas(self):
        """The inspector finds no schema that some models would not accept."""
        run = self.inspect("tools/list", "--strict")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_resources_and_prompts(self):
        (resource,) = self.inspect_json("resources/list")["resources"]
        result = self.inspect_json("resources/read", "--uri", resource["uri"])
        self.assertEqual(result["contents"][0]["text"], "[]")
        (prompt,) = self.inspect_json("prompts/list")["prompts"]
        name = ("--prompt-name", prompt["name"])
        result = self.inspect_json("prompts/get", *name, "--prompt-args", "kind=tea")
        text = result["messages"][0]["content"]["text"]
        self.assertEqual(text, "Which tea do we have?")

    def test_wrong_key(self):
        run = self.inspect("tools/list", key="wrong")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("auth_required", run.stderr)
