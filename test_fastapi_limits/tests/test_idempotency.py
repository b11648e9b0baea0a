# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return  # super() is that of methods inside of tests
"""Repeated requests with an ``Idempotency-Key``."""

import json
from datetime import datetime, timedelta
from unittest.mock import patch

from fastapi import FastAPI

from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import _dispatchers
from odoo.tools import mute_logger

from ..routers.idempotency import calls
from .idempotency_case import HEADER, REPLAYED, IdempotencyCase


class TestRepetition(IdempotencyCase):
    def test_carried_out_once(self):
        first, second = self.send_twice("/once/items", json={"name": "tea"})
        self.assertEqual(first.status_code, 201, first.text)
        self.assertReplayed(first, second)
        self.assertEqual(self.count("tea"), 1)
        self.assertEqual(second.headers["Content-Type"], "application/json")
        self.assertEqual(second.headers["Location"], first.headers["Location"])
        self.assertEqual(second.headers["Content-Length"], str(len(first.content)))

    def test_row(self):
        self.send("/once/items", json={"name": "tea"})
        row = self.rows()
        self.assertEqual(row.key, self.key)
        self.assertEqual((row.method, row.path), ("POST", "/once/items"))
        self.assertEqual(row.status, 201)
        self.assertEqual(row.expires - row.date, timedelta(hours=24))

    def test_without_a_key(self):
        responses = [
            self.post("/once/items", json={"name": name}) for name in ("a", "b")
        ]
        self.assertNew(*responses)
        self.assertFalse(self.rows())

    def test_another_key(self):
        first = self.send("/once/items", json={"name": "tea"})
        second = self.send("/once/items", key="other", json={"name": "other tea"})
        self.assertNew(first, second)

    def test_both_spellings_are_the_same_key(self):
        first = self.send("/once/items", json={"name": "tea"})
        quoted = self.send("/once/items", key=f'"{self.key}"', json={"name": "tea"})
        self.assertReplayed(first, quoted)

    def test_patch(self):
        first, second = self.send_twice("/once/items/tea", method="PATCH")
        self.assertReplayed(first, second)

    def test_other_methods_ignore_the_key(self):
        for method in ("GET", "PUT", "DELETE"):
            with self.subTest(method):
                first, second = self.send_twice("/once/items/tea", method=method)
                self.assertEqual(first.status_code, 200)
                self.assertNew(first, second)
        head = self.send("/once/items/tea", method="HEAD")
        self.assertNotIn(REPLAYED, head.headers)
        self.assertFalse(self.rows())

    def test_response_without_a_body(self):
        first, second = self.send_twice("/once/empty?name=tea")
        self.assertEqual(first.status_code, 204)
        self.assertReplayed(first, second)
        self.assertFalse(second.content)

    def test_body_that_is_not_text(self):
        first, second = self.send_twice(
            "/once/stream_of_body", data="\N{SNOWMAN}\x01".encode()
        )
        self.assertIn("\N{SNOWMAN}".encode(), first.content)
        self.assertReplayed(first, second)

    def test_background_tasks_run_once(self):
        first, second = self.send_twice("/once/task?name=tea")
        self.assertReplayed(first, second)
        self.assertEqual(self.count("tea"), 2)  # one by the handler, one by the task

    def test_expired_key(self):
        first = self.send("/once/items/tea", method="PATCH")
        self.rows().expires = datetime.now() - timedelta(days=2)
        second = self.send("/once/items/tea", method="PATCH")
        self.assertNew(first, second)
        self.assertReplayed(second, self.send("/once/items/tea", method="PATCH"))
        self.assertEqual(len(self.rows()), 1)

    def test_expired_key_with_another_request(self):
        self.send("/once/items", json={"name": "tea"})
        self.rows().expires = datetime.now() - timedelta(days=2)
        response = self.send("/once/items", json={"name": "coffee"})
        self.assertEqual(response.status_code, 201)

    def test_hours(self):
        self.once.idempotency_hours = 2
        self.send("/once/items", json={"name": "tea"})
        row = self.rows()
        self.assertEqual(row.expires - row.date, timedelta(hours=2))

    def test_keys_of_an_endpoint(self):
        other = self._create_endpoint("/twice", app="test_idempotency", **self.vals)
        first = self.send("/once/items", json={"name": "tea"})
        second = self.send("/twice/items", json={"name": "other tea"})
        self.assertNew(first, second)
        other.unlink()
        self.assertEqual(len(self.rows()), 1)
        self.once.unlink()
        self.assertFalse(self.rows())


