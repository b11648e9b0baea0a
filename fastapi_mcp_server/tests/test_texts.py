# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts for clients, and the arguments of tools as texts."""

import json
import shlex

from odoo.tests import BaseCase

from ..client_texts import CLIENT_TEXTS, Connection, make_name
from ..tool_texts import describe_arguments

URL = "https://odoo.example.com/agent_api/mcp"
BEARER = Connection("agent_api", URL, "Authorization", "Bearer", "se'cret")
OWN_HEADER = Connection("agent_api", URL, "X-API-Key")
WITHOUT = Connection("agent_api", URL)


class TestClientTexts(BaseCase):
    def test_commands(self):
        claude = ["claude", "mcp", "add", "--transport", "http", "agent_api", URL]
        inspector = ["npx", "@modelcontextprotocol/inspector", "--cli", URL]
        inspector += ["--transport", "http"]
        for connection, header in (
            (BEARER, ["--header", "Authorization: Bearer se'cret"]),
            (OWN_HEADER, ["--header", "X-API-Key: KEY"]),
            (WITHOUT, []),
        ):
            self.assertEqual(
                shlex.split(CLIENT_TEXTS["claude_code"](connection)), claude + header
            )
            self.assertEqual(
                shlex.split(CLIENT_TEXTS["inspector"](connection)),
                [*inspector, *header, "--method", "tools/list"],
            )

    def test_json(self):
        bearer = {"headers": {"Authorization": "Bearer se'cret"}}
        for client, connection, expected in (
            ("cursor", BEARER, {"url": URL, **bearer}),
            ("cursor", WITHOUT, {"url": URL}),
            ("other", BEARER, {"type": "http", "url": URL, **bearer}),
            ("other", WITHOUT, {"type": "http", "url": URL}),
        ):
            text = CLIENT_TEXTS[client](connection)
            self.assertEqual(json.loads(text), {"mcpServers": {"agent_api": expected}})

    def test_vs_code_has_no_key(self):
        text = CLIENT_TEXTS["vs_code"](BEARER)
        self.assertNotIn("se'cret", text)
        file = json.loads(text)
        (question,) = file["inputs"]
        self.assertIs(question["password"], True)
        value = f"Bearer ${{input:{question['id']}}}"
        self.assertEqual(
            file["servers"],
            {
                "agent_api": {
                    "type": "http",
                    "url": URL,
                    "headers": {"Authorization": value},
                }
            },
        )
        self.assertEqual(
            json.loads(CLIENT_TEXTS["vs_code"](WITHOUT)),
            {"servers": {"agent_api": {"type": "http", "url": URL}}},
        )

    def test_claude_desktop(self):
        server = json.loads(CLIENT_TEXTS["claude_desktop"](BEARER))
        server = server["mcpServers"]["agent_api"]
        self.assertEqual(server["env"], {"ODOO_HEADER": "Bearer se'cret"})
        self.assertEqual(
            server["args"][2:], [URL, "--header", "Authorization:${ODOO_HEADER}"]
        )
        self.assertFalse([text for text in server["args"] if " " in text])
        plain = Connection("x", "http://localhost:8069/x/mcp", "X-API-Key")
        self.assertIn("--allow-http", CLIENT_TEXTS["claude_desktop"](plain))
        self.assertEqual(CLIENT_TEXTS["claude_desktop"](WITHOUT), URL)

    def test_codex(self):
        self.assertEqual(
            CLIENT_TEXTS["codex"](BEARER).splitlines(),
            [
                "[mcp_servers.agent_api]",
                f'url = "{URL}"',
                'http_headers = { "Authorization" = "Bearer se\'cret" }',
            ],
        )
        self.assertEqual(len(CLIENT_TEXTS["codex"](WITHOUT).splitlines()), 2)

    def test_names(self):
        for path, name in (
            ("/agent_api", "agent_api"),
            ("/api/v1", "api-v1"),
            ("/bücher/läden", "b-cher-l-den"),
            ("/ü", "odoo"),
        ):
            self.assertEqual(make_name(path), name)


class TestToolTexts(BaseCase):
    def describe(self, **arguments):
        schema = {
            "properties": arguments,
            "required": ["needed"],
            "$defs": {
                "Line": {
                    "type": "object",
                    "properties": {
                        "product": {"type": "integer"},
                        "parts": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
                    },
                },
                "Color": {"enum": ["red", "gray"]},
            },
        }
        return list(describe_arguments(schema))

    def test_arguments(self):
        lines = self.describe(
            needed={"type": "string", "description": "Part of\n  the name."},
            limit={"type": "integer", "default": 10},
            since={"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            ids={"type": "array", "items": {"type": "integer"}},
            color={"$ref": "#/$defs/Color"},
            kind={"const": "é"},
            either={"type": ["string", "integer", "null"]},
            free={},
            whatever=True,
            anything={"type": "object", "properties": {"x": True}},
        )
        self.assertEqual(
            lines,
            [
                "needed: string. Part of the name.",
                "limit: integer = 10",
                "since: string (date) (optional)",
                "ids: list of integer (optional)",
                'color: "red" | "gray" (optional)',
                'kind: "é" (optional)',
                "either: string or integer (optional)",
                "free: any (optional)",
                "whatever: any (optional)",
                "anything: {x: any} (optional)",
            ],
        )

    def test_schema_that_refers_to_itself(self):
        (line,) = self.describe(needed={"$ref": "#/$defs/Line"})
        self.assertEqual(line, "needed: {product: integer, parts: list of object}")
        self.assertEqual(list(describe_arguments({})), [])
