# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The backend shows how clients authenticate, and makes and revokes keys."""

import shlex
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.fastapi.app.openapi import curl_command
from odoo.addons.fastapi.app.prepare import copy_app
from odoo.addons.fastapi.dependencies import authenticated_partner

from .backend_case import BackendCase


class AuthBackendCase(BackendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls._create_endpoint(
            "/auth-of-backend", app="test_auth", auth_api_key=False, run_as="user"
        )
        cls.by_app = cls._create_endpoint("/auth-of-app")


class TestAuthSummary(AuthBackendCase):
    def test_what_clients_send(self):
        endpoint = self.endpoint
        for vals, expected in (
            ({}, "Clients can't authenticate: all are anonymous."),
            (
                {"auth_session": True},
                "Clients send the session of a user who is logged in to Odoo.",
            ),
            (
                {"auth_session": False, "auth_api_key": True},
                "Clients send an API key in the header Authorization: Bearer KEY.",
            ),
            (
                {"api_key_header": "X-Key", "auth_basic": True},
                "Clients send an API key in the header X-Key: KEY, or "
                "login and password (HTTP Basic).",
            ),
        ):
            endpoint.write(vals)
            for user in (self.user, self.manager):
                self.assertEqual(endpoint.with_user(user).auth_summary, expected)

    def test_unsaved_choice(self):
        with Form(self.endpoint.with_user(self.manager)) as form:
            self.assertIn("anonymous", form.auth_summary)
            self.assertIn("no way to authenticate", form.auth_warning)
            form.auth_api_key = True
            self.assertIn("Authorization: Bearer", form.auth_summary)
            self.assertFalse(form.auth_warning)
            form.api_key_header = "X-Key"
            self.assertIn("X-Key", form.auth_summary)
        new = Form(self.env["fastapi.endpoint"].with_user(self.manager))
        self.assertIn("anonymous", new.auth_summary)
        self.assertFalse(new.auth_warning)

    def test_app_that_authenticates(self):
        endpoint = self.by_app
        self.assertTrue(endpoint.is_auth_by_app)
        self.assertIn("The app itself", endpoint.auth_summary)
        endpoint.auth_api_key = True
        self.assertIn("The app itself", endpoint.auth_summary)
        self.assertIn("--user LOGIN:PASSWORD", self._curl(endpoint, "/partner"))
        self.endpoint.auth_api_key = True
        self.assertFalse(self.endpoint.is_auth_by_app)
        with Form(endpoint.with_user(self.manager)) as form:
            self.assertTrue(form._get_modifier("auth_api_key", "invisible"))
            form.app = "test_auth"
            self.assertFalse(form._get_modifier("auth_api_key", "invisible"))
            self.assertIn("Bearer", form.auth_summary)
        self.assertFalse(endpoint.is_auth_by_app)

    def _curl(self, endpoint, path):
        return next(
            curl_command(endpoint._get_openapi(), operation, endpoint.base_url)
            for operation in endpoint._get_operations()
            if operation.path == path
        )

    def test_odoo_authenticates_for_the_app(self):
        routing = {"auth": "bearer"}
        model = type(self.env["fastapi.app.test_auth"])
        self.patch(model, "_get_routing_info", lambda app: routing)
        self.endpoint._reset_app()
        self.assertIn("The app itself", self.endpoint.auth_summary)
        self.assertFalse(self.endpoint.is_auth_by_app)

    def test_broken_app(self):
        endpoint = self._create_endpoint("/broken-auth", app="test_breakable")
        self._break("hook")
        self.assertFalse(endpoint.is_auth_by_app)
        self.assertFalse(endpoint.auth_warning)
        self.assertIn("anonymous", endpoint.auth_summary)

    def test_filters(self):
        self.endpoint.auth_session = True
        endpoints = self.env["fastapi.endpoint"].with_user(self.user)
        found = endpoints.search([("auth_session", "=", True)])
        self.assertIn(self.endpoint, found)
        self.assertTrue(endpoints.formatted_read_group([], ["run_as"], ["__count"]))


class TestAuthWarning(AuthBackendCase):
    def _warning(self):
        return self.endpoint.with_user(self.manager).auth_warning or ""

    def test_app_asks_for_a_partner(self):
        self.assertIn("ask for the partner", self._warning())
        self._assert_status("/partner", 500)
        self._assert_status("/auth/open", 200)
        for way in ("auth_api_key", "auth_basic", "auth_session"):
            self.endpoint[way] = True
            self.assertFalse(self._warning())
            self.endpoint[way] = False
        self.assertIn("ask for the partner", self._warning())
        self.assertFalse(self.by_app.auth_warning)

    def test_websocket_asks_for_a_partner(self):
        app = FastAPI()

        @app.websocket("/live")
        async def live(
            websocket: WebSocket,
            partner: Annotated[object, Depends(authenticated_partner)],
        ):
            """Not called."""

        endpoints = type(self.endpoint)
        self.patch(endpoints, "_get_app", lambda _endpoint: copy_app(app))
        self.endpoint._reset_app()
        self.assertIn("ask for the partner", self._warning())

    def test_runs_as_the_caller_without_a_way(self):
        self.endpoint.run_as = "caller"
        self.assertIn("runs as the caller", self._warning())
        self._assert_status("/auth/env", 500)
        self.endpoint.auth_api_key = True
        self.assertFalse(self._warning())
        self._assert_status("/auth/env", 401)

    def test_app_without_callers(self):
        endpoint = self._create_endpoint("/existing-auth", app="test_existing")
        self.assertFalse(endpoint.auth_warning)

    def _assert_status(self, path, status):
        with mute_logger("odoo.http"):
            response = self.get(f"/auth-of-backend{path}")
        self.assertEqual(response.status_code, status)


class TestRoutesAccess(AuthBackendCase):
    def _rows(self):
        self.endpoint.with_user(self.user).action_open_routes()
        rows = self.env["fastapi.route"].with_user(self.user).search([])
        return {(row.method, row.path): row for row in rows}

    def test_who_may_call(self):
        self.endpoint.write({"auth_api_key": True, "auth_session": True})
        rows = self._rows()
        self.assertEqual(rows["GET", "/auth/open"].access, "Public")
        self.assertFalse(rows["GET", "/auth/open"].authenticated)
        caller = rows["GET", "/auth/caller"]
        self.assertTrue(caller.authenticated)
        self.assertEqual(caller.access, "APIKey / OdooSession")
        self.assertFalse(caller.scopes)
        self.assertEqual(rows["GET", "/auth/scopes"].scopes, "a b c")

    def test_groups(self):
        rows = self._rows()
        self.assertFalse(rows["GET", "/auth/caller"].required_groups)
        row = rows["GET", "/auth/group"]
        self.assertEqual(row.required_groups, "base.group_erp_manager")
        self.assertEqual(row.summary, "Group")


class TestKeysInTheBackend(AuthBackendCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint.auth_api_key = True
        cls.manager.password = "manager's secret"

    def setUp(self):
        super().setUp()
        self.authenticate(self.manager.login, "manager's secret")

    def _call_kw(self, model, method, *args, **kwargs):
        response = self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                }
            },
        )
        return response.json()

    def _confirm(self, action, password="manager's secret"):
        """Enter the password, and return the next action, None if it is wrong."""
        self.assertEqual(action["res_model"], "res.users.identitycheck")
        context = {"password": password}
        body = self._call_kw(
            "res.users.identitycheck", "run_check", [action["res_id"]], context=context
        )
        return body.get("result")

    def _open_wizard(self):
        body = self._call_kw("fastapi.endpoint", "action_new_key", self.endpoint.ids)
        action = body["result"]
        if action["res_model"] == "res.users.identitycheck":
            action = self._confirm(action)
        return action

    def _make(self, **values):
        action = self._open_wizard()
        self.assertEqual(action["res_model"], "fastapi.endpoint.key.description")
        values = {
            **{"name": "Web shop", "user_id": self.caller.id, "duration": "30"},
            **values,
        }
        saved = self._call_kw(
            action["res_model"],
            "web_save",
            [],
            values,
            specification={},
            context=action["context"],
        )
        if "error" in saved:
            return saved
        ids = [saved["result"][0]["id"]]
        return self._call_kw(action["res_model"], "make_key", ids)

    def test_shown_key_is_not_saved(self):
        # a failed query would log the key
        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            shown = self.env["fastapi.endpoint.key.show"]
            self.assertEqual(shown.web_save({"key": "secret"}, {}), [])

    @mute_logger("odoo.addons.base.models.res_users")
    def test_made_shown_used_revoked(self):
        base_url = self.base_url()
        self.env["ir.config_parameter"].set_param("web.base.url", base_url)
        shown = self._make(scopes="b a")["result"]
        self.assertEqual(shown["res_model"], "fastapi.endpoint.key.show")
        secret = shown["context"]["default_key"]
        command = shlex.split(shown["context"]["default_curl_command"])
        program, option, header, url = command
        self.assertEqual([program, option], ["curl", "--header"])
        self.assertEqual(header, f"Authorization: Bearer {secret}")
        name, value = header.split(": ")
        headers = {name: value}
        path = url.removeprefix(base_url)
        self.assertEqual(self.get(path, headers=headers).status_code, 200)
        self.assertEqual(self.get(path).status_code, 401)

        key = self.endpoint.key_ids
        self.assertEqual(key.user_id, self.caller)
        self.assertEqual(key.scopes, "a b")
        self.assertEqual(
            key.expiration_date.date(), fields.Date.add(fields.Date.today(), days=30)
        )
        self.assertFalse(self.env["fastapi.endpoint.key.description"].search([]))

        body = self._call_kw("fastapi.endpoint.key", "action_revoke", key.ids)
        self.assertEqual(body["result"]["type"], "ir.actions.act_window_close")
        self.assertFalse(key.exists())
        self.assertEqual(self.get(path, headers=headers).status_code, 401)

    @mute_logger("odoo.http", "odoo.addons.base.models.res_users")
    def test_password_is_asked(self):
        key, _secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint, self.caller, "test"
        )
        for model, method, ids in (
            ("fastapi.endpoint", "action_new_key", self.endpoint.ids),
            ("fastapi.endpoint.key", "action_revoke", key.ids),
        ):
            action = self._call_kw(model, method, ids)["result"]
            self.assertIsNone(self._confirm(action, "wrong"))
        self.assertTrue(key.exists())
        wizard = self.env["fastapi.endpoint.key.description"].with_user(self.manager)
        description = wizard.create(
            {
                "endpoint_id": self.endpoint.id,
                "user_id": self.caller.id,
                "name": "test",
                "duration": "1",
            }
        )
        body = self._call_kw(wizard._name, "make_key", description.ids)
        self.assertEqual(body["result"]["res_model"], "res.users.identitycheck")
        self.assertEqual(self.endpoint.key_ids, key)

    @mute_logger("odoo.http", "odoo.addons.base.models.res_users")
    @mute_logger("odoo.sql_db")
    def test_error_messages(self):
        for values, expected in (
            ({"duration": "-1"}, "must have an expiration date"),
            ({"user_id": False}, "Missing required value"),
            ({"duration": "-1", "expiration_date": "2020-01-01"}, "expired already"),
            ({"user_id": self.env.ref("base.user_admin").id}, "administers"),
            ({"scopes": 'say "hi"'}, "can't be the name of a scope"),
        ):
            with self.subTest(expected):
                body = self._make(**values)
                self.assertIn(expected, body["error"]["data"]["message"])
        self.manager.group_ids += self.env.ref("base.group_system")
        body = self._make(duration="-1")
        self.assertIn("Enter when the key", body["error"]["data"]["message"])
        self.assertFalse(self.endpoint.key_ids)

    def test_curl_with_scopes(self):
        command = self.endpoint._get_curl_command
        self.endpoint.api_key_header = "X-Key"
        self.assertIn("--header 'X-Key: it' http", command("it", None))
        model = type(self.endpoint)

        def use_document(operations):
            paths = {
                path: {"get": {"security": security}}
                for path, security in operations.items()
            }
            self.patch(model, "_get_openapi", lambda endpoint: {"paths": paths})

        two = [{"k": ["a", "b"]}]
        use_document({"/open": [], "/two": two, "/one": [{"k": ["a"]}]})
        self.assertTrue(command("it", "a").endswith("/one"))
        self.assertTrue(command("it", "b a").endswith("/two"))
        self.assertTrue(command("it", "b").endswith("/open"))
        use_document({"/two": two})
        self.assertIsNone(command("it", "b"))

    def test_form(self):
        self.endpoint.auth_api_key = True
        for user, may_change in ((self.user, False), (self.manager, True)):
            arch = self.endpoint.with_user(user).get_view(view_type="form")["arch"]
            self.assertIn('name="key_ids"', arch)
            self.assertEqual('name="action_new_key"' in arch, may_change)
            self.assertEqual('name="action_revoke"' in arch, may_change)
        key, _secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint, self.caller, "test"
        )
        with Form(self.endpoint.with_user(self.manager)) as form:
            with form.key_ids.edit(0) as line:
                line.scopes = "b a"
        self.assertEqual(key.scopes, "a b")

    def test_known_scopes(self):
        wizard = self.env["fastapi.endpoint.key.description"].with_user(self.manager)
        form = Form(wizard.with_context(default_endpoint_id=self.endpoint.id))
        # the last one is that of a WebSocket
        self.assertEqual(form.known_scopes, "a b c orders")

    def test_readers(self):
        key, _secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint, self.caller, "test"
        )
        endpoint = self.endpoint.with_user(self.user)
        self.assertEqual(endpoint.key_ids, key)
        self.assertTrue(endpoint.key_ids.read())
        with self.assertRaises(AccessError):
            endpoint.action_new_key()
        with self.assertRaises(AccessError):
            endpoint.key_ids.action_revoke()
        with self.assertRaisesRegex(UserError, "over HTTP"):
            self.endpoint.with_user(self.manager).action_new_key()
