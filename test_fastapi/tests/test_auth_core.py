# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An endpoint authenticates by API keys, and runs as its user or as the caller."""

import json
from datetime import timedelta
from unittest.mock import patch

from fastapi import APIRouter, FastAPI, HTTPException

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user

from odoo.addons.base.models.res_users import KEY_CRYPT_CONTEXT
from odoo.addons.fastapi.app.prepare import copy_app
from odoo.addons.fastapi.auth import ApiKeyWay, InvalidCredentials
from odoo.addons.fastapi.auth.bearer import BearerCredentials
from odoo.addons.fastapi.dependencies import (
    authenticated_partner_impl,
    company_id,
    optionally_authenticated_partner_impl,
)
from odoo.addons.test_fastapi.routers.auth import router as auth_router

from .common import FastapiHttpCase
from .test_commands import CommandCase

NOT_AUTHENTICATED = "Not authenticated"


class AuthCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit_failures(0)  # as many as a test likes
        cls.group = cls.env.ref("test_fastapi.group_test_runner")
        cls.user = new_test_user(
            cls.env, "key@test", "base.group_user", tz="Asia/Tokyo"
        )
        cls.user.group_ids += cls.group
        cls.endpoint = cls._create_endpoint(
            "/auth",
            app="test_auth",
            auth_api_key=True,
            run_as="user",
            accept_unscoped_keys=True,
        )
        cls.key = cls._make_key(cls.user)

    @classmethod
    def _limit_failures(cls, number):
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("base.login_cooldown_after", number)

    @classmethod
    def _make_key(cls, user, scope=None, days=None):
        expires = days and fields.Datetime.now() + timedelta(days=days)
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "test", expires)

    def get_by_key(self, path, key=None, **headers):
        return self.get(path, headers=self.by_key(key, **headers))

    def post_by_key(self, path, key=None, **headers):
        return self.post(path, headers=self.by_key(key, **headers))

    def by_key(self, key=None, **headers):
        return {"Authorization": f"Bearer {key or self.key}", **headers}

    def assert_refused(self, response, status, detail=None, challenge=None):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(list(response.json()), ["detail"])
        if detail:
            self.assertEqual(response.json()["detail"], detail)
        self.assertEqual(response.headers.get("WWW-Authenticate"), challenge)


