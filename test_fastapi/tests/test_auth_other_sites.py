# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pages of other sites can't use Odoo's session."""

import json
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from unittest.mock import patch

from odoo.http import Request
from odoo.tools import config

from ..routers.identity import calls_by_session
from .session_case import PATH, SessionCase
from .test_browser_docs import BrowserDocsCase

UNSAFE_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class TestOtherSites(SessionCase):
    def setUp(self):
        super().setUp()
        self.log_in()

    def test_methods_that_change_nothing(self):
        for method in ("GET", "HEAD", "OPTIONS"):
            for headers in (
                {},
                {"Origin": "https://evil.example"},
                {"Sec_Fetch_Site": "cross-site"},
            ):
                with self.subTest(method, **headers):
                    response = self.send(method, **headers)
                    self.assertEqual(response.status_code, 200)

    def test_another_site(self):
        host = self.base_url().partition("://")[2]
        for method in UNSAFE_METHODS:
            with self.subTest(method):
                self.assertRefused(self.send(method, Origin="https://evil.example"))
                self.assertIn(f" {method} ", self.send(method).json()["detail"])
        for headers in (
            {},
            {"Origin": ""},
            {"Origin": "null"},
            {"Origin": host},
            {"Origin": f"https://{host}"},  # another scheme
            {"Origin": f"http://{host}0"},  # another port
            {"Origin": "http://127.0.0.1"},
            {"Origin": f"http://evil.example@{host}"},
            {"Origin": f"http://{host}@evil.example"},
            {"Origin": f"http://{host}.evil.example"},
            {"Origin": f"http://{host}/"},
            {"Origin": f"http://{host}, https://evil.example"},
            {"Origin": "http://é".encode()},
            {"Origin": "http://[::1"},
            {"Referer": f"{self.base_url()}/odoo"},
            {"Sec_Fetch_Site": "same-site"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "none"},
            {"Sec_Fetch_Site": "same-origin, cross-site"},
            # Sec-Fetch-Site is used, not the Origin
            {"Sec_Fetch_Site": "cross-site", "Origin": self.base_url()},
        ):
            with self.subTest(**headers):
                self.assertRefused(self.send(**headers))

    def test_this_site(self):
        for headers in (
            {"Origin": self.base_url()},
            {"Origin": self.base_url().upper()},
            {"Sec_Fetch_Site": "same-origin"},
            {"Sec_Fetch_Site": "same-origin", "Origin": self.base_url()},
            # a form of a page without a referrer
            {"Sec_Fetch_Site": "same-origin", "Origin": "null"},
        ):
            for method in UNSAFE_METHODS:
                with self.subTest(method, **headers):
                    self.assertAccepted(self.send(method, **headers))

    def test_hosts(self):
        for host, origin in (
            ("odoo.example", "http://odoo.example"),
            ("odoo.example:80", "http://odoo.example"),
            ("odoo.example", "http://odoo.example:80"),
            ("ODOO.example:8069", "http://odoo.example:8069"),
            ("[::1]:8069", "http://[::1]:8069"),
            ("[::1]", "http://[::1]"),
        ):
            with self.subTest(host, origin=origin):
                self.assertEqual(
                    self.send_raw(host, origin), (200, f"{self.caller.id}")
                )
        for host, origin in (
            ("odoo.example", "http://www.odoo.example"),
            ("odoo.example", "http://odoo.example:443"),
            ("odoo.example:8069", "http://odoo.example"),
            ("[::1]:8069", "http://[::2]:8069"),
        ):
            with self.subTest(host, origin=origin):
                self.assertEqual(self.send_raw(host, origin)[0], 403)

    def test_several_origins(self):
        host = self.base_url().partition("://")[2]
        evil = "https://evil.example"
        for origins in ((self.base_url(), evil), (evil, self.base_url())):
            with self.subTest(origins):
                self.assertEqual(self.send_raw(host, *origins)[0], 403)

    def send_raw(self, host, *origins):
        """Send a request with the session and any ``Host`` header."""
        connection = HTTPConnection(self.base_url().partition("://")[2], timeout=30)
        self.addCleanup(connection.close)
        with self.allow_requests():
            cookies = self.opener.cookies.get_dict().items()
            connection.putrequest("POST", PATH, skip_host=True)
            connection.putheader("Host", host)
            connection.putheader("Cookie", "; ".join(map("=".join, cookies)))
            connection.putheader("Content-Length", "0")
            for origin in origins:
                connection.putheader("Origin", origin)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read().decode()

    def test_behind_a_proxy(self):
        forwarded = {
            "X_Forwarded_Host": "shop.example:8443",
            "X_Forwarded_Proto": "https",
        }
        origin = "https://shop.example:8443"
        # without proxy mode
        self.assertRefused(self.send(Origin=origin, **forwarded))
        self.startPatcher(patch.dict(config.options, {"proxy_mode": True}))
        self.assertAccepted(self.send(Origin=origin, **forwarded))
        calls_by_session.clear()
        for wrong in (
            self.base_url(),
            "http://shop.example:8443",
            "https://shop.example",
            "https://evil.example",
        ):
            with self.subTest(wrong):
                self.assertRefused(self.send(Origin=wrong, **forwarded))
        forwarded["X_Forwarded_Host"] = "shop.example"
        for origin in ("https://shop.example", "https://shop.example:443"):
            with self.subTest(origin):
                self.assertAccepted(self.send(Origin=origin, **forwarded))

    def test_token_of_odoo(self):
        token = Request.csrf_token(SimpleNamespace(env=self.env, session=self.session))
        for headers in ({}, {"Origin": "http://127.0.0.1"}):
            with self.subTest(**headers):
                self.assertAccepted(self.send(X_CSRF_Token=token, **headers))
        calls_by_session.clear()
        for wrong in ("", "x", f"{token}0", token[1:], "é".encode(), "1o1", "o"):
            with self.subTest(wrong):
                self.assertRefused(self.send(X_CSRF_Token=wrong))


