# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Hop-by-hop headers, and ``Content-Length``."""

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, StreamingResponse

from ...bridge.exchange import STREAM_SIZE
from ..bridge_case import BridgeCase

SHORTER = "Response content shorter than Content-Length"
LONGER = "Response content longer than Content-Length"


def respond(body=b"12345", status=200, headers=()):
    """Return an app that sends a response in two chunks."""

    async def app(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": status, "headers": list(headers)}
        )
        middle = len(body) // 2
        for chunk, more in ((body[:middle], True), (body[middle:], False)):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    return app


class TestHopByHopHeaders(BridgeCase):
    def test_dropped(self):
        kept = [("content-length", "5"), ("X-Kept", "1"), ("set-cookie", "a=b")]
        for name in (
            "Connection",
            "keep-alive",
            "Proxy-Authenticate",
            "proxy-connection",
            "TE",
            "trailer",
            "Transfer-Encoding",
            "upgrade",
        ):
            with self.subTest(name):
                headers = [*kept[:1], (name, "chunked"), *kept[1:]]
                pairs = [(key.encode(), value.encode()) for key, value in headers]
                result = self.call(respond(headers=pairs))
                self.assertEqual(result.headers, kept)
                self.assertEqual(result.body, b"12345")

    def test_named_by_connection(self):
        headers = [
            (b"x-one", b"1"),
            (b"connection", b"close, X-One"),
            (b"X-Two", b"2"),
            (b"x-three", b"3"),
            (b"Connection", b"x-two"),
        ]
        headers.append((b"content-length", b"5"))
        result = self.call(respond(headers=headers))
        self.assertEqual(result.headers, [("x-three", "3"), ("content-length", "5")])


class TestContentLength(BridgeCase):
    def test_wrong_length(self):
        for length, message in ((b"4", LONGER), (b"6", SHORTER), (b"0", LONGER)):
            with self.subTest(length):
                result = self.call(respond(headers=[(b"Content-Length", length)]))
                self.assertEqual(result.code, 500)
                self.assertFalse(result.handled)
                self.assertEqual(str(result.exception), message)
                self.assertEqual((result.headers, result.body), ([], b""))

    def test_length_that_is_no_number(self):
        for values in ((b"x",), (b"-5",), (b"",), (b"5", b"6")):
            with self.subTest(values):
                headers = [(b"content-length", value) for value in values]
                result = self.call(respond(headers=headers))
                self.assertIn("not a number", str(result.exception))

    def test_of_an_app_of_fastapi(self):
        app = FastAPI()

        @app.get("/")
        def handler():
            return PlainTextResponse("12345", headers={"content-length": "7"})

        result = self.call(app)
        self.assertEqual((result.code, str(result.exception)), (500, SHORTER))

    def test_responses_without_a_body_keep_theirs(self):
        headers = [(b"content-length", b"1000")]
        for method, status in (("HEAD", 200), ("GET", 204), ("GET", 304)):
            with self.subTest(method, status=status):
                result = self.call(respond(b"", status, headers), method=method)
                self.assertEqual((result.code, result.exception), (status, None))
                self.assertEqual(result.header("content-length"), ["1000"])

    def test_stream(self):
        size = STREAM_SIZE + 1
        for sent in (size, size - 1, size + 1):
            app = FastAPI()

            @app.get("/")
            def handler(sent=sent):
                chunks = iter([b"x" * (size - 2), b"x", b"x" * (sent - size + 1)])
                return StreamingResponse(chunks, headers={"content-length": str(size)})

            with self.subTest(sent):
                if sent == size:
                    self.assertEqual(len(self.call(app).body), size)
                else:
                    message = SHORTER if sent < size else LONGER
                    with self.assertRaisesRegex(RuntimeError, message):
                        self.call(app)
