# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which origin is the own one behind a proxy (``proxy_mode``)."""

import http.client

from .servers import TIMEOUT
from .websocket_case import HANDSHAKE, WebSocketCase

SITE = "https://shop.example"


class TestProxy(WebSocketCase):
    options = {"proxy_mode": True}

    def handshake(self, *headers):
        """Return the status of a handshake with more headers."""
        client = http.client.HTTPConnection("127.0.0.1", self.first.port, TIMEOUT)
        self.addCleanup(client.close)
        client.putrequest("GET", "/w/ws/echo", skip_host=True)
        for name, value in (*HANDSHAKE.items(), *headers):
            client.putheader(name, value)
        client.endheaders()
        response = client.getresponse()
        if response.status != 101:
            response.read()
        return response.status

    def check(self, status, origin, *forwarded, host="127.0.0.1"):
        headers = [("Host", host), ("Origin", origin), *forwarded]
        with self.subTest(headers):
            self.assertEqual(self.handshake(*headers), status)

    def test_origins(self):
        self.create_endpoint(self.first, "/w")
        name, proto = "X-Forwarded-Host", ("X-Forwarded-Proto", "https")
        # as a proxy sends them
        for host in ("shop.example", "Shop.Example", "shop.example:443"):
            self.check(101, SITE, (name, host), proto)
        self.check(101, f"{SITE}:8443", (name, "shop.example:8443"), proto)
        self.check(101, "https://[2001:db8::1]", (name, "[2001:db8::1]"), proto)
        self.check(
            101, "https://[2001:db8::1]:8443", (name, "[2001:db8::1]:8443"), proto
        )
        self.check(
            101, "https://xn--caf-dma.example", (name, "xn--caf-dma.example"), proto
        )
        # the last proxy has added the last value
        self.check(101, SITE, (name, "evil.example, shop.example"), proto)
        self.check(101, SITE, (name, "evil.example"), (name, "shop.example"), proto)
        self.check(403, SITE, (name, "shop.example, evil.example"), proto)
        self.check(403, SITE, (name, "shop.example"), (name, "evil.example"), proto)
        proto_list = ("X-Forwarded-Proto", "http, https")
        self.check(101, SITE, (name, "shop.example"), proto_list)
        self.check(
            403, SITE, (name, "shop.example"), ("X-Forwarded-Proto", "https, http")
        )
        # other sites
        for origin in (
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evil.example",
            "https://shop.example, https://evil.example",
            "null",
            "",
        ):
            self.check(403, origin, (name, "shop.example"), proto)
        self.check(
            403, "https://evil.example", (name, "shop.example/../evil.example"), proto
        )
        self.check(
            403,
            "https://evil.example",
            (name, "shop.example"),
            ("X-Forwarded-Proto", "https://evil.example"),
        )
        self.check(403, "https://evil.example", (name, ""), proto, host="shop.example")
        # not through the proxy
        self.check(101, "http://127.0.0.1")
        self.check(403, SITE, proto)
        for bad in (  # without "[", which werkzeug before 3.1 refuses for Odoo, too
            "",
            " ",
            ",",
            "@",
            "a b",
            "shop.example:",
            "é.example",
            "x" * 5000,
        ):
            self.check(403, "https://evil.example", (name, bad.encode()), proto)
        # two origins
        self.check(
            403, SITE, ("Origin", "https://evil.example"), (name, "shop.example"), proto
        )


class TestWithoutProxy(TestProxy):
    """The headers of a proxy count for nothing."""

    options = {}

    def test_origins(self):
        self.create_endpoint(self.first, "/w")
        forwarded = ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")
        self.check(403, "https://evil.example", *forwarded)
        self.check(101, "http://127.0.0.1", *forwarded)