class TestApiKeys(AuthCase):
    def test_right_key(self):
        answer = self.get_by_key("/auth/auth/caller").json()
        self.assertEqual(answer["method"], "api_key")
        self.assertEqual(answer["user_id"], self.user.id)
        self.assertEqual(answer["partner_id"], self.user.partner_id.id)
        self.assertIsNone(answer["scopes"])
        self.assertEqual(answer["runs_as"], self.runner.id)
        answer = self.get_by_key("/auth/partner").json()
        partner_id = self.user.partner_id.id
        self.assertEqual(answer, {"id": partner_id, "in_context": partner_id})
        self.assertEqual(self.get("/auth/auth/open").json(), "open")

    def test_no_key(self):
        for header in (None, "", "Bearer", "Bearer ", "Basic eDp5", "Token x"):
            headers = {} if header is None else {"Authorization": header}
            response = self.get("/auth/auth/caller", headers=headers)
            self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")
            response = self.get("/auth/auth/caller/optional", headers=headers)
            self.assertIsNone(response.json(), header)

    def test_wrong_keys(self):
        challenge = 'Bearer error="invalid_token"'
        for key in (
            f"{self.key[:-1]}x",
            self.key.upper(),
            f"{self.key} {self.key}",
            "x",
            "é",
            "\xa0",
            "x" * 5000,
            "a.b.c",
            self._make_key(self.user, scope="another"),
        ):
            for path in ("/auth/auth/caller", "/auth/auth/caller/optional"):
                headers = {"Authorization": f"Bearer {key}".encode()}
                response = self.get(path, headers=headers)
                self.assert_refused(response, 401, "Invalid API key", challenge)

    def test_texts_that_no_server_lets_through(self):
        way = ApiKeyWay(self.endpoint.id, accept_unscoped=True)
        env = self.env(user=self.runner.id)
        for key in ("\0", f"{self.key}\0", "\ud800", "x\ny"):
            credential = BearerCredentials(scheme="Bearer", credentials=key)
            with self.assertRaises(InvalidCredentials):
                way.authenticate(credential, None, env)

    def test_expired_key(self):
        key = self._make_key(self.user, days=1)
        self.assertEqual(self.get_by_key("/auth/auth/caller", key).status_code, 200)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = now() - interval '1 day' "
            "WHERE expiration_date IS NOT NULL"
        )
        self.assertEqual(self.get_by_key("/auth/auth/caller", key).status_code, 401)

    def test_revoked_key(self):
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        keys = self.env["res.users.apikeys"].search([("user_id", "=", self.user.id)])
        keys.sudo().unlink()
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 401)

    def test_archived_user(self):
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        self.user.active = False
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 401)

    def test_key_of_the_endpoint(self):
        self.endpoint.accept_unscoped_keys = False
        path = "/auth/auth/caller"
        self.assertEqual(self.get_by_key(path).status_code, 401)
        keys = self.env["fastapi.endpoint.key"]
        key, secret = keys._generate(
            self.endpoint, self.user, "test", scopes="orders:write a"
        )
        for _ in range(2):  # hashed, and from memory
            answer = self.get_by_key(path, secret).json()
            self.assertEqual(answer["user_id"], self.user.id)
            self.assertEqual(answer["key_id"], key.id)
            self.assertEqual(sorted(answer["scopes"]), ["a", "orders:write"])
        self._create_endpoint(
            "/other", app="test_auth", auth_api_key=True, accept_unscoped_keys=True
        )
        self.assertEqual(self.get_by_key("/other/auth/caller").status_code, 200)
        response = self.get_by_key("/other/auth/caller", secret)
        self.assertEqual(response.status_code, 401)
        key.unlink()
        self.assertEqual(self.get_by_key(path, secret).status_code, 401)

    def count_hashes(self, path, key):
        """Return how many keys are hashed for a request, which may be refused."""
        context = KEY_CRYPT_CONTEXT.__obj__  # passlib's
        with patch.object(context, "verify", wraps=context.verify) as mock:
            self.get_by_key(path, key)
        return mock.call_count

    def test_cost(self):
        path = "/auth/auth/caller"
        new = self._make_key(self.user)
        self.assertEqual(self.count_hashes(path, new), 1)
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            self.get_by_key(path, new)  # builds the app
            before = self.env.cr.sql_log_count
            self.assertEqual(self.count_hashes(path, new), 0)
            # one for the key, one for user and partner
            self.assertLessEqual(self.env.cr.sql_log_count - before, 2)
        # a wrong key costs the same, whether or not there is one that begins like it
        for key in (f"{new[:-1]}x", "x" * 40):
            for _ in range(2):
                self.assertEqual(self.count_hashes(path, key), 1)

    def test_guessing(self):
        self._limit_failures(2)
        wrong = f"{self.key[:-1]}x"
        # a process that has verified the right key goes on to take it
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        statuses = [
            self.get_by_key("/auth/auth/caller", wrong).status_code for _ in range(3)
        ]
        self.assertEqual(statuses, [401, 401, 429])
        response = self.get_by_key("/auth/auth/caller", wrong)
        self.assertTrue(int(response.headers["Retry-After"]))
        self.assertEqual(self.get_by_key("/auth/auth/caller").status_code, 200)
        another = self._make_key(self.user)
        self.assertEqual(self.get_by_key("/auth/auth/caller", another).status_code, 200)

    def test_portal_user(self):
        portal = new_test_user(self.env, "portal@test", "base.group_portal")
        key = self._make_key(portal)
        for path in ("/auth/auth/caller", "/auth/auth/caller/optional"):
            detail = "Only internal users can call this API."
            self.assert_refused(self.get_by_key(path, key), 403, detail)
        self.endpoint.allow_portal_users = True
        for run_as in ("user", "caller"):
            self.endpoint.run_as = run_as
            answer = self.get_by_key("/auth/auth/caller", key).json()
            self.assertEqual(answer["user_id"], portal.id)

    def test_superuser_and_public_user(self):
        self.endpoint.allow_portal_users = True
        for user in (
            self.env.ref("base.user_root"),
            new_test_user(self.env, "public@test", "base.group_public"),
        ):
            key = self._make_key(user)
            # Odoo itself keeps the superuser archived
            self.env.cr.execute(
                "UPDATE res_users SET active = true WHERE id = %s", [user.id]
            )
            detail = "This user can't call the API."
            for run_as in ("user", "caller"):
                self.endpoint.run_as = run_as
                response = self.get_by_key("/auth/auth/caller", key)
                self.assert_refused(response, 403, detail)

    def test_header_of_its_own(self):
        self.endpoint.api_key_header = " X-API-Key\n"
        self.assertEqual(self.endpoint.api_key_header, "X-API-Key")
        self.assert_refused(
            self.get_by_key("/auth/auth/caller"), 401, NOT_AUTHENTICATED, "APIKey"
        )
        headers = {"x-api-key": self.key}
        answer = self.get("/auth/auth/caller", headers=headers).json()
        self.assertEqual(answer["user_id"], self.user.id)
        # a password manager or proxy may add another one
        headers["Authorization"] = "Basic eDp5"
        response = self.get("/auth/auth/caller", headers=headers)
        self.assertEqual(response.status_code, 200)
        for key in ("wrong", "é"):
            headers = {"X-API-Key": key.encode()}
            response = self.get("/auth/auth/caller", headers=headers)
            self.assert_refused(response, 401, "Invalid API key", "APIKey")

    def test_header_that_can_not_be_used(self):
        for name in (
            "authorization",
            "Cookie",
            "host",
            "Content-Type",
            "content-whatever",
            "Sec-Fetch-Site",
            "Proxy-Authorization",
            "X-Forwarded-For",
            "Accept-Language",
            "x api key",
            "X_API_KEY",
            "X-Clé",
            "X-Key:",
            "X\nY",
        ):
            with self.assertRaises(ValidationError) as caught:
                self.endpoint.api_key_header = name
            self.assertIn(repr(name).strip("'"), str(caught.exception))
        with self.assertRaises(ValidationError):
            self._create_endpoint("/other", app="test_auth", api_key_header="Cookie")
        for name in ("X-Key", "Api-Key", "hosting", "x-token.v1"):
            self.endpoint.api_key_header = name
        self.endpoint.api_key_header = "  "
        self.assertFalse(self.endpoint.api_key_header)

    def test_openapi(self):
        document = self.get("/auth/openapi.json").json()
        schemes = document["components"]["securitySchemes"]
        self.assertEqual(schemes["APIKey"]["scheme"], "bearer")
        paths = document["paths"]
        self.assertEqual(paths["/auth/caller"]["get"]["security"], [{"APIKey": []}])
        self.assertIn("401", paths["/auth/caller"]["get"]["responses"])
        self.assertNotIn("security", paths["/auth/env"]["get"])
        self.assertNotIn("security", paths["/auth/open"]["get"])
        self.endpoint.write({"run_as": "caller", "api_key_header": "X-API-Key"})
        document = self.get("/auth/openapi.json").json()
        scheme = document["components"]["securitySchemes"]["APIKey"]
        self.assertEqual((scheme["in"], scheme["name"]), ("header", "X-API-Key"))
        paths = document["paths"]
        self.assertEqual(paths["/auth/env"]["get"]["security"], [{"APIKey": []}])
        self.assertNotIn("security", paths["/auth/open"]["get"])

    def test_nothing_chosen(self):
        self.endpoint.auth_api_key = False
        with self.assertLogs("odoo.http", "ERROR"):
            response = self.get_by_key("/auth/auth/caller")
        self.assertEqual(response.status_code, 500)
        self.assertIsNone(self.get_by_key("/auth/auth/caller/optional").json())


