# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import socket
import threading
from contextlib import suppress
from unittest.mock import patch

import requests

from odoo.tests import BaseCase, tagged
from odoo.tests.common import _super_send
from odoo.tools import mute_logger

from ..oidc import documents
from ..oidc.documents import DocumentError, Issuer, check_url
from .issuer import SigningKey, TestIssuer

DISCOVERY = "/.well-known/openid-configuration"
#: Parts that a slow server sends, 20 a second.
DRIPS = 200


@tagged("post_install", "-at_install")
class TestDocuments(BaseCase):
    def setUp(self):
        super().setUp()
        self.server = TestIssuer()
        self.addCleanup(self.server.close)
        self.issuer = Issuer(self.server.url, allow_private=True)
        self.fixed = Issuer(self.server.url, self.server.jwks_url, allow_private=True)

    def assert_fails(self, reason, issuer=None):
        with self.assertRaisesRegex(DocumentError, reason):
            (issuer or self.issuer).load()

    def serve(self, path, value):
        self.server.instead[path] = json.dumps(value).encode()

    def test_discovery(self):
        self.server.keys = [SigningKey("a"), SigningKey("b", "ES256")]
        key_set = self.issuer.load()
        self.assertEqual([key.kid for key in key_set.keys], ["a", "b"])
        self.assertEqual(self.server.requests, {DISCOVERY: 1, "/keys": 1})

    def test_fixed_url(self):
        self.assertEqual(len(self.fixed.load().keys), 1)
        self.assertEqual(self.server.requests, {"/keys": 1})

    def test_issuer_that_ends_with_a_slash(self):
        name = f"{self.server.url}/"
        self.serve(DISCOVERY, {"issuer": name, "jwks_uri": self.server.jwks_url})
        self.assertTrue(Issuer(name, allow_private=True).load().keys)
        self.assert_fails("is of the issuer")  # not the same without the slash

    def test_how_long_keys_are_kept(self):
        hour, day = 60 * 60, 24 * 60 * 60
        for header, expected in (
            (None, hour),
            ("max-age=1800", 1800),
            ("public, MAX-AGE = 7200 , must-revalidate", 7200),
            ('max-age="600"', 600),
            ("max-age=0", 300),
            ("max-age=10", 300),
            ("max-age=999999999", day),
            ("max-age=99999999999999999999", hour),
            ("s-maxage=10", hour),
            ("max-age=-5", hour),
            ("no-store", 300),
            ("no-cache, max-age=9000", 300),
            ("private", hour),
        ):
            with self.subTest(header):
                self.server.headers = {"Cache-Control": header} if header else {}
                self.assertEqual(self.fixed.load().lifetime, expected)

    def test_unusable_keys_are_skipped(self):
        jwk = self.server.keys[0].jwk()
        self.serve("/keys", {"keys": [{**jwk, "use": "enc"}, jwk, {"kty": "oct"}]})
        key_set = self.issuer.load()
        self.assertEqual(len(key_set.keys), 1)
        self.assertEqual(
            key_set.skipped,
            ("key 1: not for signatures", "key 3: of a type that is not supported"),
        )

    def test_wrong_documents(self):
        url = self.server.url
        for path, value, reason in (
            (DISCOVERY, [], "not an object"),
            (DISCOVERY, {}, "is of the issuer 'None'"),
            (DISCOVERY, {"issuer": "https://evil.example"}, "is of the issuer"),
            (DISCOVERY, {"issuer": url}, "doesn't say where the keys are"),
            (DISCOVERY, {"issuer": url, "jwks_uri": 1}, "doesn't say where"),
            (
                DISCOVERY,
                {"issuer": url, "jwks_uri": "http://login.example.com/keys"},
                "must begin with https",
            ),
            (DISCOVERY, {"issuer": url, "jwks_uri": "file:///etc/passwd"}, "file:"),
            ("/keys", {"keys": {}}, "no list of keys"),
            ("/keys", {"keys": []}, "the list is empty"),
            ("/keys", {"keys": [{"kty": "oct"}]}, "key 1: of a type"),
            ("/keys", {"keys": [{}] * 101}, "more than 100 keys"),
        ):
            with self.subTest(reason, value=str(value)[:50]):
                self.server.instead.clear()
                self.serve(path, value)
                self.assert_fails(reason)

    def test_wrong_responses(self):
        for response, reason in (
            (b"<html>", "not JSON"),
            (b"[" * 50000, "not JSON"),
            (b"\xff", "not JSON"),
            (b" " * (documents.MAX_DOCUMENT_SIZE + 1), "larger than 512 KiB"),
            ((500, {}), "returns 500"),
            ((404, {}), "returns 404"),
            ((204, {}), "returns 204"),
            ((302, {"Location": "https://evil.example/"}), "redirect to https://evil"),
            ((307, {"Location": "/keys"}), "redirect to /keys"),
        ):
            with self.subTest(reason):
                self.server.instead[DISCOVERY] = response
                self.server.requests.clear()
                self.assert_fails(reason)
                self.assertEqual(self.server.requests, {DISCOVERY: 1})

    def test_issuer_is_down(self):
        self.server.close()
        self.assert_fails("can't be reached")

    def test_issuer_is_slow(self):
        self.server.open.clear()
        with (
            patch.object(documents, "TIMEOUT", 0.2),
            # Odoo raises time limits to 10 seconds (odoo/tests/common.py)
            patch.object(requests.Session, "send", _super_send),
        ):
            self.assert_fails("more than 0.2 seconds")

    @mute_logger("urllib3.connection")
    def test_issuer_never_finishes(self):
        """Each part arrives in time, but the whole document takes too long."""
        start = b"HTTP/1.1 200 OK\r\n"
        for sent, part in (
            (b"", b"H"),
            (start, b"a"),
            (start, b"A: b\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (start + b"\r\n", b" "),
            (start + b"\r\n", b" " * 16 * 1024),
            (start + b"Content-Length: 9999\r\n\r\n", b" "),
            (start + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        ):
            with self.subTest(sent=sent, part=part[:50]):
                self.assert_limited(sent, part)

    def test_body_of_a_redirect(self):
        """It is not read."""
        self.assert_limited(
            b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\n\r\n",
            b" " * 16 * 1024,
            "redirect to https://evil",
            timeout=60,
        )

    def assert_limited(self, sent, part, reason="more than 0.3", timeout=0.3):
        """Load keys from a server that sends a part again and again."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            ended = threading.Event()

            def drip():
                connection, _address = server.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(sent)
                    for _ in range(DRIPS):
                        connection.sendall(part)
                        ended.wait(0.05)
                    ended.set()

            thread = threading.Thread(target=drip)
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/keys"
            with (
                patch.object(documents, "TIMEOUT", timeout),
                patch.object(documents, "MAX_DOCUMENT_SIZE", 2**40),
            ):
                self.assert_fails(reason, Issuer("x", url, allow_private=True))
            thread.join()  # the connection is closed
            self.assertFalse(ended.is_set())

    def test_private_networks(self):
        for host in (
            "127.0.0.1",
            "localhost",
            "10.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "[::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "0.0.0.0",
            "2130706433",  # 127.0.0.1
            "224.0.0.1",
        ):
            with self.subTest(host):
                self.assert_fails("private network", Issuer(f"https://{host}"))
                self.assert_fails(
                    "private network", Issuer("x", f"https://{host}/keys")
                )
        self.assert_fails("private network", Issuer(self.server.url))
        self.assertFalse(self.server.requests)

    def test_discovery_of_a_url_in_a_private_network(self):
        public = [(socket.AF_INET, 1, 6, "", ("93.184.216.34", 443))]
        issuer = Issuer("https://login.example.com")
        inside = {"issuer": issuer.name, "jwks_uri": "https://10.0.0.1/keys"}
        real = socket.getaddrinfo
        with (
            patch.object(
                documents.socket,
                "getaddrinfo",
                lambda host, *args, **kwargs: (
                    public
                    if host == "login.example.com"
                    else real(host, *args, **kwargs)
                ),
            ),
            patch.object(documents.requests.Session, "get") as get,
        ):
            response = get.return_value.__enter__.return_value
            response.status_code = 200
            response.headers = {}
            response.iter_content.return_value = [json.dumps(inside).encode()]
            self.assert_fails("10.0.0.1", issuer)
        get.assert_called_once()

    def test_urls(self):
        for url in ("https://login.example.com", "https://x.example:8443/realms/a?b=c"):
            check_url(url)
        for url in ("http://localhost:8080", "http://127.0.0.1/a", "http://[::1]/"):
            check_url(url)
        for url in (
            "",
            "login.example.com",
            "http://login.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "ftp://login.example.com",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://user:secret@login.example.com",
            "https://login.example.com/#a",
            "https://login.example.com:port",
            "https://[::1",
            "https://login.example.com/\n",
            "https://login.example.com/a b",
        ):
            with self.subTest(url), self.assertRaises(DocumentError):
                check_url(url)
