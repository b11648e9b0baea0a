# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic: the header, and an endpoint that accepts it."""

import itertools

from starlette.requests import HTTPConnection

from odoo.tests import new_test_user

from odoo.addons.fastapi.auth import InvalidCredentials
from odoo.addons.fastapi.auth.basic import (
    BasicCredentials,
    BasicScheme,
    BasicWay,
)

from .basic_case import WRONG, BasicCase, logins


class TestBasicWay(BasicCase):
    def authenticate_by(self, login, password):
        credential = BasicCredentials(username=login, password=password)
        connection = HTTPConnection(
            {"type": "http", "headers": [], "client": ("192.0.2.1", 1)}
        )
        env = self.env(user=self.runner)
        return BasicWay().authenticate(credential, connection, env)

    def test_caller(self):
        for _call in range(2):
            caller = self.authenticate_by(self.login, self.password)
            self.assertEqual(caller.method, "basic")
            self.assertEqual(caller.user_id, self.user.id)
            self.assertEqual(caller.partner_id, self.user.partner_id.id)
            self.assertIsNone(caller.scopes)
            self.assertIsNone(caller.key_id)
        for login, password in (
            (self.login, "wrong"),
            (self.login, ""),
            ("unknown@test", self.password),
            ("", ""),
        ):
            with self.assertRaises(InvalidCredentials) as caught:
                self.authenticate_by(login, password)
            self.assertEqual(caught.exception.detail, WRONG)

    def test_header(self):
        way = BasicWay()
        self.assertEqual(way.challenge, 'Basic realm="API", charset="UTF-8"')
        for header, expected in (
            (None, None),
            ("", None),
            ("Bearer YTpi", None),
            ("Basic YTpi", ("a", "b")),
            ("basic YTpiOmM=", ("a", "b:c")),
            ("Basic w6k6w6k=", ("é", "é")),
            ("Basic OmI=", ("", "b")),
            # empty credentials, which are always wrong
            ("Basic", ("", "")),
            ("Basic x", ("", "")),
            ("Basic YWI=", ("", "")),
            ("Basic 6Tpi", ("", "")),
        ):
            with self.subTest(header):
                headers = [(b"authorization", header.encode())] if header else []
                connection = HTTPConnection({"type": "http", "headers": headers})
                read = way.scheme(connection)
                with self.assertRaises(StopIteration) as caught:
                    read.send(None)
                found = caught.exception.value
                self.assertEqual(found and (found.username, found.password), expected)

    def test_password_is_not_shown(self):
        credential = BasicCredentials(username="ann", password="s3cr3t")
        for text in (repr(credential), str(credential), f"{credential}"):
            self.assertNotIn("s3cr3t", text)
            self.assertIn("ann", text)

    def test_openapi(self):
        for scheme in (BasicScheme(), BasicWay().scheme):
            self.assertEqual(scheme.scheme_name, "HTTPBasic")
            self.assertEqual(scheme.model.scheme, "basic")
        document = self.get("/test/openapi.json").json()
        self.assertIn("HTTPBasic", document["components"]["securitySchemes"])


