# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Values that an override of ``_get_routing_info`` may change, with a new field."""

import datetime

from .common import FastapiHttpCase
from .server_case import ServerCase

ORIGIN = "https://shop.example"


class TestAuth(FastapiHttpCase):
    def mount(self, auth):
        return self._create_endpoint("/routed", test_routing={"auth": auth})

    def assert_served(self, session_uid=None, **kwargs):
        """Expect the request to run as the endpoint's user."""
        response = self.get("/routed/identity", **kwargs)
        self.assertEqual(response.status_code, 200, response.text)
        found = response.json()
        self.assertEqual(found["uid"], self.runner.id)
        self.assertIs(found["su"], False)
        self.assertEqual(found["session_uid"], session_uid)

    def assert_unauthorized(self, **kwargs):
        response = self.get("/routed/identity", **kwargs)
        self.assertEqual(response.status_code, 401)
        self.assertEqual([*response.json()], ["detail"])
        return response

    def test_public(self):
        self.mount("public")
        self.assert_served()
        self.authenticate(self.caller.login, "caller's secret")
        self.assert_served(session_uid=self.caller.id)

    def test_user(self):
        self.mount("user")
        response = self.assert_unauthorized()
        self.assertEqual(response.json(), {"detail": "Session expired"})
        self.authenticate(self.caller.login, "caller's secret")
        self.assert_served(session_uid=self.caller.id)
        self.logout(keep_db=True)
        self.assert_unauthorized()

    def test_bearer(self):
        self.mount("bearer")
        response = self.assert_unauthorized()
        challenge = response.headers["WWW-Authenticate"].strip()  # werkzeug 3.0
        self.assertEqual(challenge.lower(), "bearer")
        for key in ("wrong", ""):
            self.assert_unauthorized(headers={"Authorization": f"Bearer {key}"})
        # a password of HTTP Basic is no key
        self.assert_unauthorized(auth=self.caller_auth)
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.caller)
            .sudo()
            ._generate(
                None, "key", datetime.datetime.now() + datetime.timedelta(days=1)
            )
        )
        self.assert_served(headers={"Authorization": f"Bearer {key}"})
        # a page of another site can send the session cookie, but no key
        self.authenticate(self.caller.login, "caller's secret")
        self.assert_unauthorized()

    def test_none(self):
        self.mount("none")
        self.assert_served()
        self.authenticate(self.caller.login, "caller's secret")
        self.assert_served(session_uid=self.caller.id)
        # a key is ignored too
        self.assert_served(
            session_uid=self.caller.id, headers={"Authorization": "Bearer wrong"}
        )


class TestMaxContentLength(FastapiHttpCase):
    def assert_limit(self, limit, root_path="/routed"):
        path = f"{root_path}/body"
        self.assertEqual(self.post(path, data=b"x" * limit).json()["size"], limit)
        response = self.post(path, data=b"x" * (limit + 1))
        self.assertEqual(response.status_code, 413)
        self.assertEqual([*response.json()], ["detail"])
        # werkzeug also refuses chunks of an unknown total size at the limit
        chunks = [b"x"] * (limit - 1)
        self.assertEqual(self.post(path, data=iter(chunks)).json()["size"], limit - 1)
        response = self.post(path, data=iter([*chunks, b"xx"]))
        self.assertEqual(response.status_code, 413)

    def test_max_content_length(self):
        self._create_endpoint("/routed", test_routing={"max_content_length": 10})
        self.assert_limit(10)
        self.assertEqual(self.post("/test/body", data=b"x" * 11).status_code, 200)

    def test_max_content_length_overrides_the_database_limit(self):
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", "5")
        self._create_endpoint("/routed", test_routing={"max_content_length": 10})
        self.assert_limit(10)
        self.assert_limit(5, "/test")

    def test_max_content_length_of_a_function(self):
        self._create_endpoint(
            "/routed", test_routing={"max_content_lengths": {"/routed": 20}}
        )
        self.assert_limit(20)


class TestCors(FastapiHttpCase):
    def mount(self, **routing):
        # an app without CORS middleware, which would set the header too
        self._create_endpoint(
            "/routed", app="test_breakable", test_routing={"cors": ORIGIN, **routing}
        )

    def test_cors(self):
        self.mount()
        response = self.get("/routed/identity")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], ORIGIN)
        methods = response.headers["Access-Control-Allow-Methods"].split(", ")
        self.assertIn("PATCH", methods)

    def test_no_cors_by_default(self):
        self._create_endpoint("/routed", app="test_breakable")
        for method in ("GET", "OPTIONS"):
            response = self.call(method, "/routed/identity")
            self.assertNotIn("Access-Control-Allow-Origin", response.headers)

    def test_preflight_needs_no_session(self):
        self.mount(auth="user")
        response = self.call("OPTIONS", "/routed/identity")
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response.headers["Access-Control-Allow-Origin"], ORIGIN)
        self.assertIn("PATCH", response.headers["Access-Control-Allow-Methods"])
        allowed = response.headers["Access-Control-Allow-Headers"]
        self.assertIn("Authorization", allowed)
        self.assertEqual(self.get("/routed/identity").status_code, 401)


class TestRoutingImpactingFields(ServerCase):
    def test_field_of_an_override_is_live_after_the_commit(self):
        second = self.start_server()
        endpoint_id = self.create_endpoint(self.first, "/routed")
        for auth, status in (("user", 401), ("none", 200), ("bearer", 401)):
            self.first.rpc(
                *("fastapi.endpoint", "write", [endpoint_id]),
                {"test_routing": {"auth": auth}},
            )
            for server in (self.first, second):
                with self.subTest(auth=auth, first=server is self.first):
                    response = server.request("GET", "/routed/identity")
                    self.assertEqual(response.status, status)
