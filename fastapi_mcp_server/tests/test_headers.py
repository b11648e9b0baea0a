# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from types import SimpleNamespace

from odoo.tests import BaseCase

from ..server.headers import (
    get_implied_key,
    make_request_headers,
    merge_response_headers,
)
from ..server.messages import ClientMessage
from ..tools import ToolRequest

KEY = b"idempotency-key"
LONG_ID = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class TestRequestHeaders(BaseCase):
    def make(self, outer=(), own=(), message=None, takes_key=True):
        request = ToolRequest("POST", "/x", b"", list(own), b"body")
        call = SimpleNamespace(takes_key=takes_key, streams=False)
        message = message or ClientMessage()
        return make_request_headers(outer, message, request, call)

    def test_what_is_passed_on(self):
        passed = [
            (b"authorization", b"Bearer x"),
            (b"accept-language", b"fr"),
            (b"host", b"odoo.test"),
            (b"x-forwarded-for", b"10.0.0.1"),
        ]
        dropped = [
            (b"content-type", b"application/json"),
            (b"content-length", b"1000"),
            (b"accept", b"text/event-stream"),
            (b"accept-encoding", b"gzip"),
            (b"if-none-match", b'"x"'),
            (b"range", b"bytes=0-1"),
            (b"mcp-method", b"tools/call"),
            (b"mcp-protocol-version", b"2026-07-28"),
            (b"transfer-encoding", b"chunked"),
        ]
        headers = self.make([*dropped, *passed])
        self.assertEqual(headers[: len(passed)], passed)
        names = [name for name, _value in headers[len(passed) :]]
        self.assertEqual(names, [b"accept", b"content-length"])
        self.assertIn((b"content-length", b"4"), headers)

    def test_headers_of_the_arguments(self):
        headers = self.make(
            [(b"x-one", b"client"), (b"cookie", b"session_id=x")],
            [(b"x-one", b"argument"), (b"cookie", b"a=b")],
        )
        values = [value for name, value in headers if name == b"x-one"]
        self.assertEqual(values, [b"argument"])
        self.assertIn((b"cookie", b"session_id=x; a=b"), headers)

    def get_key(self, **options):
        values = [value for name, value in self.make(**options) if name == KEY]
        self.assertLessEqual(len(values), 1)
        return values[0] if values else None

    def test_key_that_the_client_may_not_have_meant(self):
        message = ClientMessage(id=LONG_ID)
        call = SimpleNamespace(takes_key=True, streams=False)
        for own, outer, expected in (
            ([], [], LONG_ID),
            ([(KEY, b"argument")], [], None),
            ([], [(KEY, b"header")], None),
        ):
            request = ToolRequest("POST", "/x", b"", own, b"body")
            self.assertEqual(get_implied_key(outer, message, request, call), expected)
        self.assertIsNone(get_implied_key([], message, request, None))

    def test_idempotency_key(self):
        message = ClientMessage(id=LONG_ID)
        quoted = f'"{LONG_ID}"'.encode()
        self.assertEqual(self.get_key(message=message), quoted)
        own = [(KEY, b"argument")]
        self.assertEqual(self.get_key(message=message, own=own), b"argument")
        outer = [(KEY, b"header")]
        self.assertEqual(self.get_key(message=message, own=own, outer=outer), b"header")
        self.assertIsNone(self.get_key(message=ClientMessage(id=1)))
        self.assertIsNone(self.get_key(message=message, outer=outer, takes_key=False))
        message = ClientMessage(id='a "quoted" \\ identifier')
        self.assertEqual(
            self.get_key(message=message), rb'"a \"quoted\" \\ identifier"'
        )


class TestResponseHeaders(BaseCase):
    def merge(self, *inner, is_refusal=False):
        own = [(b"content-type", b"application/json"), (b"content-length", b"5")]
        return merge_response_headers(own, inner, is_refusal)[2:]

    def test_what_is_passed_on(self):
        passed = [
            (b"access-control-allow-origin", b"*"),
            (b"ratelimit", b"x"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=1"),
            (b"retry-after", b"1"),
        ]
        dropped = [
            (b"Content-Type", b"text/plain"),
            (b"content-length", b"7"),
            (b"content-encoding", b"gzip"),
            (b"ETag", b'"x"'),
            (b"cache-control", b"public"),
            (b"location", b"/items/1"),
            (b"transfer-encoding", b"chunked"),
            (b"X-Accel-Redirect", b"/web/filestore/x"),
            (b"X-Sendfile", b"/x"),
        ]
        self.assertEqual(self.merge(*dropped, *passed), passed)

    def test_challenge(self):
        challenge = (b"www-authenticate", b"Bearer")
        self.assertEqual(self.merge(challenge), [])
        self.assertEqual(self.merge(challenge, is_refusal=True), [challenge])