class TestChosenOnTheEndpoint(BasicCase):
    """The way is chosen on the endpoint; the app has no code for it."""

    CHALLENGE = 'Basic realm="API", charset="UTF-8"'

    def setUp(self):
        super().setUp()
        self.endpoint = self._create_endpoint(
            "/chosen",
            app="test_auth",
            auth_basic=True,
            auth_api_key=False,
            run_as="user",
        )

    def call_as(self, login=None, password=None, path="/chosen/auth/caller"):
        auth = (login or self.login, password or self.password)
        return self.get(path, auth=auth)

    def assert_refused(self, response, status, detail, challenge=None):
        self.assertEqual(response.status_code, status)
        self.assertEqual(response.json(), {"detail": detail})
        self.assertEqual(response.headers.get("WWW-Authenticate"), challenge)

    def test_caller(self):
        self.hashes.count = 0
        for run_as, uid in (("user", self.runner.id), ("caller", self.user.id)):
            self.endpoint.run_as = run_as
            body = self.call_as().json()
            self.assertEqual(body["method"], "basic")
            self.assertEqual(body["user_id"], self.user.id)
            self.assertEqual(body["partner_id"], self.user.partner_id.id)
            self.assertEqual(body["runs_as"], uid)
        self.assertEqual(self.hashes.count, 1)

    def test_refused(self):
        for path in ("/chosen/auth/caller", "/chosen/auth/caller/optional"):
            for login, password in (
                (self.login, "wrong"),
                ("unknown@test", self.password),
                (self.login, "x" * 5000),
                (self.login, "nul\0"),
            ):
                response = self.call_as(login, password, path)
                self.assert_refused(response, 401, WRONG, self.CHALLENGE)
            for header in ("Basic", "Basic x", "Basic YWI=", "Basic 6Tpi"):
                response = self.get(path, headers={"Authorization": header})
                self.assert_refused(response, 401, WRONG, self.CHALLENGE)
        response = self.get("/chosen/auth/caller")
        self.assert_refused(response, 401, "Not authenticated", self.CHALLENGE)
        self.assertIsNone(self.get("/chosen/auth/caller/optional").json())

    def test_pages_of_other_sites(self):
        """They can't use a password that the browser has added by itself."""
        self.endpoint.run_as = "caller"
        self.user.group_ids += self.env.ref("test_fastapi.group_test_runner")
        modes = ("navigate", "no-cors", "cors")
        for site, mode in itertools.product(("cross-site", "same-site"), modes):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            options = {"auth": (self.login, self.password), "headers": headers}
            with self.subTest(site=site, mode=mode):
                response = self.call(
                    "POST", f"/chosen/auth/items?name={site}-{mode}", **options
                )
                # a script sends the password itself
                status = 200 if mode == "cors" else 403
                self.assertEqual(response.status_code, status, response.text)
                response = self.get("/chosen/auth/caller", **options)
                self.assertEqual(response.status_code, 200)
                response = self.call("POST", "/test/partner", **options)
                self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(self.env["test.fastapi.item"].search_count([]), 2)

    def test_not_chosen(self):
        """The credential is ignored."""
        self.endpoint.write({"auth_basic": False, "auth_api_key": True})
        self.assert_refused(self.call_as(), 401, "Not authenticated", "Bearer")
        body = self.call_as(path="/chosen/auth/caller/optional").json()
        self.assertIsNone(body)

    def test_with_another_way(self):
        self.endpoint.auth_api_key = True
        self.assertEqual(self.call_as().json()["method"], "basic")
        response = self.call_as(password="wrong")
        self.assert_refused(response, 401, WRONG, f"Bearer, {self.CHALLENGE}")
        document = self.get("/chosen/openapi.json").json()
        operation = document["paths"]["/auth/caller"]["get"]
        self.assertEqual(operation["security"], [{"APIKey": []}, {"HTTPBasic": []}])

    def test_portal_user(self):
        portal = new_test_user(
            self.env, next(logins), "base.group_portal", password="portal's secret"
        )
        self.env.flush_all()
        for _call in range(2):
            response = self.call_as(portal.login, "portal's secret")
            detail = "Only internal users can call this API."
            self.assert_refused(response, 403, detail)
        self.endpoint.allow_portal_users = True
        body = self.call_as(portal.login, "portal's secret").json()
        self.assertEqual(body["user_id"], portal.id)

    def test_clients_can_not_skip_the_cooldown_of_odoo(self):
        """The context of an RPC call is the client's, the mark of API logins is not."""
        self.env["ir.config_parameter"].sudo().set_param("base.login_cooldown_after", 1)
        self.authenticate("admin", "admin")
        credential = {"type": "password", "login": "admin", "password": "wrong"}
        texts = []
        for _number in range(3):
            response = self.url_open(
                "/web/dataset/call_kw/res.users/authenticate",
                json={
                    "params": {
                        "model": "res.users",
                        "method": "authenticate",
                        "args": [[], credential, {"interactive": False}],
                        "kwargs": {"context": {"fastapi_login": True}},
                    }
                },
            )
            texts.append(response.json()["error"]["data"]["message"])
        self.assertIn("Too many login failures", texts[-1])

    def test_too_many_failures(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("base.login_cooldown_after", 2)
        for status in (401, 401, 429):
            response = self.call_as(password="wrong")
            self.assertEqual(response.status_code, status)
        self.assertIn(int(response.headers["Retry-After"]), range(1, 61))
        self.assertNotIn("WWW-Authenticate", response.headers)
