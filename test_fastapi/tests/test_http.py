# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import os
import socket
from unittest.mock import patch

from odoo import http
from odoo.modules.module import Manifest
from odoo.tools import config

from .common import FastapiHttpCase


class TestHttp(FastapiHttpCase):
    def test_methods(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            with self.subTest(method):
                response = self.call(method, "/test/method")
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.json(), {"method": method})

    def test_head_has_headers_of_get_and_no_body(self):
        response = self.call("HEAD", "/test/method")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.headers["Content-Length"], str(len('{"method":"HEAD"}'))
        )
        self.assertEqual(response.content, b"")

    def test_method_unknown_to_the_route(self):
        response = self.call("DELETE", "/test/request")
        self.assertEqual(response.status_code, 405)
        self.assertEqual(response.json(), {"detail": "Method Not Allowed"})
        self.assertEqual(response.headers["Allow"], "GET")

    def test_allowed_methods_are_those_of_all_routes(self):
        for path, allowed in (
            ("/test/items", "GET, POST"),
            ("/test/outer/inner/items", "POST"),
            ("/test/prefix/routed/items", "POST"),
        ):
            response = self.call("PATCH", path)
            self.assertEqual(response.status_code, 405)
            self.assertEqual(response.headers["Allow"], allowed)
            self.assertEqual(response.json(), {"detail": "Method Not Allowed"})

    def test_paths(self):
        known = ("/test/request", "/test/request?a=b")
        for path in known:
            self.assertEqual(self.get(path).status_code, 200, path)
        for path in ("/test", "/test/", "/test/unknown", "/test//request", "/test/%ff"):
            response = self.get(path)
            self.assertEqual(response.status_code, 404, path)
            self.assertEqual(response.json(), {"detail": "Not Found"}, path)
        for path in ("/tested/request", "/TEST/request", "/tes"):
            response = self.get(path)
            self.assertEqual(response.status_code, 404, path)
            self.assertIn("text/html", response.headers["Content-Type"], path)

    def test_trailing_slash_redirects_below_the_root_path(self):
        response = self.get("/test/request/?a=b")
        self.assertEqual(response.status_code, 307)
        self.assertEqual(
            response.headers["Location"], f"{self.base_url()}/test/request?a=b"
        )
        self.assertNotIn("Content-Type", response.headers)

    def test_longest_root_path_wins(self):
        for root_path in ("/api", "/api/v1", "/api/v1/shop"):
            self._create_endpoint(root_path)
        for path, root_path in (
            ("/api/request", "/api"),
            ("/api/v1/request", "/api/v1"),
            ("/api/v1/shop/request", "/api/v1/shop"),
        ):
            self.assertEqual(self.get(path).json()["root_path"], root_path)
        # by whole segments: /api/v10 belongs to /api, which has no such route
        response = self.get("/api/v10/request")
        self.assertEqual(response.json(), {"detail": "Not Found"})

    def test_root_path_keeps_case_and_letters(self):
        self._create_endpoint("/Api/été")
        response = self.get("/Api/%C3%A9t%C3%A9/request")
        self.assertEqual(response.json()["root_path"], "/Api/été")

    def test_root_path_in_urls(self):
        self._create_endpoint("/api/v1")
        for root_path in ("/test", "/api/v1"):
            response = self.get(f"{root_path}/request?a=b").json()
            self.assertEqual(response["path"], f"{root_path}/request")
            self.assertEqual(response["query"], "a=b")
            self.assertEqual(
                response["url_for"], f"{self.base_url()}{root_path}/method"
            )
            schema = self.get(f"{root_path}/openapi.json").json()
            self.assertEqual(
                schema["servers"], [{"url": f"{self.base_url()}{root_path}"}]
            )
            self.assertIn("/request", schema["paths"])
            docs = self.get(f"{root_path}/docs").text
            self.assertIn(f"{root_path}/openapi.json", docs)

    def test_prefix_of_a_reverse_proxy(self):
        headers = {
            "X-Forwarded-Host": "shop.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/odoo",
        }
        with patch.dict(config.options, {"proxy_mode": True}):
            response = self.get("/test/request", headers=headers).json()
            self.assertEqual(
                response["url_for"], "https://shop.example/odoo/test/method"
            )
            schema = self.get("/test/openapi.json", headers=headers).json()
            self.assertEqual(
                schema["servers"], [{"url": "https://shop.example/odoo/test"}]
            )
        # without proxy mode, the header is ignored
        response = self.get("/test/request", headers=headers).json()
        self.assertEqual(response["url_for"], f"{self.base_url()}/test/method")

    def test_header_pairs_are_unchanged(self):
        response = self.get("/test/headers")
        cookies = response.raw.headers.getlist("Set-Cookie")
        self.assertIn("one=1; Path=/; SameSite=lax", cookies)
        self.assertIn("two=2; Path=/; SameSite=lax", cookies)
        self.assertEqual(response.headers["X-Case"], "Kept")
        found = self.get("/test/request", headers={"X-Mine": "a, b"}).json()
        self.assertIn(["x-mine", "a, b"], found["headers"])

    def test_status_without_body(self):
        response = self.get("/test/empty")
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response.content, b"")
        self.assertNotIn("Content-Length", response.headers)

    def test_body(self):
        for size in (0, 1, 64 * 1024, 3 * 1024 * 1024):
            data = os.urandom(size)
            response = self.post("/test/body", data=data)
            self.assertEqual(
                response.json(),
                {"size": size, "sha256": hashlib.sha256(data).hexdigest()},
            )

    def test_body_without_content_length(self):
        data = os.urandom(200_000)
        chunks = (data[i : i + 1000] for i in range(0, len(data), 1000))
        response = self.post("/test/body", data=chunks)
        self.assertEqual(response.request.headers["Transfer-Encoding"], "chunked")
        self.assertEqual(
            response.json(),
            {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        )

    def test_json(self):
        lines = [{"name": f"line {i}", "quantity": i} for i in range(50)]
        response = self.post("/test/order", json={"lines": lines})
        self.assertEqual(response.json(), sum(range(50)))

    def test_form_with_file(self):
        data = os.urandom(2 * 1024 * 1024)
        response = self.post(
            "/test/form", data={"name": "été"}, files={"file": ("ü.bin", data)}
        )
        self.assertEqual(
            response.json(),
            {
                "name": "été",
                "filename": "ü.bin",
                "sha256": hashlib.sha256(data).hexdigest(),
            },
        )

    def test_query_string_of_raw_bytes(self):
        address = ("127.0.0.1", self.http_port())
        with (
            self.allow_requests(all_requests=True),
            socket.create_connection(address, 30) as client,
        ):
            client.sendall(
                b"GET /test/request?name=\xe9 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Connection: close\r\n\r\n"
            )
            response = client.makefile("rb").read()
        self.assertIn(b"200 OK", response.splitlines()[0])
        self.assertIn(b'"query":"name=%', response)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_BE")
        self.env["res.lang"]._activate_lang("en_GB")
        for header, lang in (
            ("fr,en;q=0.7,en-GB;q=0.3", "fr_BE"),
            ("fr-FR,en;q=0.7", "fr_BE"),
            ("en-GB,fr;q=0.7", "en_GB"),
            ("en-AU", "en_GB"),
            ("fr;q=0.1,en-US;q=1.0,en-GB;q=0.8", "en_US"),
            ("fr;q=0,en-GB;q=0.1", "en_GB"),
            ("nl,fr-be;q=0.2", "fr_BE"),
            ("nl", "en_US"),
            ("*", "en_US"),
            (";;;q=a,,,", "en_US"),
            ("fr;q=nan", "en_US"),
            ("x" * 5000, "en_US"),
        ):
            with self.subTest(header[:30]):
                response = self.get(
                    "/test/identity", headers={"Accept-Language": header}
                )
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.json()["lang"], lang)

    def test_language_is_documented(self):
        self._create_endpoint("/api/demo", app="demo", demo_auth_method="api_key")
        for root_path in ("/test", "/api/demo"):
            schema = self.get(f"{root_path}/openapi.json").json()
            parameter = schema["components"]["parameters"]["AcceptLanguage"]
            self.assertEqual(parameter["name"], "Accept-Language")
            self.assertIn("`Accept-Language`", schema["info"]["description"])
            # else each function of a generated client would have it as an argument
            self.assertNotIn("'name': 'Accept-Language'", str(schema["paths"]))

    def test_version_is_the_version_of_the_addon(self):
        self._create_endpoint("/api/demo", app="demo", demo_auth_method="api_key")
        for root_path, addon in (("/test", "test_fastapi"), ("/api/demo", "fastapi")):
            schema = self.get(f"{root_path}/openapi.json").json()
            version = Manifest.for_addon(addon).version
            self.assertEqual(schema["info"]["version"], version)
            self.assertTrue(version.startswith("19.0."))

    def test_thread_of_the_request(self):
        response = self.get("/test/process").json()
        self.assertEqual(response["dbname"], self.env.cr.dbname)

    def test_session_is_sent_on_demand(self):
        self.assertNotIn("session_id", self.get("/test/empty").cookies)
        self.endpoint.save_http_session = True
        self.assertIn("session_id", self.get("/test/empty").cookies)

    def test_stateless_call_writes_no_session(self):
        for save in (False, True):
            self.endpoint.save_http_session = save
            with patch.object(http.root.session_store, "save") as write:
                self.get("/test/empty")
            write.assert_not_called()

    def test_odoo_session_is_read_without_saving_it(self):
        self.authenticate(*self.caller_auth)
        self.assertFalse(self.endpoint.save_http_session)
        response = self.get("/test/identity").json()
        self.assertEqual(response["session_uid"], self.caller.id)