class TestOtherRequest(IdempotencyCase):
    def assertRefused(self, response):
        self.assertEqual(response.status_code, 422, response.text)
        (error,) = response.json()["detail"]
        self.assertEqual(error["type"], "idempotency_key_reused")
        self.assertEqual(error["loc"], ["header", HEADER])
        self.assertEqual(error["input"], self.key)
        self.assertIn("Take a new key for each request", error["msg"])

    def test_other_body(self):
        self.send("/once/items", json={"name": "tea"})
        self.assertRefused(self.send("/once/items", json={"name": "coffee"}))
        self.assertFalse(self.count("coffee"))

    def test_other_query(self):
        self.send("/once/empty?name=tea")
        self.assertRefused(self.send("/once/empty?name=coffee"))

    def test_other_path(self):
        self.send("/once/empty?name=tea")
        self.assertRefused(self.send("/once/task?name=tea"))

    def test_other_method(self):
        self.send("/once/items/tea", method="PATCH")
        self.assertRefused(self.send("/once/items", json={"name": "tea"}))

    def test_other_type(self):
        body = json.dumps({"name": "tea"})
        types = ("application/json", "application/json; charset=utf-8")
        first, second = (
            self.send("/once/items", data=body, headers={"Content-Type": each})
            for each in types
        )
        self.assertEqual(first.status_code, 201)
        self.assertRefused(second)

    def test_form_with_another_boundary(self):
        """A client that sends a form again makes a new boundary."""
        first, second = self.send_twice("/once/file", files={"content": b"tea"})
        self.assertNotEqual(
            first.request.headers["Content-Type"],
            second.request.headers["Content-Type"],
        )
        self.assertReplayed(first, second)
        self.assertRefused(self.send("/once/file", files={"content": b"coffee"}))

    def test_headers_do_not_count(self):
        first = self.send("/once/items", json={"name": "tea"})
        second = self.send(
            "/once/items", json={"name": "tea"}, headers={"Accept-Language": "fr"}
        )
        self.assertReplayed(first, second)


