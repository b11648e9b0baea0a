# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documented configuration of nginx, with workers and an evented server."""

import http.client
import json
import unittest
from base64 import b64encode

import websocket
from websocket import WebSocketBadStatusException

from .nginx import CONF, HOST, MISSING, Nginx
from .server_case import LOCK, ServerCase
from .servers import TIMEOUT, free_port, wait_until_it_listens

#: Headers that Odoo requires to open a WebSocket.
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Origin": f"https://{HOST}",
}
BASIC = {"Authorization": "Basic " + b64encode(b"admin:admin").decode()}
MIB = 1024 * 1024


@unittest.skipUnless(CONF.exists(), "not in the repository")
@unittest.skipIf(MISSING, f"not installed: {MISSING}")
class TestNginx(ServerCase):
    options = {"workers": 2, "proxy_mode": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until_it_listens(cls.first.gevent_port)
        cls.nginx = cls.start_nginx(cls.first.port, cls.first.gevent_port)

    @classmethod
    def start_nginx(cls, http_port, gevent_port):
        nginx = Nginx(http_port, gevent_port)
        cls.addClassCleanup(nginx.stop)
        return nginx

    def setUp(self):
        super().setUp()
        self.create_endpoint(self.first, "/n")

    def get(self, path, **headers):
        with self.nginx.open("GET", path, **headers) as response:
            self.assertEqual(response.status, 200)
            return json.load(response)

    def status(self, nginx, path, **headers):
        with nginx.open("GET", path, **headers) as response:
            return response.status

    def test_urls(self):
        (server,) = self.get("/n/openapi.json")["servers"]
        self.assertEqual(server, {"url": f"https://{HOST}/n"})
        (server,) = self.get("/erp/n/openapi.json")["servers"]
        self.assertEqual(server, {"url": f"https://{HOST}/erp/n"})
        response = self.get("/erp/n/request?a=b%2Fc")
        self.assertEqual(response["url_for"], f"https://{HOST}/erp/n/method")
        self.assertEqual(response["query"], "a=b%2Fc")

    def test_forwarded_headers_of_a_client_are_replaced(self):
        forged = {
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-For": "192.0.2.1",
        }
        response = self.get("/n/request", **forged)
        self.assertEqual(response["url_for"], f"https://{HOST}/n/method")
        headers = dict(response["headers"])
        self.assertNotIn("x-forwarded-prefix", headers)
        # Odoo uses the last address
        self.assertEqual(headers["x-forwarded-for"], "192.0.2.1, 127.0.0.1")

    def test_streams_are_not_buffered(self):
        self.query("SELECT pg_advisory_lock(%s)", LOCK)
        self.addCleanup(self.query, "SELECT pg_advisory_unlock_all()")
        path = f"/n/stream/events?name=x&lock={LOCK}"
        with self.nginx.open("GET", path) as response:
            # the generator waits for the lock: this was sent at once
            self.assertEqual(response.read1(), b'data: {"item":"x 0"}\n\n')
            self.query("SELECT pg_advisory_unlock(%s)", LOCK)
            self.assertIn(b"x 2", response.read())

    def test_large_bodies(self):
        """The API refuses a body within nginx's limit, nginx one beyond it."""
        for size, kind in ((129 * MIB, "application/json"), (131 * MIB, "text/html")):
            with (
                self.subTest(kind),
                self.nginx.open("POST", "/n/upload", bytes(size)) as response,
            ):
                self.assertEqual(response.status, 413)
                self.assertEqual(response.headers["Content-Type"], kind)

    def test_only_static_files_are_compressed(self):
        """Compression would make the ETags of an API weak."""
        headers = {"Accept-Encoding": "gzip"}
        with self.nginx.open("GET", "/n/file", **headers) as response:
            self.assertTrue(response.headers["ETag"].startswith('"'))
            self.assertNotIn("Content-Encoding", response.headers)
        script = "/fastapi/static/src/routes_list.js"
        with self.nginx.open("GET", script, **headers) as response:
            self.assertEqual(response.headers["Content-Encoding"], "gzip")

    def test_routing_to_the_evented_server(self):
        """WebSockets and the example of streams go to the evented server."""
        self.create_endpoint(self.first, "/live")
        evented = self.start_nginx(free_port(), self.first.gevent_port)
        self.assertEqual(self.status(evented, "/live/method"), 200)
        self.assertEqual(self.status(evented, "/n/method"), 502)
        self.assertEqual(self.status(evented, "/websocket", **HANDSHAKE), 101)
        self.assertEqual(self.status(evented, "/n/ws/echo", **HANDSHAKE), 101)
        workers = self.start_nginx(self.first.port, free_port())
        self.assertEqual(self.status(workers, "/n/method"), 200)
        self.assertEqual(self.status(workers, "/n/method", Upgrade="h2c"), 200)
        self.assertEqual(self.status(workers, "/live/method"), 502)

    def test_websocket(self):
        client = self.open_websocket("/n/ws/dependencies", header=BASIC)
        url = json.loads(client.recv())["url"]
        self.assertEqual(url, f"wss://{HOST}/n/ws/dependencies")
        client.send("x" * 100_000)
        self.assertEqual(client.recv(), "x" * 100_000)
        client = self.open_websocket("/erp/n/ws/dependencies", header=BASIC)
        url = json.loads(client.recv())["url"]
        self.assertEqual(url, f"wss://{HOST}/erp/n/ws/dependencies")

    def test_refused_websockets(self):
        for origin in (f"http://{HOST}", "https://127.0.0.1", "https://evil.example"):
            with self.assertRaises(WebSocketBadStatusException) as caught:
                self.open_websocket("/n/ws/echo", origin=origin)
            self.assertEqual(caught.exception.status_code, 403)
            self.assertIn(origin, json.loads(caught.exception.resp_body)["detail"])

    def test_spelling_of_the_upgrade(self):
        """nginx passes it on as the threaded server needs it."""
        headers = {**HANDSHAKE, "Upgrade": "WebSocket"}
        self.assertEqual(self.status(self.nginx, "/n/ws/echo", **headers), 101)

    def open_websocket(self, path, origin=f"https://{HOST}", **options):
        client = websocket.create_connection(
            f"wss://127.0.0.1:{self.nginx.port}{path}",
            TIMEOUT,
            host=HOST,
            origin=origin,
            sslopt={
                "ca_certs": str(self.nginx.certificate),
                "check_hostname": False,  # the URL has an IP address
            },
            **options,
        )
        self.addCleanup(client.shutdown)
        return client

    def test_pages_of_odoo(self):
        with self.nginx.open("GET", "/web/login") as response:
            self.assertEqual(response.status, 200)
            self.assertIn(b"<form", response.read())
            self.assertIn("; Secure", response.headers["Set-Cookie"])
        with self.nginx.open("GET", "/odoo") as response:
            self.assertEqual(response.status, 303)
            self.assertTrue(response.headers["Location"].startswith("/web/login?"))

    def test_unencrypted_requests_are_redirected(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.plain_port)
        self.addCleanup(connection.close)
        connection.request("POST", "/n/method?a=b", headers={"Host": HOST})
        response = connection.getresponse()
        self.assertEqual(response.status, 308)
        self.assertEqual(response.headers["Location"], f"https://{HOST}/n/method?a=b")
