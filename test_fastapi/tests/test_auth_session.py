# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A session: for pages of this site, not for those of others."""

import json
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from unittest.mock import patch

from odoo.http import Request
from odoo.tests import new_test_user
from odoo.tools import config

from ..routers.identity import calls_by_session
from .common import FastapiHttpCase
from .test_browser_docs import BrowserDocsCase

PATH = "/test/by_session"
UNSAFE_METHODS = ("POST", "PUT", "PATCH", "DELETE")


class SessionCase(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(calls_by_session.clear)

    def log_in(self):
        self.authenticate(*self.caller_auth)

    def send(self, method="POST", path=PATH, **headers):
        """Send a request; ``Sec_Fetch_Site`` is the header ``Sec-Fetch-Site``."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(method, path, headers=headers)

    def assertAccepted(self, response):
        self.assertEqual(
            (response.status_code, response.text), (200, f"{self.caller.id}")
        )

    def assertRefused(self, response):
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json().keys(), {"detail"})
        for word in ("Origin", "Sec-Fetch-Site: same-origin", "X-CSRF-Token"):
            self.assertIn(word, response.json()["detail"])
        self.assertEqual(calls_by_session, [])


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
            # what the browser says counts, whatever a redirect left of the origin
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
        """Send a request with the session, whatever host it names."""
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
        # nobody has said that there is a proxy
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


class TestSession(SessionCase):
    def test_nobody_is_logged_in(self):
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)
        # the session of a visitor, too
        self.authenticate(None, None)
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)
        self.assertEqual(self.send(Origin="https://evil.example").status_code, 401)

    def test_logged_out(self):
        self.log_in()
        self.assertAccepted(self.send(Origin=self.base_url()))
        self.logout()
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)

    def test_expired(self):
        self.log_in()
        self.caller.password = "another secret"  # ends all sessions
        for method in ("GET", "POST"):
            response = self.send(method, Origin=self.base_url())
            self.assertEqual(response.status_code, 401)

    def test_archived_user(self):
        self.log_in()
        self.caller.active = False
        self.assertEqual(self.send(Origin=self.base_url()).status_code, 401)

    def test_by_auth_of_the_routing_info(self):
        self._create_endpoint("/by_user", test_routing={"auth": "user"})
        self.log_in()
        path = "/by_user/by_session"
        self.assertRefused(self.send(path=path, Origin="https://evil.example"))
        self.assertAccepted(self.send(path=path, Sec_Fetch_Site="same-origin"))

    def test_a_key_is_no_session(self):
        self._create_endpoint("/by_bearer", test_routing={"auth": "bearer"})
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        key = {"Authorization": f"Bearer {keys._generate(None, 'test', None)}"}
        path = "/by_bearer/by_session"
        self.assertAccepted(self.send(path=path, **key))
        self.log_in()
        self.assertAccepted(self.send(path=path, **key))
        calls_by_session.clear()
        # elsewhere Odoo has not looked at it
        self.assertRefused(self.send(**key))
        # what Odoo lets pass for a page that the user opens
        headers = {
            "Sec_Fetch_Dest": "document",
            "Sec_Fetch_Mode": "navigate",
            "Sec_Fetch_User": "?1",
        }
        self.assertRefused(self.send(path=path, Sec_Fetch_Site="none", **headers))
        self.assertAccepted(
            self.send(path=path, Sec_Fetch_Site="same-origin", **headers)
        )
        new_test_user(self.env, "other@test", password="other's secret")
        self.authenticate("other@test", "other's secret")
        self.assertEqual(self.send(path=path, **key).status_code, 403)


class TestSessionWay(SessionCase):
    """Chosen on the endpoint."""

    def setUp(self):
        super().setUp()
        self.pages = self._create_endpoint("/pages", app="test_auth", auth_session=True)
        self.pages.write({"auth_api_key": False, "run_as": "user"})

    def make_key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return f"Bearer {keys._generate(None, 'test', None)}"

    def assertAnonymous(self):
        response = self.get("/pages/auth/caller")
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "Not authenticated"})
        response = self.get("/pages/auth/caller/optional")
        self.assertEqual((response.status_code, response.json()), (200, None))

    def test_who_calls(self):
        self.log_in()
        answer = self.get("/pages/auth/caller").json()
        self.assertEqual(answer["method"], "session")
        self.assertEqual(answer["user_id"], self.caller.id)
        self.assertEqual(answer["partner_id"], self.caller.partner_id.id)
        self.assertIsNone(answer["scopes"])
        self.assertEqual(answer["runs_as"], self.runner.id)
        answer = self.get("/pages/auth/caller/optional").json()
        self.assertEqual(answer["user_id"], self.caller.id)

    def test_nobody(self):
        self.assertAnonymous()
        self.authenticate(None, None)  # the session of a visitor
        self.assertAnonymous()

    def test_sessions_that_are_over(self):
        self.log_in()
        self.logout()
        self.assertAnonymous()
        self.log_in()
        self.caller.password = "another secret"
        self.assertAnonymous()
        self.caller.password = self.caller_auth[1]
        self.log_in()
        self.caller.active = False
        self.assertAnonymous()

    def test_users_who_may_not_call(self):
        portal = new_test_user(self.env, "portal@test", groups="base.group_portal")
        self.authenticate("portal@test", "portal@test")
        response = self.get("/pages/auth/caller")
        self.assertEqual(response.status_code, 403)
        self.assertIn("internal users", response.json()["detail"])
        self.pages.allow_portal_users = True
        answer = self.get("/pages/auth/caller").json()
        self.assertEqual(answer["user_id"], portal.id)

    def test_other_sites(self):
        self.log_in()
        self.pages.run_as = "caller"
        self.caller.group_ids += self.env.ref("test_fastapi.group_test_runner")
        path = "/pages/auth/items?name=x"
        items = self.env["test.fastapi.item"]
        for headers in ({}, {"Origin": "https://evil.example"}):
            self.assertRefused(self.send(path=path, **headers))
            self.assertFalse(items.search([]))
        response = self.send(path=path, Origin=self.base_url())
        self.assertEqual(items.browse(response.json()).create_uid, self.caller)
        response = self.send("GET", "/pages/auth/items", Origin="https://evil.example")
        self.assertEqual(response.json(), ["x"])

    def test_beside_keys(self):
        self.pages.write({"auth_api_key": True, "accept_unscoped_keys": True})
        path = "/pages/auth/items?name=x"
        key = self.make_key(self.caller)
        answer = self.send("GET", "/pages/auth/caller", Authorization=key).json()
        self.assertEqual(answer["method"], "api_key")
        self.assertEqual(self.send(path=path, Authorization=key).status_code, 200)
        self.log_in()
        answer = self.get("/pages/auth/caller").json()
        self.assertEqual(answer["method"], "session")
        other = new_test_user(self.env, "other@test")
        for sent, status in ((key, 200), (self.make_key(other), 403)):
            response = self.send("GET", "/pages/auth/caller", Authorization=sent)
            self.assertEqual(response.status_code, status)

    def test_session_that_is_not_chosen(self):
        self.pages.write({"auth_api_key": True, "auth_session": False})
        self.log_in()
        self.assertAnonymous()

    def test_by_auth_of_the_routing_info(self):
        """Odoo's key of a bearer endpoint is nobody's session."""
        self.pages.test_routing = {"auth": "bearer"}
        headers = {"Authorization": self.make_key(self.caller)}
        response = self.get("/pages/auth/caller", headers=headers)
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json(), {"detail": "Not authenticated"})

    def test_openapi(self):
        document = self.get("/pages/openapi.json").json()
        scheme = document["components"]["securitySchemes"]["OdooSession"]
        self.assertEqual(
            (scheme["type"], scheme["in"], scheme["name"]),
            ("apiKey", "cookie", "session_id"),
        )
        for path, security in (
            ("/auth/caller", [{"OdooSession": []}]),
            ("/auth/caller/optional", [{"OdooSession": []}, {}]),
            ("/auth/open", None),
        ):
            operation = document["paths"][path]["get"]
            self.assertEqual(operation.get("security"), security, path)
        self.pages.write({"auth_api_key": True, "run_as": "caller"})
        document = self.get("/pages/openapi.json").json()
        for path, security in (
            ("/auth/env", [{"APIKey": []}, {"OdooSession": []}]),
            ("/auth/caller/optional", [{"APIKey": []}, {"OdooSession": []}, {}]),
        ):
            operation = document["paths"][path]["get"]
            self.assertEqual(operation["security"], security, path)


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
        """Its port differs alone, so the browser sends the cookie."""
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