class TestErrors(IdempotencyCase):
    def test_errors_are_not_stored(self):
        """What is rolled back is carried out by the next request with the key."""
        for kind, status in (("user", 400), ("http", 409), ("crash", 500)):
            with (
                self.subTest(kind),
                mute_logger("odoo.http"),
            ):
                path = f"/once/failing?name={kind}&kind={kind}"
                first = self.send(path, key=kind)
                self.assertEqual(first.status_code, status)
                self.assertFalse(self.rows())
                second = self.send(path, key=kind, headers={"Again": "true"})
                self.assertEqual(second.status_code, 200, second.text)
                self.assertNotIn(REPLAYED, second.headers)
                self.assertEqual(self.count(kind), 1)
                self.rows().unlink()

    def test_invalid_request(self):
        first = self.send("/once/items", json={})
        self.assertEqual(first.status_code, 422)
        self.assertFalse(self.rows())

    def test_committed_errors_are_stored(self):
        for kind, status in (("committed", 402), ("returned", 403)):
            with self.subTest(kind):
                path = f"/once/failing?name={kind}&kind={kind}"
                first, second = self.send_twice(path, key=kind)
                self.assertEqual(first.status_code, status)
                self.assertReplayed(first, second)
                self.assertEqual(self.count(kind), 1)

    def test_conflict(self):
        """Odoo replays the request."""
        with patch("odoo.service.model.random.uniform", return_value=0) as uniform:
            first, second = self.send_twice(f"/once/conflict?name=tea-{self.key}")
        uniform.assert_called_once()
        self.assertEqual(first.status_code, 200)
        self.assertReplayed(first, second)
        self.assertEqual(self.count("tea"), 1)

    def test_app_that_replaces_errors(self):
        """The response is sent again, whatever the app makes of the exception."""
        for path, headers in (
            ("envelope", {}),
            ("envelope", {"X-Stream": "yes"}),
            ("replacing", {}),
            ("replacing", {"X-Hide": "true"}),
        ):
            with self.subTest(path, headers=headers):
                name = self.key = f"{path} {len(headers)}".replace(" ", "-")
                first, second = self.send_twice(
                    f"/once/{path}?name={name}", headers=headers
                )
                self.assertEqual(first.status_code, 200)
                self.assertReplayed(first, second)
                self.assertEqual(self.count(name), 1)
        self.assertFalse(self.count("error"))

    def test_stream(self):
        response = self.send("/once/stream?name=tea")
        self.assertEqual(response.status_code, 400)
        self.assertIn("its response is a stream", response.json()["detail"])
        self.assertFalse(self.count("tea"))
        self.assertFalse(self.rows())
        self.assertEqual(self.post("/once/stream?name=tea").text, "one two")

    def test_large_response(self):
        self.env["ir.config_parameter"].set_param(
            "fastapi_limits.idempotency_max_body", "1000"
        )
        first, second = self.send_twice("/once/large?name=small&size=1000")
        self.assertReplayed(first, second)
        response = self.send("/once/large?name=large&size=1001", key="large")
        self.assertEqual(response.status_code, 400)
        self.assertIn("has 1001 bytes, and at most 1000", response.json()["detail"])
        self.assertFalse(self.count("large"))

    def test_parameter_that_is_not_a_number(self):
        self.env["ir.config_parameter"].set_param(
            "fastapi_limits.idempotency_max_body", "much"
        )
        with self.assertLogs("odoo.addons.fastapi", "WARNING") as logs:
            response = self.send("/once/items", json={"name": "tea"})
        self.assertEqual(response.status_code, 201)
        self.assertIn("'much', which is not a number", logs.output[0])

    @mute_logger("odoo.http")
    def test_addon_that_is_being_uninstalled(self):
        """Its table is already gone, but this server does not know it yet."""
        self.env.cr.execute("ALTER TABLE fastapi_idempotency_key RENAME TO gone")
        response = self.send("/once/items", json={"name": "tea"})
        self.assertEqual(response.status_code, 503, response.text)
        self.assertEqual(response.headers["Retry-After"], "10")
        self.assertIn("Try again later", response.json()["detail"])
        self.assertFalse(self.count("tea"))
        response = self.post("/once/items", json={"name": "tea"})
        self.assertEqual(response.status_code, 201)

    def test_malformed_key(self):
        for key, shown in (
            ("two words", "'two words'"),
            ("a,b", "'a,b'"),
            ('"open', "'\"open'"),
            ("x" * 256, f"'{'x' * 50}…'"),
            ('""', "'\"\"'"),
            ("", "''"),
            ("\xe9", "'\xe9'"),
        ):
            with self.subTest(key):
                response = self.send(
                    "/once/items", key=key.encode("latin-1"), json={"name": "tea"}
                )
                self.assertEqual(response.status_code, 400, response.text)
                detail = response.json()["detail"]
                self.assertIn(f"not an Idempotency-Key: {shown}.", detail)
        self.assertFalse(self.count("tea"))