class TestRunAsCaller(AuthCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint.run_as = "caller"
        cls.items = cls.env["test.fastapi.item"]

    def test_environment(self):
        answer = self.get_by_key("/auth/auth/env").json()
        expected = {
            "uid": self.user.id,
            "su": False,
            "company": self.user.company_id.id,
            "lang": "en_US",
            "tz": "Asia/Tokyo",
            "partner": self.user.partner_id.id,
        }
        self.assertEqual(answer, expected)
        for path in ("/auth/auth/partner_env", "/auth/auth/partner_env/optional"):
            self.assertEqual(self.get_by_key(path).json(), expected)
        self.assertEqual(
            self.get_by_key("/auth/auth/partner_of_impl").json(),
            [self.user.partner_id.id, self.user.id] * 2,
        )
        answer = self.get_by_key("/auth/auth/caller").json()
        self.assertEqual(answer["runs_as"], self.user.id)

    def test_without_a_credential(self):
        for path in ("env", "items", "partner_env", "caller"):
            response = self.get(f"/auth/auth/{path}")
            self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")
        self.assertEqual(self.get("/auth/auth/open").status_code, 200)
        answer = self.get("/auth/auth/partner_env/optional").json()
        self.assertEqual(answer["uid"], self.runner.id)
        self.assertFalse(answer["su"])

    def test_apps_that_do_not_know_the_caller(self):
        """Their routes would run as the endpoint's user, for anybody."""
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

    def test_session_does_not_change_the_user(self):
        self.authenticate("admin", "admin")
        answer = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(answer["uid"], self.user.id)
        self.assertEqual(answer["tz"], "Asia/Tokyo")
        self.assertEqual(self.get("/auth/auth/env").status_code, 401)

    def test_rights_are_the_callers(self):
        other = self.env["res.partner"].create({"name": "Somebody else"})
        self.items.create(
            [
                {"name": "of nobody"},
                {"name": "of somebody else", "partner_id": other.id},
                {"name": "of the caller", "partner_id": self.user.partner_id.id},
            ]
        )
        answer = self.get_by_key("/auth/auth/items").json()
        self.assertEqual(answer, ["of nobody", "of the caller"])
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
        answer = self.post_by_key("/auth/auth/items/replayed?name=x").json()
        item = self.items.browse(answer.pop())
        self.assertEqual(answer, [self.user.id, self.user.id])
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
            # requests sends none by itself
            answer = self.get_by_key("/auth/auth/env", **headers).json()
            self.assertEqual(answer["lang"], lang, header)

    def test_company(self):
        company = self.env["res.company"].create({"name": "Another company"})
        self.runner.company_ids += company
        self.endpoint.company_id = company
        for path in ("env", "partner_env", "partner_env/optional"):
            response = self.get_by_key(f"/auth/auth/{path}")
            detail = "Your user does not belong to the company that this API works in."
            self.assert_refused(response, 403, detail)
        self.user.company_ids += company
        answer = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(answer["company"], company.id)
        self.endpoint.company_id = False
        answer = self.get_by_key("/auth/auth/env").json()
        self.assertEqual(answer["company"], self.user.company_id.id)

    def test_endpoint_is_read_by_its_user(self):
        expected = {"name": self.endpoint.name, "uid": self.runner.id}
        self.assertEqual(self.get_by_key("/auth/auth/endpoint").json(), expected)
        self.assertEqual(self.get("/auth/auth/endpoint").json(), expected)

    def test_scopes(self):
        answer = self.get_by_key("/auth/auth/scopes").json()
        who = {"user": self.user.id, "uid": self.user.id}
        self.assertEqual(
            answer, [{"scopes": ["a"], **who}, {"scopes": ["b", "c"], **who}]
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
            answer = json.loads(result[1])
            self.assertEqual(answer["user_id"], self.user.id)
            self.assertEqual(answer["runs_as"], self.runner.id)

    def test_users_who_may_not_call(self):
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
            answer = self.get(self.path, auth=self.caller_auth).json()
            self.assertEqual(
                (answer["method"], answer["user_id"]), ("basic", self.caller.id)
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
        answer = self.get(self.path).json()
        self.assertEqual(
            (answer["method"], answer["user_id"]), ("session", self.caller.id)
        )
        self.assertEqual(answer["runs_as"], self.caller.id)

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
        answer = self.get_by_key(self.path).json()
        self.assertEqual(answer["user_id"], self.user.id)
        response = self.get(self.path, auth=self.caller_auth)
        self.assert_refused(response, 401, NOT_AUTHENTICATED, "Bearer")

    def test_openapi(self):
        document = self.get("/auth/openapi.json").json()
        security = document["paths"]["/auth/caller"]["get"]["security"]
        self.assertEqual(
            [*map(list, security)], [["APIKey"], ["HTTPBasic"], ["OdooSession"]]
        )


class TestWhatAppsSay(AuthCase):
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

    def test_way_of_an_addon_that_is_not_there(self):
        app = self.env["fastapi.app.test_auth"]
        self.patch(type(app), "_auth", ("api_key", "of_an_addon"))
        defaults = app._get_endpoint_defaults()
        self.assertEqual(
            [name for name in defaults if name.startswith("auth_")], ["auth_api_key"]
        )
        with self.assertLogs("odoo.addons.fastapi", "WARNING") as logs:
            self.env["fastapi.endpoint"]._warn_of_unknown_ways(app)
        self.assertIn("by of_an_addon", logs.output[0])

    def test_endpoints_without_a_choice_stay_as_they_are(self):
        endpoint = self._create_endpoint("/as_ever")
        for name in ("api_key", "basic", "session"):
            self.assertFalse(endpoint[f"auth_{name}"])
        self.assertEqual(endpoint.run_as, "user")
        answer = self.get("/as_ever/partner", auth=self.caller_auth).json()
        self.assertEqual(answer["id"], self.caller.partner_id.id)

    def test_override_of_an_app_wins(self):
        # the app "test" authenticates by itself, with HTTP Basic
        self._create_endpoint("/own", auth_api_key=True, accept_unscoped_keys=True)
        self.assertEqual(self.get_by_key("/own/partner").status_code, 401)
        answer = self.get("/own/partner", auth=self.caller_auth).json()
        self.assertEqual(answer["id"], self.caller.partner_id.id)
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
        # what it depends on itself is as ever: odoo_env of the endpoint's user
        self.caller.group_ids = [Command.link(self.group.id)]
        for app in ("test", "test_middleware"):
            self._create_endpoint(f"/own_{app}", app=app, run_as="caller")
            auth = self.caller_auth
            answer = self.get(f"/own_{app}/identity", auth=auth).json()
            self.assertEqual(answer["uid"], self.caller.id)
            self.assertEqual(self.get(f"/own_{app}/identity").status_code, 401)
            answer = self.get(f"/own_{app}/partner", auth=auth).json()
            self.assertEqual(answer["id"], self.caller.partner_id.id)
            response = self.post(f"/own_{app}/items?name={app}", auth=auth)
            item = self.env["test.fastapi.item"].browse(response.json())
            self.assertEqual(item.create_uid, self.caller)
            self.assertEqual(item.flushed_by_id, self.caller)
        new_test_user(self.env, "x", partner_id=self.caller.partner_id.id)
        response = self.get("/own_test/identity", auth=self.caller_auth)
        self.assertEqual(response.status_code, 403)
