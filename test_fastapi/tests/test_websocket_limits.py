# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may open WebSockets, how many and how large."""

import time
from base64 import b64encode

import websocket
from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.tests import mute_logger

from .common import FastapiHttpCase
from .servers import wait_until_it_listens
from .websocket_case import HANDSHAKE, WebSocketCase

SHOP = "https://shop.example"


class TestFields(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._create_endpoint("/w")

    def test_origins_are_normalized(self):
        self.endpoint.websocket_origins = (
            "https://Shop.example:443/\n\nhttp://localhost:3000, https://shop.example"
        )
        self.assertEqual(
            self.endpoint.websocket_origins, f"{SHOP}\nhttp://localhost:3000"
        )
        self.assertEqual(
            self.endpoint._get_websocket_origins(), {SHOP, "http://localhost:3000"}
        )
        self.endpoint.websocket_origins = " "
        self.assertFalse(self.endpoint.websocket_origins)
        self.assertEqual(self.endpoint._get_websocket_origins(), frozenset())

    def test_wrong_origins(self):
        for text in ("shop.example", "https://shop.example/path", "null", "https://*"):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, "origin"):
                self.endpoint.websocket_origins = text

    def test_limits(self):
        self.endpoint.write(
            {
                "websocket_max_size": 2,
                "websocket_ping_interval": 7,
                "websocket_max_connections": 3,
                "websocket_max_caller_connections": 0,
            }
        )
        limits = self.endpoint._get_websocket_limits()
        self.assertEqual(limits.max_size, 2048)
        self.assertEqual(limits.ping_interval, 7)
        self.assertEqual(limits.max_connections, 3)
        self.assertEqual(limits.max_caller_connections, 0)

    @mute_logger("odoo.sql_db")
    def test_wrong_limits(self):
        for name, value in (
            ("websocket_max_size", 0),
            ("websocket_ping_interval", 0),
            ("websocket_max_connections", -1),
            ("websocket_max_caller_connections", -1),
        ):
            with (
                self.subTest(name),
                self.assertRaises(CheckViolation),
                self.cr.savepoint(),
            ):
                self.endpoint[name] = value
                self.endpoint.flush_recordset()


class TestHandshake(FastapiHttpCase):
    """With the server of the tests, on the test cursor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._create_endpoint("/w", websocket_origins=SHOP)

    def assert_refused(self, status, detail, path="/w/ws/echo", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.get(path, headers={**HANDSHAKE, **headers})
        self.assertEqual(response.status_code, status, response.text)
        self.assertIn(detail, response.json()["detail"])
        return response

    @mute_logger("odoo.addons.fastapi.handled_errors")
    def test_accepted(self):
        """A test on the test cursor can't go on after the commit, and is told so."""
        self.assert_refused(503, "Use the client of FastAPITransactionCase")
        self.assert_refused(503, "The app accepts", Origin=SHOP)
        self.assert_refused(503, "The app accepts", Origin=self.base_url())

    def test_origins(self):
        for origin in ("https://evil.example", "null", f"{SHOP}.evil.example"):
            self.assert_refused(403, f"Pages of {origin} may not", Origin=origin)

    def test_version(self):
        response = self.assert_refused(
            426, "version 13", **{"Sec-WebSocket-Version": "8"}
        )
        self.assertEqual(response.headers["Sec-WebSocket-Version"], "13")

    def test_key(self):
        self.assert_refused(400, "16 bytes", **{"Sec-WebSocket-Key": "x"})

    def test_lost_header(self):
        self.assert_refused(400, "A proxy has to pass on", Connection="keep-alive")

    def test_spelling(self):
        self.assert_refused(400, "in lower case", Upgrade="WebSocket")

    def test_method(self):
        response = self.post("/w/ws/echo", headers=HANDSHAKE)
        self.assertEqual(response.status_code, 405)
        self.assertEqual(response.headers["Allow"], "GET")
        self.assertIn("GET", response.json()["detail"])

    def test_refusals_pass_the_middleware(self):
        """A browser can read them if CORS allows it."""
        response = self.assert_refused(
            426, "13", Origin=SHOP, Sec_WebSocket_Version="8"
        )
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], SHOP)

    def test_refusals_of_odoo(self):
        self.endpoint.test_routing = {"auth": "user"}
        self.assert_refused(401, "")
        self.assert_refused(401, "", path="/w/docs")
        self.endpoint.active = False
        self.assert_refused(404, "Not Found")

    @mute_logger("odoo.addons.fastapi.handled_errors")
    def test_session(self):
        """Pages of unknown sites can't use it, even if they may open a WebSocket."""
        self._create_endpoint(
            "/s",
            app="test_auth",
            auth_session=True,
            websocket_origins=f"*\n{SHOP}",
        )
        path = "/s/ws/dependencies"
        self.assert_refused(401, "Not authenticated", path)
        self.authenticate("admin", "admin")
        self.assert_refused(503, "The app accepts", path)
        self.assert_refused(503, "The app accepts", path, Origin=self.base_url())
        self.assert_refused(503, "The app accepts", path, Origin=SHOP)
        self.assert_refused(403, "With a session", path, Origin="https://x.example")
        self.assert_refused(403, "With a session", path, Origin="null")
        self.endpoint.write(
            {"test_routing": {"auth": "user"}, "websocket_origins": "*"}
        )
        self.assert_refused(503, "The app accepts")
        self.assert_refused(403, "With a session", Origin="https://x.example")