class TestHeaders(IdempotencyCase):
    def test_headers_of_the_current_request(self):
        origins = "https://a.test", "https://b.test"
        first, second = (
            self.send("/once/items", json={"name": "tea"}, headers={"Origin": origin})
            for origin in origins
        )
        self.assertReplayed(first, second)
        for response, origin in zip((first, second), origins, strict=True):
            self.assertEqual(response.headers["Access-Control-Allow-Origin"], origin)
        self.assertIn("call=", first.headers["Set-Cookie"])
        self.assertNotIn("call=", second.headers.get("Set-Cookie", ""))
        self.assertIn("X-Request-ID", first.headers)
        self.assertNotIn("X-Request-ID", second.headers)

    def test_response_as_the_middleware_has_changed_it(self):
        kwargs = {"json": {"name": "tea"}, "headers": {"X-Change": "yes"}}
        first, second = self.send_twice("/once/items", **kwargs)
        self.assertTrue(first.text.endswith(" changed"))
        self.assertReplayed(first, second)
        self.assertEqual(second.headers["X-Middleware"], first.headers["X-Middleware"])


class TestOverrides(IdempotencyCase):
    """Other addons override the dispatcher."""

    def setUp(self):
        super().setUp()
        self.seen = seen = []

        class Override(_dispatchers["fastapi"]):
            def dispatch(self, endpoint, args):
                response = super().dispatch(endpoint, args)
                seen.append((self.status, response.status_code))
                response.headers["X-Dispatch"] = str(len(seen))
                return response

        self.addCleanup(_dispatchers.update, fastapi=Override.__base__)

    def test_response_as_the_override_has_changed_it(self):
        first, second = self.send_twice("/once/items", json={"name": "tea"})
        self.assertReplayed(first, second)
        self.assertEqual(first.headers["X-Dispatch"], "1")
        # the override is also called for a stored response
        self.assertEqual(second.headers["X-Dispatch"], "2")
        self.assertEqual(self.seen, [("201", 201)] * 2)
        headers = json.loads(self.rows().headers)
        self.assertIn(["X-Dispatch", "1"], headers)


class TestFailingOverrides(IdempotencyCase):
    """An override of another addon raises, and the row is not inserted again."""

    def override(self, **methods):
        base = _dispatchers["fastapi"]
        self.addCleanup(_dispatchers.update, fastapi=base)
        return type(base)("Override", (base,), methods)

    def check_conflict(self, method):
        """Raise a conflict at the first attempt, after or before the base's method."""
        attempts = []

        def call(dispatcher, *args):
            attempts.append(args)
            if method == "post_dispatch" and len(attempts) == 1:
                raise ConcurrencyError("concurrent update")
            response = getattr(super(override, dispatcher), method)(*args)
            if len(attempts) == 1:
                raise ConcurrencyError("concurrent update")
            return response

        override = self.override(**{method: call})
        with patch("odoo.service.model.random.uniform", return_value=0):
            first, second = self.send_twice("/once/items", json={"name": "tea"})
        self.assertEqual(first.status_code, 201, first.text)
        self.assertReplayed(first, second)
        self.assertEqual(self.count("tea"), 1)
        self.assertEqual(len(attempts), 3)

    def test_conflict_after_the_app(self):
        self.check_conflict("dispatch")

    def test_conflict_before_the_response_is_stored(self):
        self.check_conflict("post_dispatch")

    def check_hooks(self, path, status, **methods):
        """Check that no hook of the failed request is left after the rollback."""
        hooks = []

        def answer_error(dispatcher, exc):
            cr = dispatcher.request.env.cr
            cr.rollback()
            hooks.append(len(cr.precommit._funcs))
            return super(override, dispatcher).answer_error(exc)

        override = self.override(answer_error=answer_error, **methods)
        self.assertEqual(self.send(path).status_code, status)
        self.assertEqual(hooks, [0])
        self.assertFalse(self.rows())

    def test_error_after_the_app(self):
        def dispatch(dispatcher, *args):
            super(type(dispatcher), dispatcher).dispatch(*args)
            raise UserError(dispatcher.request.env._("No"))

        self.check_hooks("/once/empty?name=tea", 400, dispatch=dispatch)
        self.assertFalse(self.count("tea"))

    def test_response_that_can_not_be_stored(self):
        self.check_hooks("/once/stream?name=tea", 400)


