# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import socket
from unittest.mock import patch

from fastapi.exceptions import RequestValidationError
from psycopg2.errors import NotNullViolation

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user
from odoo.tools import config, mute_logger

from odoo.addons.fastapi.dependencies import paging

from .common import FastapiHttpCase


class TestBadInput(FastapiHttpCase):
    def test_root_path_is_normalized(self):
        for given, cleaned in (
            (" api ", "/api"),
            ("api/v1/", "/api/v1"),
            ("//api///v2//", "/api/v2"),
            ("/Api-3_x.y~z", "/Api-3_x.y~z"),
            ("/webshop", "/webshop"),
        ):
            endpoint = self._create_endpoint(given)
            self.assertEqual(endpoint.root_path, cleaned)
            self.assertEqual(endpoint.docs_url, f"{cleaned}/docs")
        endpoint.root_path = "again/"
        self.assertEqual(endpoint.root_path, "/again")

    def test_root_path_of_odoo_is_refused(self):
        for root_path in (
            "",
            "/",
            " // ",
            "/web",
            "/web/x",
            "/Web",
            "/website",
            "/odoo",
            "/jsonrpc",
            "/json/2",
            "/xmlrpc",
            "/longpolling",
            "/websocket",
        ):
            with self.subTest(root_path):
                with self.assertRaisesRegex(ValidationError, "root path /"):
                    self._create_endpoint(root_path)
            with self.subTest(root_path), self.assertRaises(ValidationError):
                self.endpoint.root_path = root_path

    def test_root_path_with_invalid_characters_is_refused(self):
        for root_path in (
            "/a b",
            "/a?b",
            "/a#b",
            "/<int:x>",
            "/a%20b",
            "/a\\b",
            "/a\nb",
            "/a\0b",
            "/..",
            "/a/../b",
            "/./a",
            '/a"b',
            "/{a}",
        ):
            with self.subTest(root_path):
                with self.assertRaises(ValidationError) as caught:
                    self._create_endpoint(root_path)
                self.assertIn(repr(root_path), str(caught.exception))

    def test_root_path_in_use_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "/test .*Test at /test"):
            self._create_endpoint("test/")
        self.endpoint.active = False
        self._create_endpoint("/test")
        with self.assertRaisesRegex(ValidationError, "/test"):
            self.endpoint.active = True

    @mute_logger("odoo.sql_db")
    def test_bad_root_path_in_the_database_breaks_the_endpoint(self):
        other = self._create_endpoint("/other")
        self.env.flush_all()
        self.env.cr.execute("DROP INDEX fastapi_endpoint_root_path_unique")
        for endpoint, root_path, message in (
            (self.endpoint, "/odoo", "Odoo itself serves paths below /odoo"),
            (self.endpoint, "/other/", "taken by"),
            (self.endpoint, "/new/", "has to be written as /new"),
            (self.endpoint, "/other", f"taken by the endpoint {other.name}"),
            (other, "/other", f"taken by the endpoint {self.endpoint.name}"),
        ):
            with self.subTest(root_path, endpoint=endpoint):
                self.env.cr.execute(
                    "UPDATE fastapi_endpoint SET root_path = %s WHERE id = %s",
                    [root_path, endpoint.id],
                )
                self.env.invalidate_all()
                self.assertEqual(endpoint.state, "broken")
                self.assertIn(message, endpoint.build_error)
        self.endpoint.root_path = "/fixed"
        self.env.invalidate_all()
        self.assertEqual((self.endpoint + other).mapped("state"), ["live", "live"])

    @mute_logger("odoo.sql_db")
    def test_defaults_of_the_context(self):
        """A client of RPC chooses them."""
        endpoints = self.env["fastapi.endpoint"].with_context(
            default_root_path="/web/x"
        )
        with self.assertRaisesRegex(ValidationError, "paths below /web"):
            endpoints.create({"name": "x", "app": "test"})
        endpoints = endpoints.with_context(default_root_path="given/")
        self.assertEqual(
            endpoints.create({"name": "x", "app": "test"}).root_path, "/given"
        )

    @mute_logger("odoo.sql_db")
    def test_endpoint_without_app_or_user(self):
        for field in ("app", "user_id", "name"):
            with self.subTest(field):
                with self.assertRaises(NotNullViolation) as caught:
                    self._create_endpoint("/incomplete", **{field: False})
                self.assertIn(f'"{field}"', str(caught.exception))

    def test_demo_without_authentication(self):
        with self.assertRaisesRegex(ValidationError, "app demo"):
            self._create_endpoint("/demo1", app="demo")

    def test_copy_has_a_new_root_path(self):
        first = self.endpoint.copy()
        second = self.endpoint.copy()
        self.assertEqual(first.root_path, "/test-copy")
        self.assertEqual(second.root_path, "/test-copy-2")
        self.assertEqual(self.get("/test-copy-2/identity").status_code, 200)

    def test_copy_beside_an_endpoint_of_another_company(self):
        manager = new_test_user(
            self.env, "copies", groups="fastapi.group_fastapi_manager"
        )
        other = self.env["res.company"].create({"name": "Other"})
        self._create_endpoint("/test-copy", company_id=other.id)
        self.assertEqual(
            self.endpoint.with_user(manager).copy().root_path, "/test-copy-2"
        )

    def _send(self, request):
        """Send raw bytes, return status and body."""
        address = ("127.0.0.1", self.http_port())
        with (
            self.allow_requests(all_requests=True),
            socket.create_connection(address, 30) as client,
        ):
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            response = client.makefile("rb").read()
        head, _separator, body = response.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def _raw_post(self, path, headers, body=b""):
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return self._send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def test_malformed_headers(self):
        for headers, body in (
            ({"Content-Length": "x"}, b""),
            ({"Content-Length": "-5"}, b""),
            ({"Content-Length": "100"}, b"too short"),
            ({"Transfer-Encoding": "chunked"}, b"zzz\r\nbody"),
        ):
            with self.subTest(headers):
                status, _body = self._raw_post("/test/body", headers, body)
                self.assertEqual(status, 400)
        self.assertEqual(self.get("/test/identity").status_code, 200)

    @mute_logger("odoo.http")
    def test_malformed_headers_of_a_proxy(self):
        """Many proxies pass on headers of the client."""
        with patch.dict(config.options, {"proxy_mode": True}):
            for name, value, status in (
                ("X-Forwarded-Host", "shop.example:", 200),
                ("X-Forwarded-Host", "shop.example:abc", 400),
                ("X-Forwarded-Host", "[::1", 400),
                ("X-Forwarded-Host", "[::1]", 200),
                ("X-Forwarded-Proto", "nonsense://", 200),
                ("X-Forwarded-Prefix", "//\\", 200),
                ("X-Forwarded-For", "999.1.1.1:x", 200),
            ):
                headers = {"X-Forwarded-Host": "shop.example", name: value}
                with self.subTest(**headers):
                    response = self.get("/test/request", headers=headers)
                    if response.status_code == 500 and status == 400:
                        # werkzeug before 3.1 fails for any URL, also for Odoo's
                        # `/robots.txt`
                        response = self.get("/robots.txt", headers=headers)
                        status = 500
                    self.assertEqual(response.status_code, status)

    @mute_logger("python_multipart.multipart")
    def test_malformed_bodies(self):
        for content_type, body in (
            ("multipart/form-data", b"no boundary"),
            ("multipart/form-data; boundary=x", b"no part"),
            ("application/json", b"{"),
            ("application/json", b"\xff\xfe"),
            ("application/json", b"[" * 100_000),
        ):
            path = "/test/form" if "multipart" in content_type else "/test/order"
            with self.subTest(body[:20]):
                response = self.post(
                    path, data=body, headers={"Content-Type": content_type}
                )
                self.assertIn(response.status_code, {400, 422})
                self.assertIn("detail", response.json())
        self.assertEqual(self.get("/test/identity").status_code, 200)

    def test_body_over_the_limit(self):
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 1000)
        headers = {"Origin": "https://shop.example"}
        for data in (b"x" * 1001, iter([b"x" * 600, b"x" * 600])):
            response = self.post("/test/body", data=data, headers=headers)
            self.assertEqual(response.status_code, 413)
            self.assertIn("detail", response.json())
        response = self.post("/test/body", data=b"x" * 1000)
        self.assertEqual(response.json()["size"], 1000)

    def test_pages_of_an_override(self):
        # an override may have other bounds and call `paging`
        self.assertEqual(paging(2**31 - 1, 80).offset, (2**31 - 2) * 80)
        for page, page_size in ((2**31, 80), (1, 2**63)):
            with self.assertRaises(RequestValidationError) as caught:
                paging(page, page_size)
            (error,) = caught.exception.errors()
            self.assertEqual(error["loc"], ("query", "page"))

    def test_pages_out_of_range(self):
        for query in ("page=0", "page=-1", "page_size=0", "page=x"):
            response = self.get(f"/test/items?{query}")
            self.assertEqual(response.status_code, 422, query)
        for number in (2**63, 10**30):
            for name in ("page", "page_size"):
                response = self.get(f"/test/items?{name}={number}")
                self.assertEqual(response.status_code, 422, number)
        response = self.get("/test/items?page=2&page_size=10")
        self.assertEqual(response.json(), {"count": 0, "items": [], "total": 0})