class TestLimits(WebSocketCase):
    def test_connections_of_a_process(self):
        self.create_endpoint(self.first, "/w", websocket_max_connections=2)
        self.create_endpoint(self.first, "/v", websocket_max_connections=2)
        one, two = self.open("/w/ws/echo"), self.open("/w/ws/echo")
        headers = self.assert_refused("/w/ws/echo", 503, "2 open WebSockets")
        self.assertEqual(headers["retry-after"], "10")
        self.open("/v/ws/echo")
        two.close()
        self.wait_for_log("A WebSocket ends with 1000.")
        self.open("/w/ws/echo")
        self.assertEqual(one.ask("x"), "x")
        self.assertNotIn("Traceback", "".join(self.first.log))

    def test_refused_connections_leave_room(self):
        self.create_endpoint(self.first, "/w", websocket_max_connections=1)
        for _ in range(3):
            self.assert_refused("/w/ws/items?name=x&late=user", 400, "refused")
            self.assert_refused("/w/ws/refused?name=x&error=user", 400, "refused")
        self.open("/w/ws/echo")

    def test_connections_of_a_caller(self):
        self.create_endpoint(
            self.first,
            "/w",
            app="test_auth",
            auth_basic=True,
            websocket_max_caller_connections=1,
        )
        path = "/w/ws/visitor"
        login = b64encode(b"admin:admin").decode()
        header = {"Authorization": f"Basic {login}"}
        self.open(path)
        headers = self.assert_refused(path, 429, "1 open WebSockets")
        self.assertEqual(headers["retry-after"], "10")
        self.open(path, header=header)
        self.assert_refused(path, 429, "1 open WebSockets", header=header)

    def test_message_size_and_pings(self):
        self.create_endpoint(
            self.first, "/w", websocket_max_size=1, websocket_ping_interval=1
        )
        client = self.open("/w/ws/echo")
        self.assertEqual(client.ask("x" * 1024), "x" * 1024)
        began = time.monotonic()
        self.assertEqual(client.recv_frame().opcode, websocket.ABNF.OPCODE_PING)
        self.assertLess(time.monotonic() - began, 5)
        client = self.open("/w/ws/echo")
        client.send("x" * 1025)
        self.assertEqual(client.wait_for_close()[0], 1009)

    def test_all_origins(self):
        self.create_endpoint(self.first, "/w", websocket_origins="*")
        self.open("/w/ws/echo", origin="https://any.example")
        self.open("/w/ws/echo", suppress_origin=True)


class TestWorkers(WebSocketCase):
    """Workers that serve requests have no WebSockets; the evented server has."""

    options = {"workers": 1}

    def test_worker_and_evented_server(self):
        self.create_endpoint(self.first, "/w")
        self.assert_refused("/w/ws/echo", 503, "gevent_port")
        wait_until_it_listens(self.first.gevent_port)
        client = self.open("/w/ws/echo", port=self.first.gevent_port)
        self.assertEqual(client.ask("x"), "x")