class TestCallers(IdempotencyCase):
    vals = {"idempotency": "accepted", "auth_basic": True, "allow_portal_users": True}

    def test_each_caller_has_keys_of_its_own(self):
        first, second = self.send_twice("/once/me", auth=self.caller_auth)
        self.assertEqual(first.json()["partner"], self.caller.partner_id.id)
        self.assertReplayed(first, second)
        other = self.send("/once/me", auth=("admin", "admin"))
        self.assertNew(first, other)
        admin = self.env.ref("base.user_admin")
        self.assertEqual(other.json()["partner"], admin.partner_id.id)

    def test_caller_who_may_not_call_gets_nothing(self):
        self.send("/once/me", auth=self.caller_auth)
        self.mute("odoo.addons.base.models.res_users")
        for auth in (None, ("caller@test", "wrong")):
            response = self.send("/once/me", auth=auth)
            self.assertEqual(response.status_code, 401)
            self.assertNotIn(REPLAYED, response.headers)

    def test_runs_as_the_caller(self):
        self.once.run_as = "caller"
        group = self.env.ref("test_fastapi.group_test_runner")
        group.user_ids += self.env.ref("base.user_admin")
        first, second = self.send_twice(
            "/once/items", json={"name": "tea"}, auth=("admin", "admin")
        )
        self.assertEqual(first.status_code, 201, first.text)
        self.assertReplayed(first, second)

    def test_route_that_does_not_ask_who_calls(self):
        """Only a client with the same credentials gets the response."""
        first = self.send("/once/anyone")
        self.assertReplayed(first, self.send("/once/anyone"))
        other = self.send("/once/anyone", headers={"Authorization": "Bearer x"})
        self.assertNew(first, other)
        self.authenticate("caller@test", "caller's secret")
        with_session = self.send("/once/anyone")
        self.assertNew(first, with_session)
        self.assertReplayed(with_session, self.send("/once/anyone"))
        callers = self.rows().sorted("id").mapped("caller")
        self.assertEqual(callers[0], "anonymous")
        self.assertRegex(callers[1], "^anonymous [0-9a-f]{64}$")
        self.assertEqual(callers[2], f"anonymous session of user {self.caller.id}")


class TestCallersOfTheApp(IdempotencyCase):
    vals = {"app": "test_idempotency_callers", "idempotency": "accepted"}

    def test_override_of_the_app_identifies_the_caller(self):
        one, two = self.caller.partner_id.id, self.env.user.partner_id.id
        first, second = self.send_twice("/once/me", headers={"X-Partner": str(one)})
        self.assertEqual(first.json()["partner"], one)
        self.assertReplayed(first, second)
        other = self.send("/once/me", headers={"X-Partner": str(two)})
        self.assertNew(first, other)
        self.assertEqual(self.send("/once/me").status_code, 401)


class TestRequestLog(IdempotencyCase):
    """A repetition in the log of ``fastapi_request_log``."""

    def test_repetition_is_no_error(self):
        if "fastapi.request.log" not in self.env:
            self.skipTest("fastapi_request_log is not installed.")
        self.once.request_log = "all"
        log = self.env["fastapi.request.log"]
        log._flush_calls()
        first, second = self.send_twice("/once/items", json={"name": "tea"})
        self.assertReplayed(first, second)
        called, repeated = log._flush_calls().sorted("id")
        self.assertEqual((called.status, repeated.status), (201, 201))
        self.assertFalse(repeated.error)
        self.assertFalse(repeated.error_place)
        self.assertEqual(repeated.response_size, called.response_size)
        self.assertIn("Idempotent-Replayed: true", repeated.response_headers)
        self.assertNotIn("Idempotent-Replayed", called.response_headers)
        self.assertIn("content-type: application/json", repeated.response_headers)
        self.assertEqual(second.headers["X-Request-ID"], repeated.request_id)


