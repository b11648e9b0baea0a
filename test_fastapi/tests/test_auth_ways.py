# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Several ways to authenticate, and what an app decides itself."""

from fastapi import FastAPI, HTTPException

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.fastapi.dependencies import (
    authenticated_partner_impl,
    company_id,
    optionally_authenticated_partner_impl,
)

from .auth_case import NOT_AUTHENTICATED, AuthCase


class TestSeveralWays(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint.write({"auth_basic": True, "auth_session": True})
        cls.path = "/auth/auth/caller"

    def test_each_way(self):
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            self.assertEqual(self.get_by_key(self.path).json()["method"], "api_key")
            body = self.get(self.path, auth=self.caller_auth).json()
            self.assertEqual(
                (body["method"], body["user_id"]), ("basic", self.caller.id)
            )
            basic = 'Basic realm="API", charset="UTF-8"'
            self.assert_refused(
                self.get(self.path), 401, NOT_AUTHENTICATED, f"Bearer, {basic}"
            )
            response = self.get(self.path, auth=("caller@test", "wrong"))
            self.assert_refused(response, 401, challenge=f"Bearer, {basic}")
            response = self.get_by_key(self.path, "wrong")
            challenge = f'Bearer error="invalid_token", {basic}'
            self.assert_refused(response, 401, challenge=challenge)
        self.authenticate("caller@test", "caller's secret")
        body = self.get(self.path).json()
        self.assertEqual((body["method"], body["user_id"]), ("session", self.caller.id))
        self.assertEqual(body["runs_as"], self.caller.id)

    def test_different_users(self):
        self.endpoint.api_key_header = "X-API-Key"
        headers = {"X-API-Key": self.key}
        response = self.get(self.path, headers=headers, auth=self.caller_auth)
        detail = "The credentials that were sent name different users."
        self.assert_refused(response, 403, detail)
        headers = {"X-API-Key": self._make_key(self.caller)}
        response = self.get(self.path, headers=headers, auth=self.caller_auth)
        self.assertEqual(response.json()["method"], "api_key")
        self.authenticate("caller@test", "caller's secret")
        response = self.get(self.path, headers={"X-API-Key": self.key})
        self.assert_refused(response, 403, detail)

    def test_ways_that_are_not_chosen(self):
        self.endpoint.write({"auth_basic": False, "auth_session": False})
        self.authenticate("caller@test", "caller's secret")
        body = self.get_by_key(self.path).json()
        self.assertEqual(body["user_id"], self.user.id)
        response = self.get(self.path, auth=self.caller_auth)
        self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")

    def test_openapi(self):
        document = self.get("/auth/openapi.json").json()
        security = document["paths"]["/auth/caller"]["get"]["security"]
        self.assertEqual(
            [*map(list, security)], [["APIKey"], ["HTTPBasic"], ["OdooSession"]]
        )


class TestChoicesOfApps(AuthCase):
    def test_defaults_of_an_app(self):
        endpoint = self.env["fastapi.endpoint"].create({"app": "test_auth"})
        self.assertTrue(endpoint.auth_api_key)
        self.assertFalse(endpoint.auth_basic)
        self.assertEqual(endpoint.run_as, "caller")
        self.assertEqual(endpoint.root_path, "/test-auth")
        endpoint = self.env["fastapi.endpoint"].create(
            {"app": "test_auth", "root_path": "/x", "run_as": "user"}
        )
        self.assertEqual(endpoint.run_as, "user")

    def test_way_of_an_addon_that_is_not_installed(self):
        app = self.env["fastapi.app.test_auth"]
        self.patch(type(app), "_auth", ("api_key", "of_an_addon"))
        defaults = app._get_endpoint_defaults()
        self.assertEqual(
            [name for name in defaults if name.startswith("auth_")], ["auth_api_key"]
        )
        with self.assertLogs("odoo.addons.fastapi", "WARNING") as logs:
            self.env["fastapi.endpoint"]._warn_of_unknown_ways(app)
        self.assertIn("by of_an_addon", logs.output[0])

    def test_no_choice_changes_nothing(self):
        endpoint = self._create_endpoint("/unchanged")
        for name in ("api_key", "basic", "session"):
            self.assertFalse(endpoint[f"auth_{name}"])
        self.assertEqual(endpoint.run_as, "user")
        body = self.get("/unchanged/partner", auth=self.caller_auth).json()
        self.assertEqual(body["id"], self.caller.partner_id.id)

    def test_override_of_an_app_wins(self):
        # the app "test" authenticates by itself, with HTTP Basic
        self._create_endpoint("/own", auth_api_key=True, accept_unscoped_keys=True)
        self.assertEqual(self.get_by_key("/own/partner").status_code, 401)
        body = self.get("/own/partner", auth=self.caller_auth).json()
        self.assertEqual(body["id"], self.caller.partner_id.id)
        security = self.get("/own/openapi.json").json()["paths"]["/partner"]["get"][
            "security"
        ]
        self.assertEqual(security, [{"HTTPBasic": []}])

    def test_override_of_an_existing_app_wins(self):
        def own():
            raise HTTPException(401)

        app = FastAPI()
        app.dependency_overrides[authenticated_partner_impl] = own
        app.dependency_overrides[company_id] = own
        self.patch(type(self.env["fastapi.app.test_auth"]), "_app", app)
        overrides = self.endpoint._get_app().dependency_overrides
        self.assertIs(overrides[authenticated_partner_impl], own)
        self.assertIsNot(overrides[company_id], own)
        self.assertIn(optionally_authenticated_partner_impl, overrides)

    def test_override_of_an_app_that_runs_as_the_caller(self):
        # the override itself still gets the odoo_env of the endpoint's user
        self.caller.group_ids = [Command.link(self.group.id)]
        for app in ("test", "test_middleware"):
            self._create_endpoint(f"/own_{app}", app=app, run_as="caller")
            auth = self.caller_auth
            body = self.get(f"/own_{app}/identity", auth=auth).json()
            self.assertEqual(body["uid"], self.caller.id)
            self.assertEqual(self.get(f"/own_{app}/identity").status_code, 401)
            body = self.get(f"/own_{app}/partner", auth=auth).json()
            self.assertEqual(body["id"], self.caller.partner_id.id)
            response = self.post(f"/own_{app}/items?name={app}", auth=auth)
            item = self.env["test.fastapi.item"].browse(response.json())
            self.assertEqual(item.create_uid, self.caller)
            self.assertEqual(item.flushed_by_id, self.caller)
        new_test_user(self.env, "x", partner_id=self.caller.partner_id.id)
        response = self.get("/own_test/identity", auth=self.caller_auth)
        self.assertEqual(response.status_code, 403)
