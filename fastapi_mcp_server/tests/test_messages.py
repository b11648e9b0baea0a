# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo.tests import BaseCase

from ..server.messages import ClientMessage, parse_message

CLIENT = "io.modelcontextprotocol/clientInfo"


class TestMessages(BaseCase):
    def parse(self, **message):
        return parse_message(json.dumps(message).encode())

    def test_request(self):
        message = self.parse(id="a", method="tools/call", params={"name": "x"})
        self.assertEqual((message.id, message.method), ("a", "tools/call"))
        self.assertEqual(message.get_text("name"), "x")
        self.assertEqual(message.arguments, {})

    def test_no_message(self):
        for body in (b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000, b"9" * 5000):
            self.assertIsNone(parse_message(body))

    def test_wrong_types(self):
        message = self.parse(id=True, method=1, params=[])
        self.assertEqual(message, ClientMessage())
        message = self.parse(id=1.5, params={"name": 1, "arguments": [], "_meta": "x"})
        self.assertIsNone(message.id)
        self.assertIsNone(message.get_text("name"))
        self.assertIsNone(message.arguments)
        self.assertIsNone(message.progress_token)

    def test_progress_token(self):
        for token, expected in ((0, 0), ("a", "a"), (True, None), ([], None)):
            message = self.parse(params={"_meta": {"progressToken": token}})
            self.assertEqual(message.progress_token, expected)

    def test_idempotency_key(self):
        uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324"
        for number, expected in (
            (uuid, uuid),
            ("short", None),
            (1234567890123456, None),
            ("é" * 20, None),
            ("a\n" * 20, None),
            ("a" * 300, None),
        ):
            self.assertEqual(self.parse(id=number).idempotency_key, expected)

    def test_agent(self):
        info = {"name": "Agent\n", "version": "1"}
        for params, expected in (
            ({"_meta": {CLIENT: info}}, "Agent 1"),
            ({"clientInfo": info}, "Agent 1"),
            ({"clientInfo": {"name": 1}}, "browser"),
            ({"clientInfo": "x"}, "browser"),
            ({}, "browser"),
        ):
            agent = self.parse(params=params).get_agent("browser")
            self.assertEqual(agent, expected)
        self.assertEqual(len(ClientMessage().get_agent("x" * 500)), 128)
