# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.http import request
from odoo.tests import new_test_user

from odoo.addons.fastapi.auth.session import make_odoo_recheck

from ..routers.identity import attempts
from .common import FastapiHttpCase


class TestIdentity(FastapiHttpCase):
    def test_user_and_company_of_the_endpoint(self):
        company = self.env["res.company"].create({"name": "Another company"})
        self.runner.company_ids += company
        self._create_endpoint("/other_company", company_id=company.id)
        for path, company_id in (
            ("/test/identity", self.runner.company_id.id),
            ("/other_company/identity", company.id),
        ):
            response = self.get(path).json()
            self.assertEqual(response["uid"], self.runner.id)
            self.assertFalse(response["su"])
            self.assertEqual(response["company"], company_id)
            self.assertEqual(response["partner"], "undefined")

    def test_session_of_a_user_does_not_change_the_user(self):
        self.authenticate("admin", "admin")
        response = self.get("/test/identity").json()
        self.assertEqual(response["uid"], self.runner.id)
        self.assertEqual(response["session_uid"], self.env.ref("base.user_admin").id)
        self.assertEqual(
            self.get("/test/visible_to_anybody/res.users").json(), [self.runner.id]
        )

    def test_basic_authentication(self):
        # Odoo would warn about missing data on the client
        with self.assertNoLogs(level="WARNING"):
            response = self.get("/test/partner", auth=self.caller_auth).json()
        partner_id = self.caller.partner_id.id
        self.assertEqual(response, {"id": partner_id, "in_context": partner_id})

    def test_wrong_credentials(self):
        for auth in (
            None,
            ("caller@test", "wrong"),
            ("unknown@test", "caller's secret"),
            ("caller@test", ""),
            ("", ""),
            ("caller@test\0", "caller's secret"),
            ("caller@test", "caller's secret\0"),
        ):
            response = self.get("/test/partner", auth=auth)
            self.assertEqual(response.status_code, 401, auth)
            self.assertEqual(response.headers["WWW-Authenticate"], "Basic")
        for header in ("", "Basic", "Basic x", "Basic 4pyT", "Bearer x", "Basic  ::"):
            response = self.get("/test/partner", headers={"Authorization": header})
            self.assertEqual(response.status_code, 401, header)

    def test_archived_user_can_not_authenticate(self):
        self.caller.active = False
        response = self.get("/test/partner", auth=self.caller_auth)
        self.assertEqual(response.status_code, 401)

    def test_optional_authentication(self):
        path = "/test/partner/optional"
        self.assertIsNone(self.get(path).json())
        found = self.get(path, auth=self.caller_auth).json()
        self.assertEqual(found, self.caller.partner_id.id)
        response = self.get(path, auth=("caller@test", "wrong"))
        self.assertEqual(response.status_code, 401)

    def test_demo_app_authenticates_as_its_endpoint_says(self):
        demo = self._create_endpoint("/demo1", app="demo", demo_auth_method="api_key")
        user = new_test_user(self.env, "key@test")
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        sent = {
            scope: {"api-key": keys._generate(scope, "test", None)}
            for scope in (None, "fastapi_demo", "another")
        }
        for scope in (None, "fastapi_demo"):
            response = self.get("/demo1/demo/who_ami", headers=sent[scope])
            self.assertEqual(response.json()["name"], user.partner_id.name)
        right = sent[None]["api-key"]
        for key in (
            None,
            "",
            "key@test",
            "admin",
            f"{right[:-1]}x",
            right.upper(),
            "é",
        ):
            headers = {"api-key": key.encode()} if key is not None else {}
            response = self.get("/demo1/demo/who_ami", headers=headers)
            self.assertEqual(response.status_code, 401, key)
        response = self.get("/demo1/demo/who_ami", headers=sent["another"])
        self.assertEqual(response.status_code, 401)
        user.active = False
        response = self.get("/demo1/demo/who_ami", headers=sent[None])
        self.assertEqual(response.status_code, 401)
        user.active = True

        demo.demo_auth_method = "http_basic"
        response = self.get("/demo1/demo/who_ami", headers=sent[None])
        self.assertEqual(response.status_code, 401)
        response = self.get("/demo1/demo/who_ami", auth=self.caller_auth)
        self.assertEqual(response.json()["name"], self.caller.partner_id.name)
        response = self.get("/demo1/demo/endpoint_app_info", auth=self.caller_auth)
        self.assertEqual(
            response.json(),
            {
                "id": demo.id,
                "name": demo.name,
                "app": "demo",
                "demo_auth_method": "http_basic",
                "root_path": "/demo1",
            },
        )

    def _key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return {"Authorization": f"Bearer {keys._generate(None, 'test', None)}"}

    def test_user_authenticated_by_odoo(self):
        user = new_test_user(self.env, "ann@test", groups="base.group_portal")
        expected = {
            "user": user.id,
            "partner": user.partner_id.id,
            "runs_as": self.runner.id,
        }
        for auth in ("public", "user", "bearer"):
            self._create_endpoint(f"/by_{auth}", test_routing={"auth": auth})
        for path in ("/by_public", "/by_user", "/by_bearer"):
            with self.subTest(path):
                response = self.get(f"{path}/odoo_user")
                self.assertEqual(response.status_code, 401)
        self.assertEqual(
            self.get("/by_bearer/odoo_user", headers=self._key(user)).json(), expected
        )
        wrong = {"Authorization": "Bearer wrong"}
        response = self.get("/by_bearer/odoo_user", headers=wrong)
        self.assertEqual(response.status_code, 401)
        self.authenticate("ann@test", "ann@test")
        for path in ("/by_public", "/by_user"):
            with self.subTest(path):
                self.assertEqual(self.get(f"{path}/odoo_user").json(), expected)

    def test_user_in_a_replay(self):
        """Odoo starts a replay as the user of the previous attempt."""
        # the next attempt must be even, since even attempts fail
        first = next(attempts)
        if first % 2 == 0:
            first = next(attempts)
        self.assertEqual(self.get("/test/odoo_user/replayed").status_code, 401)
        self.assertEqual(next(attempts), first + 3)
        next(attempts)
        self.authenticate("admin", "admin")
        response = self.get("/test/odoo_user/replayed").json()
        self.assertEqual(response, self.env.ref("base.user_admin").id)

    def test_user_of_an_optional_scheme(self):
        """Some addons authenticate as the public user first, then as another user."""
        ir_http = self.registry["ir.http"]
        original = ir_http._auth_method_public.__func__

        def authenticate(cls):
            original(cls)
            request.update_env(user=self.caller.id)

        with patch.object(ir_http, "_auth_method_public", classmethod(authenticate)):
            response = self.get("/test/odoo_user").json()
        self.assertEqual(response["user"], self.caller.id)

    def test_connections_of_a_user_whom_an_addon_authenticates(self):
        """Only the addon knows its credential, so the connection ends with the user."""
        ir_http = self.registry["ir.http"]
        original = ir_http._auth_method_public.__func__
        rechecks = []

        def authenticate(cls):
            original(cls)
            request.update_env(user=self.caller.id)
            rechecks.append(make_odoo_recheck())

        with patch.object(ir_http, "_auth_method_public", classmethod(authenticate)):
            for headers in ({"X-Token": "x"}, {"Authorization": "Bearer a.b.c"}):
                response = self.get("/test/odoo_user", headers=headers)
                self.assertEqual(response.status_code, 200)
        self.assertEqual([recheck(self.env) for recheck in rechecks], [True, True])
        self.caller.active = False
        self.env.flush_all()
        self.assertEqual([recheck(self.env) for recheck in rechecks], [False, False])

    def test_user_of_the_endpoint_is_returned_only_if_logged_in(self):
        path = "/test/odoo_user"
        self.assertEqual(self.get(path).status_code, 401)
        self.runner.password = "runner's secret"
        self.authenticate(self.runner.login, "runner's secret")
        self.assertEqual(self.get(path).json()["user"], self.runner.id)

    def test_request_that_names_its_database_gets_no_session(self):
        headers = {"X-Odoo-Database": self.env.cr.dbname}
        response = self.get("/test/identity", headers=headers)
        self.assertEqual(response.json()["uid"], self.runner.id)
        self.assertNotIn("Set-Cookie", response.headers)
        # save_http_session also saves sessions of anonymous clients
        self.endpoint.save_http_session = True
        self.assertIn("session_id", self.get("/test/identity").cookies)