class _Page(BaseHTTPRequestHandler):
    """A page of another site.

    :param content: HTML of the page
    """

    def __init__(self, content, *args):
        self._content = content
        super().__init__(*args)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self._content.encode())

    def log_message(self, *args):
        pass


class TestBrowserSession(SessionCase, BrowserDocsCase):
    def test_page_of_odoo(self):
        self.browse(
            "/web/login",
            f"""
            for (const method of ["GET", "POST", "DELETE"]) {{
                const response = await fetch("{PATH}", {{method}});
                check(response.status === 200, `${{method}}: ${{response.status}}`);
            }}
            """,
            "body",
            login=self.caller.login,
        )
        methods = [method for method, _user in calls_by_session]
        self.assertEqual(methods, ["GET", "POST", "DELETE"])

    def test_page_of_another_origin(self):
        """Only its port differs, so the browser sends the cookie."""
        url = json.dumps(f"{self.base_url()}{PATH}")
        server = HTTPServer(
            ("127.0.0.1", 0),
            partial(
                _Page,
                f"""<script>
                (async () => {{
                    const options = {{mode: "no-cors", credentials: "include"}};
                    await fetch({url}, {{method: "POST", ...options}});
                    await fetch({url}, options);
                    parent.postMessage("done", "*");
                }})()
                </script>""",
            ),
        )
        self.addCleanup(server.server_close)
        thread = Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.browser_js(
            "/web/login",
            f"""
            addEventListener("message", () => console.log("test successful"));
            document.body.append(Object.assign(
                document.createElement("iframe"),
                {{src: "http://127.0.0.1:{server.server_port}/"}},
            ));
            """,
            login=self.caller.login,
            error_checker=lambda text: "403" not in text,
        )
        self.assertEqual(calls_by_session, [("GET", self.caller.id)])
