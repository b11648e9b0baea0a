# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""URLs built from headers of clients and proxies."""

from unittest.mock import patch

from odoo.tools import config

from .common import FastapiHttpCase


class TestForwardedHeaders(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(config.options, {"proxy_mode": True}))

    def forwarded(self, path, host="shop.example", **headers):
        headers = {f"X-Forwarded-{name}": value for name, value in headers.items()}
        return self.get(path, headers={"X-Forwarded-Host": host, **headers})

    def test_prefix_to_another_host_is_ignored(self):
        self.endpoint.docs_access = "user"
        for prefix in (
            "/\\evil.example",
            "//evil.example",
            "/%5Cevil.example",
            "/a/..",
        ):
            with self.subTest(prefix):
                response = self.forwarded("/test/request", Prefix=prefix)
                self.assertEqual(
                    response.json()["url_for"], "http://shop.example/test/method"
                )
                location = self.forwarded("/test/docs", Prefix=prefix).headers
                self.assertEqual(
                    location["Location"], "/web/login?redirect=%2Ftest%2Fdocs"
                )
        self.endpoint.docs_access = "public"
        for prefix in ("/\\evil.example", "//evil.example", "/odoo?", "/a b"):
            with self.subTest(prefix):
                schema = self.forwarded("/test/openapi.json", Prefix=prefix).json()
                self.assertEqual(
                    schema["servers"], [{"url": "http://shop.example/test"}]
                )

    def test_prefix_with_non_ascii_letters(self):
        self.endpoint.docs_access = "user"
        for prefix in ("/caf%C3%A9", "/café".encode().decode("latin-1")):
            with self.subTest(prefix):
                found = self.forwarded("/test/request", Prefix=prefix).json()
                self.assertEqual(found["root_path"], "/café/test")
                response = self.forwarded("/test/docs", Prefix=prefix)
                self.assertEqual(
                    response.headers["Location"],
                    "/caf%C3%A9/web/login?redirect=%2Fcaf%25C3%25A9%2Ftest%2Fdocs",
                )

    def test_invalid_host_is_refused(self):
        for host in ("a\\b", "user@host", "evil example", "a%zz"):
            with self.subTest(host):
                self.assertEqual(self.forwarded("/test/request", host).status_code, 400)
                response = self.get("/test/request", headers={"Host": host})
                self.assertEqual(response.status_code, 400)

    def test_hosts_in_an_intranet(self):
        for host in ("my_odoo:8069", "odoo", "xn--bcher-kva.example"):
            with self.subTest(host):
                response = self.forwarded("/test/request", host).json()
                self.assertEqual(response["url_for"], f"http://{host}/test/method")
        host = "bücher.example".encode().decode("latin-1")
        self.assertEqual(self.forwarded("/test/request", host).status_code, 200)

    def test_scheme_of_a_proxy(self):
        for scheme, expected in (("https", "https"), ("javascript", "http")):
            response = self.forwarded("/test/request", Proto=scheme).json()
            self.assertEqual(
                response["url_for"], f"{expected}://shop.example/test/method"
            )
