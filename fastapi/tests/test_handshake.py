# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import socket

from odoo.tests import BaseCase

from ..exceptions import WebSocketRefused
from ..handshake import check_handshake, check_origin, clean_origin, is_upgrade

SITE = "https://odoo.example.com"


def make_environ(**environ):
    return {
        "REQUEST_METHOD": "GET",
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
        "socket": socket,
        **environ,
    }


class TestHandshake(BaseCase):
    def assert_refused(self, status, detail, **environ):
        with self.assertRaises(WebSocketRefused) as caught:
            check_handshake(make_environ(**environ))
        self.assertEqual(caught.exception.status_code, status)
        self.assertIn(detail, caught.exception.detail)
        return caught.exception.headers

    def test_upgrades(self):
        self.assertTrue(is_upgrade({"HTTP_UPGRADE": "websocket"}))
        self.assertTrue(is_upgrade({"HTTP_UPGRADE": "WebSocket"}))
        self.assertTrue(is_upgrade({"HTTP_UPGRADE": "h2c, websocket"}))
        self.assertFalse(is_upgrade({"HTTP_UPGRADE": "h2c"}))
        self.assertFalse(is_upgrade({"HTTP_UPGRADE": "websockets"}))
        self.assertFalse(is_upgrade({}))

    def test_valid_handshake(self):
        check_handshake(make_environ())
        check_handshake(make_environ(CONTENT_LENGTH="0"))

    def test_method(self):
        headers = self.assert_refused(405, "GET", REQUEST_METHOD="POST")
        self.assertEqual(headers, {"Allow": "GET"})

    def test_connection_header_lost_by_a_proxy(self):
        self.assert_refused(400, "A proxy has to", HTTP_CONNECTION="close")

    def test_version(self):
        for version in ("8", ""):
            headers = self.assert_refused(
                426, "version 13", HTTP_SEC_WEBSOCKET_VERSION=version
            )
            self.assertEqual(headers, {"Sec-WebSocket-Version": "13"})

    def test_key(self):
        for key in ("", "short", "dGhlIHNhbXBsZQ==", "é" * 24):
            self.assert_refused(400, "Sec-WebSocket-Key", HTTP_SEC_WEBSOCKET_KEY=key)

    def test_body(self):
        self.assert_refused(400, "body", CONTENT_LENGTH="1")
        self.assert_refused(400, "body", HTTP_TRANSFER_ENCODING="chunked")

    def test_process_without_websockets(self):
        self.assert_refused(503, "gevent_port", socket=None)

    def test_spelling_that_the_threaded_server_does_not_know(self):
        for upgrade in ("WebSocket", "websocket,websocket"):
            self.assert_refused(400, "once, in lower case", HTTP_UPGRADE=upgrade)

    def test_clean_origin(self):
        for text, expected in (
            ("https://Shop.Example", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("http://shop.example/", None),
            ("http://shop.example:443", "http://shop.example:443"),
            ("http://[::1]:8069", "http://[::1]:8069"),
            ("http://my_container:8069", "http://my_container:8069"),
            ("app://local", "app://local"),
            ("*", "*"),
            ("null", None),
            ("", None),
            ("shop.example", None),
            ("https://shop.example/path", None),
            ("https://shop.example?x", None),
            ("https://a.example https://b.example", None),
            ("https://*.example", None),
            ("https://user@shop.example", None),
        ):
            with self.subTest(text):
                self.assertEqual(clean_origin(text), expected)

    def test_origins(self):
        for origin, allowed, expected in (
            (None, (), True),  # not a browser
            (SITE, (), True),
            (f"{SITE}:443", (), True),
            (SITE.upper(), (), True),
            ("https://shop.example", ("https://shop.example",), True),
            ("https://shop.example", ("*",), False),
            ("null", ("*",), False),
            (SITE, ("*",), True),
        ):
            with self.subTest(origin=origin, allowed=allowed):
                self.assertIs(check_origin(origin, SITE, allowed), expected)

    def test_refused_origins(self):
        for origin in (
            "http://odoo.example.com",
            "https://odoo.example.com.evil.example",
            "https://odoo.example.com:8443",
            "https://odoo.example.com/",
            "https://evil.example",
            "null",
            "",
        ):
            with self.subTest(origin), self.assertRaises(WebSocketRefused) as caught:
                check_origin(origin, SITE, {"https://shop.example"})
            self.assertEqual(caught.exception.status_code, 403)
            self.assertIn(f"Pages of {origin} may", caught.exception.detail)
