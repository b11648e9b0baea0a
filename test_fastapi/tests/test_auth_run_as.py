# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An endpoint runs as the caller."""

import json
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, FastAPI, WebSocket

from odoo.tests import new_test_user

from odoo.addons.fastapi.app.prepare import copy_app
from odoo.addons.fastapi.dependencies import odoo_env
from odoo.addons.test_fastapi.routers.auth import router as auth_router

from .auth_case import NOT_AUTHENTICATED, AuthCase
from .command_case import CommandCase


class TestRunAsCaller(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint.run_as = "caller"
        cls.items = cls.env["test.fastapi.item"]

    def test_environment(self):
        body = self.get_by_key("/auth/auth/env").json()
        expected = {
            "uid": self.user.id,
            "su": False,
            "company": self.user.company_id.id,
            "lang": "en_US",
            "tz": "Asia/Tokyo",
            "partner": self.user.partner_id.id,
        }
        self.assertEqual(body, expected)
        for path in ("/auth/auth/partner_env", "/auth/auth/partner_env/optional"):
            self.assertEqual(self.get_by_key(path).json(), expected)
        self.assertEqual(
            self.get_by_key("/auth/auth/partner_of_impl").json(),
            [self.user.partner_id.id, self.user.id] * 2,
        )
        body = self.get_by_key("/auth/auth/caller").json()
        self.assertEqual(body["runs_as"], self.user.id)

    def test_without_a_credential(self):
        for path in ("env", "items", "partner_env", "caller"):
            response = self.get(f"/auth/auth/{path}")
            self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")
        self.assertEqual(self.get("/auth/auth/open").status_code, 200)
        body = self.get("/auth/auth/partner_env/optional").json()
        self.assertEqual(body["uid"], self.runner.id)
        self.assertFalse(body["su"])

    def test_apps_that_do_not_know_the_caller(self):
        """Their routes would run as the endpoint's user, for every caller."""
        plain = FastAPI()
        plain.include_router(auth_router)
        outer = FastAPI()
        outer.mount("/far", plain)
        router = APIRouter()
        router.mount("/deeper", outer)
        endpoints = type(self.env["fastapi.endpoint"])
        get_app = endpoints._get_app

        def mount(endpoint):
            app = get_app(endpoint)
            app.include_router(router, prefix="/deep")
            return app

        for change, path in (
            (lambda _endpoint: copy_app(plain), "/auth/auth/env"),
            (mount, "/auth/deep/deeper/far/auth/env"),
        ):
            with self.subTest(path), patch.object(endpoints, "_get_app", change):
                self.endpoint.run_as = "caller"
                with self.assertLogs(level="ERROR") as logs:
                    response = self.get(path)
                self.assertEqual(response.status_code, 503)
                self.assertIn("can't run as the caller", logs.output[0])
                self.endpoint.run_as = "user"
                self.assertEqual(self.get(path).json()["uid"], self.runner.id)

    def test_websocket_that_does_not_know_the_caller(self):
        plain = FastAPI()

        @plain.websocket("/live")
        async def live(websocket: WebSocket, env: Annotated[object, Depends(odoo_env)]):
            """Not called."""

        endpoints = type(self.env["fastapi.endpoint"])
        with patch.object(endpoints, "_get_app", lambda _endpoint: copy_app(plain)):
            self.endpoint.run_as = "user"
            self.endpoint.run_as = "caller"
            with self.assertLogs(level="ERROR") as logs:
                self.assertEqual(self.get("/auth/docs").status_code, 503)
        self.assertIn("/live works with records and can't run as", logs.output[0])

    def test_session_does_not_change_the_user(self):
        self.authenticate("admin", "admin")
        body = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(body["uid"], self.user.id)
        self.assertEqual(body["tz"], "Asia/Tokyo")
        self.assertEqual(self.get("/auth/auth/env").status_code, 401)

    def test_rights_are_the_callers(self):
        other = self.env["res.partner"].create({"name": "Another partner"})
        self.items.create(
            [
                {"name": "of no partner"},
                {"name": "of another partner", "partner_id": other.id},
                {"name": "of the caller", "partner_id": self.user.partner_id.id},
            ]
        )
        body = self.get_by_key("/auth/auth/items").json()
        self.assertEqual(body, ["of no partner", "of the caller"])
        self.user.group_ids -= self.group
        self.assertEqual(self.get_by_key("/auth/auth/items").status_code, 403)

    def test_what_is_written_is_the_callers(self):
        item = self.items.browse(self.post_by_key("/auth/auth/items?name=x").json())
        self.assertEqual(item.create_uid, self.user)
        self.assertEqual(item.write_uid, self.user)
        self.assertEqual(item.flushed_by_id, self.user)

    def test_request_that_is_rolled_back(self):
        response = self.post_by_key("/auth/auth/items/refused?name=x")
        self.assertEqual(response.status_code, 409)
        self.assertFalse(self.items.search([("name", "=", "x")]))

    def test_replay_after_a_conflict(self):
        body = self.post_by_key("/auth/auth/items/replayed?name=x").json()
        item = self.items.browse(body.pop())
        self.assertEqual(body, [self.user.id, self.user.id])
        self.assertEqual(item.flushed_by_id, self.user)

    def test_tasks_and_streams(self):
        self.post_by_key("/auth/auth/items/later?name=x")
        response = self.post_by_key("/auth/auth/items/stream?name=y")
        self.assertEqual(response.text, "0\n1\nend\n")
        items = self.items.search([])
        self.assertEqual(
            sorted(items.mapped("name")),
            [
                "x by a task",
                "x in the context of a task",
                "y 0",
                "y 1",
                "y in the context",
            ],
        )
        self.assertEqual(items.create_uid, self.user)
        self.assertEqual(items.flushed_by_id, self.user)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["res.lang"]._activate_lang("nl_NL")
        self.user.lang = "fr_FR"
        for header, lang in (
            (None, "fr_FR"),
            ("nl", "nl_NL"),
            ("xx", "fr_FR"),
            ("en-US, nl;q=0.5", "en_US"),
        ):
            headers = {"Accept-Language": header} if header else {}
            # the library requests sends none by default
            body = self.get_by_key("/auth/auth/env", **headers).json()
            self.assertEqual(body["lang"], lang, header)

    def test_company(self):
        company = self.env["res.company"].create({"name": "Another company"})
        self.runner.company_ids += company
        self.endpoint.company_id = company
        for path in ("env", "partner_env", "partner_env/optional"):
            response = self.get_by_key(f"/auth/auth/{path}")
            detail = "Your user does not belong to the company that this API works in."
            self.assert_refused(response, 403, detail)
        self.user.company_ids += company
        body = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(body["company"], company.id)
        self.endpoint.company_id = False
        body = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(body["company"], self.user.company_id.id)

    def test_endpoint_is_read_by_its_user(self):
        expected = {"name": self.endpoint.name, "uid": self.runner.id}
        self.assertEqual(self.get_by_key("/auth/auth/endpoint").json(), expected)
        self.assertEqual(self.get("/auth/auth/endpoint").json(), expected)

    def test_scopes(self):
        body = self.get_by_key("/auth/auth/scopes").json()
        who = {"user": self.user.id, "uid": self.user.id}
        self.assertEqual(
            body, [{"scopes": ["a"], **who}, {"scopes": ["b", "c"], **who}]
        )
        self.assert_refused(
            self.get("/auth/auth/scopes"), 401, NOT_AUTHENTICATED, "Bearer"
        )


class TestCommand(AuthCase, CommandCase):
    def call_as(self, login, path, *arguments):
        return self.run_command("call", "--user", login, *arguments, "GET", path)

    def test_user_is_the_caller(self):
        for run_as, uid in (("user", self.runner.id), ("caller", self.user.id)):
            self.endpoint.run_as = run_as
            result = self.call_as("key@test", "/auth/auth/env")
            self.assertEqual(result[0], 0, result)
            self.assertEqual(json.loads(result[1])["uid"], uid)
            result = self.call_as("key@test", "/auth/auth/caller")
            body = json.loads(result[1])
            self.assertEqual(body["user_id"], self.user.id)
            self.assertEqual(body["runs_as"], self.runner.id)

    def test_users_who_are_refused(self):
        new_test_user(self.env, "portal@test", "base.group_portal")
        self.endpoint.run_as = "caller"
        result = self.call_as("portal@test", "/auth/auth/env")
        self.assertEqual(result[0], 1)
        self.assertIn("Only internal users", result[1])

    def test_credential_of_the_command(self):
        for header, status in (
            (f"Authorization: Bearer {self.key}", 0),
            ("Authorization: Bearer wrong", 1),
        ):
            result = self.run_command("call", "-H", header, "GET", "/auth/auth/caller")
            self.assertEqual(result[0], status, result)
