# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Hostile requests, byte by byte over sockets."""

import json
import random
import socket

from odoo.tests import tagged

from .hostile_requests import (
    ORIGIN,
    SERVER_STATUSES,
    RawResponse,
    Request,
)
from .servers import TIMEOUT
from .stress_case import StressCase


@tagged("post_install", "-at_install")
class TestFuzz(StressCase):
    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/fuzz")
        response = self.send(b"GET /fuzz/identity HTTP/1.1\r\n")
        self.assertTrue(response.by_app, response.raw)

    def tearDown(self):
        # the same server process still serves requests
        response = self.send(b"GET /fuzz/identity HTTP/1.1\r\n")
        self.assertEqual(response.status, 200)
        super().tearDown()

    def send(self, raw):
        """Send bytes, completed to a request if necessary; return the response."""
        if b"\r\n\r\n" not in raw:
            raw += b"Host: 127.0.0.1\r\nOrigin: " + ORIGIN + b"\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.first.port), TIMEOUT) as peer:
            chunks = []
            try:
                peer.sendall(raw)
                peer.shutdown(socket.SHUT_WR)
                while chunk := peer.recv(65536):
                    chunks.append(chunk)
            except TimeoutError:
                raise
            except OSError:
                # The server has not read everything. Its response may be lost.
                return RawResponse(b"".join(chunks), reset=True)
        return RawResponse(b"".join(chunks))

    def judge(self, request, response):
        """Yield the mistakes of a response."""
        if b"x-injected" in dict(response.headers):
            yield "a header was injected"
        if response.raw.count(b"\r\nServer: ") > 1:
            yield "two responses"
        if not response.http:
            # an HTTP/0.9 response, or no response
            if not (
                response.reset
                or request.odd_method
                or request.odd_version
                or request.discarded
            ):
                yield f"no response: {response.raw[:200]!r}"
        elif response.by_app:
            if not request.below:
                yield f"{response.status} of another endpoint"
            if response.status >= 500:
                yield f"{response.status}: {response.body[:200]!r}"
        elif response.status >= 500:
            if not self.is_of_plain_odoo(request, response):
                yield f"{response.status} not by the app: {response.raw[:500]!r}"
        elif request.below and not (
            response.status in SERVER_STATUSES
            or (request.odd_method and response.status == 405)
            # such a request, if also malformed, does not reach the app
            or (request.too_long and response.status == 413)
            # a handshake is refused before the app (handshake.check_handshake)
            or (
                request.upgrade
                and response.status in (403, 405)
                and response.body.startswith(b'{"detail":')
            )
        ):
            yield f"{response.status} not by the app: {response.raw[:500]!r}"

    def is_of_plain_odoo(self, request, response):
        """Return whether Odoo without the addon responds with this 5xx too."""
        if response.status == 505:
            # http.server (BaseHTTPRequestHandler.parse_request)
            return request.odd_version
        if response.status != 500:
            return False
        if not request.has_host:
            # a KeyError before any routing (odoo.http.Request._get_session_and_dbname)
            return True
        # For unknown paths, Odoo searches an attachment, and PostgreSQL refuses NUL
        # (ir.http._serve_fallback).
        path = request.target.partition(b"?")[0]
        return not request.below and b"%00" in path

    def fuzz(self, case, tried, below):
        seed = random.randrange(2**32) if self.full else 1
        dice = random.Random(seed)
        failures = []
        unknown = 0
        for number in range(tried):
            request = Request(dice, below)
            response = self.send(request.raw)
            unknown += response.reset
            failures += [
                f"{number} of seed {seed}: {wrong}\n    {request}"
                for wrong in self.judge(request, response)
            ]
        self.conclude(case, tried - unknown, failures)
        self.assertLess(unknown, tried / 5)

    def test_below_the_endpoint(self):
        self.fuzz("hostile requests below an endpoint", self.size(5000, 300), True)

    def test_elsewhere(self):
        self.fuzz("requests that are not for an endpoint", self.size(500, 100), False)

    def test_reflected_headers(self):
        """A handler's bad header is a 500; the client must not inject a header."""
        failures = []
        tried = 0
        for value in (
            "a%0d%0aX-Injected:%20yes",
            "a%0aX-Injected:%20yes",
            "a%0dX-Injected:%20yes",
            "a%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aX-Injected:%20yes",
            "%e2%80%a8X-Injected:%20yes",
            "%c4%8d%c4%8aX-Injected:%20yes",
        ):
            for error in (0, 1):
                tried += 1
                path = f"/fuzz/reflect?error={error}&value={value}"
                response = self.send(f"GET {path} HTTP/1.1\r\n".encode())
                if not (response.by_app and response.status == 500):
                    failures.append(f"{path}: {response.raw}")
                if b"Injected" in response.raw:
                    failures.append(f"{path}: injected")
        self.conclude("headers that handlers take from clients", tried, failures)

    def test_framing(self):
        """Bodies of unclear length are refused; bytes after a body are ignored."""
        after = b"GET /fuzz/request HTTP/1.1\r\nHost: x\r\n\r\n"
        chunked = "Transfer-Encoding: chunked"
        cases = (
            # headers, body, status, bytes that the handler gets
            ("Content-Length: 5", b"abcde" + after, 200, 5),
            ("Content-Length: 5\r\n" + chunked, b"0\r\n\r\n" + after, 200, 0),
            (chunked + "\r\nContent-Length: 5", b"0\r\n\r\n" + after, 200, 0),
            ("Content-Length: 5, 6", b"abcdef", 400, None),
            ("Content-Length: 5, 5", b"abcde", 400, None),
            ("Content-Length: +5", b"abcde", 400, None),
            ("Content-Length: -5", b"abcde", 400, None),
            ("Content-Length: 5_0", b"a" * 50, 400, None),
            ("Content-Length: 0x5", b"abcde", 400, None),
            ("Content-Length: x", b"abcde", 400, None),
            ("Content-Length: 10", b"abcde", 400, None),
            (chunked, b"3\r\nabc\r\n0\r\n\r\n" + after, 200, 3),
            (chunked, b"-3\r\nabc\r\n0\r\n\r\n", 400, None),
            (chunked, b"zz\r\nabc\r\n0\r\n\r\n", 400, None),
            (chunked, b"20000\r\nabc", 400, None),
            (chunked, b"ffffffff\r\nabc", 400, None),
            (chunked, b"3\r\nabc", 400, None),
        )
        failures = []
        for headers, body, status, size in cases:
            raw = (
                f"POST /fuzz/body HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n"
                f"Origin: https://shop.example\r\n{headers}\r\n\r\n"
            )
            response = self.send(raw.encode() + body)
            expected = response.by_app and response.status == status
            if status == 200:
                expected = expected and json.loads(response.body)["size"] == size
            if not expected:
                failures.append(f"{headers!r} {body!r}: {response.raw!r}")
        self.conclude("lengths that contradict each other", len(cases), failures)
