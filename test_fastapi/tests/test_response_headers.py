# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Responses of apps that set headers which belong to the server."""

import http.client
import socket

from .server_case import ServerCase
from .servers import TIMEOUT

HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: {}\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
#: Status and body if no app accepts a WebSocket.
UNKNOWN = 404, b'{"detail":"There is no WebSocket at this path."}'
MEGABYTE = 1024 * 1024


class TestResponseHeaders(ServerCase):
    #: Status and body for ``Upgrade: WebSocket``, which Odoo gives no socket to.
    mixed = (
        400,
        b'{"detail":"This server needs the header Upgrade: websocket, once, in lower '
        b'case."}',
    )

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/h", app="test_lifespan")

    def send(self, method, path, headers="", body=b""):
        """Send a raw request; return the fully read response."""
        address = ("127.0.0.1", self.first.port)
        with socket.create_connection(address, TIMEOUT) as connection:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
            connection.sendall(head.encode() + body)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            response.content = response.read()
            return response

    def logged(self, text):
        return any(text in line for line in self.first.log.copy())

    def test_headers_of_the_connection(self):
        query = "transfer-encoding=chunked&x-named=1&x-kept=1&Connection=x-named"
        response = self.send("GET", f"/h/headers/plain?{query}&upgrade=h2c")
        self.assertEqual((response.status, response.content), (200, b"12345"))
        self.assertEqual(response.headers.get_all("content-length"), ["5"])
        self.assertEqual(response.headers["x-kept"], "1")
        for name in ("transfer-encoding", "x-named", "upgrade"):
            self.assertNotIn(name, response.headers)
        self.assertNotIn("x-named", response.headers.get("connection", ""))

    def test_wrong_length(self):
        for length in ("3", "30", "x"):
            path = f"/h/headers/wrong?length={length}&name=wrong{length}"
            response = self.send("POST", path)
            self.assertEqual(response.status, 500)
            self.assertEqual(response.content, b'{"detail":"Internal Server Error"}')
        self.assertEqual(self.names(), [])
        self.wait_until(lambda: self.logged("longer than Content-Length"), True)
        self.wait_until(lambda: self.logged("shorter than Content-Length"), True)
        response = self.send("POST", "/h/headers/wrong?length=5&name=right")
        self.assertEqual((response.status, response.content), (200, b"12345"))
        self.assertEqual(self.names(), ["right"])

    def test_length_of_a_response_to_head(self):
        response = self.send("HEAD", "/h/headers/plain?content-length=77")
        self.assertEqual((response.status, response.content), (200, b""))
        self.assertEqual(response.headers["content-length"], "77")

    def test_wrong_length_of_a_stream(self):
        path = "/h/headers/stream?announced={}&chunks=3"
        response = self.send("GET", path.format(3 * MEGABYTE))
        self.assertEqual(len(response.content), 3 * MEGABYTE)
        with self.assertRaises(http.client.IncompleteRead):
            self.send("GET", path.format(4 * MEGABYTE))
        self.wait_until(lambda: self.logged("shorter than Content-Length"), True)
        # never more than the announced length is sent
        with self.assertRaises(http.client.IncompleteRead):
            self.send("GET", path.format(2 * MEGABYTE + 5))
        self.wait_until(lambda: self.logged("longer than Content-Length"), True)

    def test_refused_handshake(self):
        for upgrade, refusal in (("websocket", UNKNOWN), ("WebSocket", self.mixed)):
            for path in ("/h/headers/plain", "/h/unknown", "/h"):
                with self.subTest(path, upgrade=upgrade):
                    response = self.send("GET", path, HANDSHAKE.format(upgrade))
                    self.assertEqual((response.status, response.content), refusal)
                    length = str(len(response.content))
                    self.assertEqual(response.headers["content-length"], length)
        with self.subTest("right after an endpoint has moved"):
            self.first.rpc(
                "fastapi.endpoint", "write", self.created, {"root_path": "/moved"}
            )
            response = self.send("GET", "/moved/x", HANDSHAKE.format("websocket"))
            self.assertEqual((response.status, response.content), UNKNOWN)

    def test_other_upgrades(self):
        """A proxy may send an upgrade with each request; the app ignores it."""
        headers = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
        response = self.send("GET", "/h/headers/plain", headers)
        self.assertEqual((response.status, response.content), (200, b"12345"))
        self.check_body(headers + "Content-Length: 4\r\n", b"body")

    def check_body(self, headers, body):
        response = self.send("POST", "/h/headers/plain", headers, body)
        self.assertEqual((response.status, response.content), (200, b"12345"))


class TestEventedResponseHeaders(TestResponseHeaders):
    options = {"command": "gevent"}
    mixed = UNKNOWN

    def check_body(self, headers, body):
        """The evented server passes the connection, not the body."""
        response = self.send("POST", "/h/headers/plain", headers, body)
        self.assertEqual(response.status, 400)
        self.assertIn(b"upgrade", response.content)