class TestSettings(IdempotencyCase):
    """The setting of the endpoint, and the dependencies of routes."""

    def expect(self, path, expected):
        """Check what a route does with a key, and without one."""
        with self.subTest(path):
            path = f"/once/settings/{path}"
            first, second = self.send_twice(path, key=path)
            is_replayed = REPLAYED in second.headers
            without = self.post(path)
            if without.status_code == 400:
                self.assertIn(
                    "header Idempotency-Key is missing", without.json()["detail"]
                )
                self.assertEqual(expected, "required")
            self.assertEqual(is_replayed, expected != "ignored", second.text)
            self.assertEqual(
                without.status_code, 400 if expected == "required" else 200
            )

    def expect_all(self, of_endpoint):
        self.expect("of_endpoint", of_endpoint)
        self.expect("accepted", "accepted")
        self.expect("required", "required")
        self.expect("ignored", "ignored")
        self.expect("inner/required", "required")
        self.expect("inner/ignored", "ignored")

    def test_ignored(self):
        self.once.idempotency = "ignored"
        self.expect_all("ignored")

    def test_accepted(self):
        self.expect_all("accepted")

    def test_required(self):
        self.once.idempotency = "required"
        self.expect_all("required")
        self.assertEqual(self.get("/once/settings/of_endpoint").status_code, 200)

    def test_default_of_an_app(self):
        app = "test_idempotency_callers"
        self.assertEqual(self._create_endpoint("/a", app=app).idempotency, "required")
        other = self._create_endpoint("/b", app="test_idempotency")
        self.assertEqual(other.idempotency, "ignored")

    def test_existing_app(self):
        """An app of the attribute ``_app`` takes the setting, too."""
        existing = FastAPI()
        existing.post("/count")(lambda: next(calls))
        model = self.registry["fastapi.app.test_idempotency"]
        self.patch(model, "_app", existing)
        self._create_endpoint(
            "/existing", app="test_idempotency", idempotency="accepted"
        )
        self.assertReplayed(*self.send_twice("/existing/count"))

    def test_mounted_app(self):
        """Its routes have settings of their own, but not that of the endpoint."""
        for setting in ("accepted", "ignored"):
            self.once.idempotency = setting
            with self.subTest(setting):
                self.key = setting
                self.assertReplayed(*self.send_twice("/once/mounted/accepted"))
                self.assertNew(*self.send_twice("/once/mounted/other"))

    def documented(self):
        document = self.get("/once/openapi.json").json()
        result = {}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                found = [
                    parameter["required"]
                    for parameter in operation.get("parameters", ())
                    if parameter["name"] == HEADER
                ]
                result[method, path] = found
                self.assertEqual("409" in operation["responses"], bool(found), path)
                if found:
                    self.assertIn("422", operation["responses"])
        return result

    def test_documentation(self):
        self.once.docs_access = "public"
        found = self.documented()
        self.assertEqual(found["post", "/items"], [False])
        self.assertEqual(found["patch", "/items/{name}"], [False])
        self.assertEqual(found["get", "/items/{name}"], [])
        self.assertEqual(found["put", "/items/{name}"], [])
        self.assertEqual(found["post", "/settings/of_endpoint"], [False])
        self.assertEqual(found["get", "/settings/of_endpoint"], [])
        self.assertEqual(found["post", "/settings/required"], [True])
        self.assertEqual(found["post", "/settings/ignored"], [])
        self.assertEqual(found["post", "/settings/inner/required"], [True])
        self.assertEqual(found["post", "/settings/inner/ignored"], [])
        self.once.idempotency = "ignored"
        found = self.documented()
        self.assertEqual(found["post", "/settings/of_endpoint"], [])
        self.assertEqual(found["post", "/settings/accepted"], [False])
