# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a row has of a call."""

from unittest.mock import patch

from odoo.http import Response, _dispatchers
from odoo.tools import mute_logger

from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher

from .log_case import LogCase


class TestCapture(LogCase):
    def test_row_of_a_call(self):
        response = self.get("/log/items/7?a=b", headers={"X-Request-ID": "of-client.1"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["X-Request-ID"], "of-client.1")
        call = self.logged()
        self.assertEqual(call.endpoint_id, self.endpoint)
        self.assertEqual(call.method, "GET")
        self.assertEqual(call.route, "/log/items/{item_id}")
        self.assertEqual(call.path, "/log/items/7?a=b")
        self.assertEqual(call.status, 200)
        self.assertEqual(call.request_id, "of-client.1")
        self.assertEqual(call.attempts, 1)
        self.assertEqual(call.address, "127.0.0.1")
        self.assertEqual(call.response_size, len(response.content))
        self.assertEqual(call.response_body, '{"item":7}')
        self.assertGreater(call.duration, 0)
        self.assertGreater(call.queries, 0)
        self.assertGreater(call.sql_duration, 0)
        self.assertLess(call.sql_duration, call.duration)
        self.assertFalse(call.error)
        self.assertFalse(call.user_id)
        self.assertIn("content-type: application/json", call.response_headers)
        self.assertIn("Host: 127.0.0.1", call.request_headers)

    def test_routes_at_several_places(self):
        for path, route in (
            ("/log/first/a/b/again", "/log/first/{part}/{name}/again"),
            ("/log/second/b/again", "/log/second/{name}/again"),
            ("/log/first/x/y/again", "/log/first/{part}/{name}/again"),
            ("/log/second/y/again", "/log/second/{name}/again"),
            ("/log/mounted/things/1", "/log/mounted/things/{thing_id}"),
            ("/log/tenants/a/things/1", "/log/tenants/{tenant}/things/{thing_id}"),
            ("/log/docs", "/log/docs"),
            ("/log/unknown", False),
        ):
            with self.subTest(path=path):
                self.get(path)
                self.assertEqual(self.logged().route or False, route)

    @mute_logger("odoo.sql_db")
    def test_statuses(self):
        self.mute("odoo.http")
        for method, path, status, error in (
            ("GET", "/log/unknown", 404, "HTTPException: 404: Not Found"),
            ("POST", "/log/items/7", 405, "HTTPException: 405: Method Not Allowed"),
            ("GET", "/log/items/x", 422, "RequestValidationError: path.item_id: "),
            ("GET", "/log/caller", 401, "HTTPException: 401: Not authenticated"),
            ("GET", "/log/fail/http?text=no", 409, "HTTPException: 409: no"),
            ("GET", "/log/fail/user?text=no", 400, "UserError: no"),
            ("GET", "/log/fail/value?text=no", 500, "ValueError: no"),
            ("GET", "/log/fail/abort", 418, "HTTPException: ???"),
            ("GET", "/log/fail/commit", 500, "DivisionByZero: division by zero"),
        ):
            with self.subTest(path=path):
                response = self.call(method, path)
                self.assertEqual(response.status_code, status, response.text)
                call = self.logged()
                self.assertEqual(call.status, status)
                self.assertIn(error, call.error)
                self.assertEqual(call.request_id, response.headers["X-Request-ID"])
                self.assertEqual(call.response_size, len(response.content))
                length = f"content-length: {len(response.content)}"
                self.assertIn(length, call.response_headers.lower().splitlines())
                if "/fail/" in path and "commit" not in path:
                    self.assertIn("routers.py:", call.error_place)
                    self.assertIn(", in fail", call.error_place)

    def test_replaced_response(self):
        """An override of the dispatcher responds, as to a repeated Idempotency-Key."""
        dispatch = FastApiDispatcher.dispatch

        def respond_again(dispatcher, endpoint, args):
            dispatch(dispatcher, endpoint, args)
            dispatcher.headers = [("X-Replaced", "yes")]
            return dispatcher._build_response([b"stored"])

        with patch.object(FastApiDispatcher, "dispatch", respond_again):
            response = self.get("/log/items/7")
        self.assertEqual(response.text, "stored")
        call = self.logged()
        self.assertEqual(call.response_body, "stored")
        self.assertEqual(call.response_headers, "X-Replaced: yes")

    def test_secrets(self):
        """They are in no column, also if they come back in another one."""
        self.mute("odoo.http")
        secret = "hunter-two"
        for path, options in (
            (f"/log/fail/value?text={secret}&api_key={secret}", {}),
            (f"/log/fail/http?text={secret}", {"headers": {"X-Token": secret}}),
            (f"/log/fail/user?text={secret}&i_ban={secret}", {}),
            ("/log/login", {"json": {"login": "me", "password": secret}}),
            ("/log/echo", {"json": {"a": [{"client-secret": secret}]}}),
            ("/log/form", {"data": {"name": "me", "password": secret}}),
            (
                "/log/form",
                {"files": {"name": (None, "me"), "password": (None, secret)}},
            ),
            ("/log/items/1", {"headers": {"Authorization": f"Bearer {secret}"}}),
            ("/log/items/1", {"headers": {"Proxy-Authorization": secret}}),
            ("/log/items/1", {"cookies": {"my_session": secret}}),
            ("/log/items/1", {"headers": {"Referer": f"https://a/?token={secret}"}}),
        ):
            with self.subTest(path=path, **options):
                has_body = {"json", "data", "files"} & options.keys()
                self.call("POST" if has_body else "GET", path, **options)
                for values in self.logged().read():
                    for name, value in values.items():
                        self.assertNotIn(secret, str(value), name)

    def test_secrets_in_paths(self):
        self.get("/log/reset/hunter%20two/123/done?a=123")
        call = self.logged()
        self.assertEqual(call.route, "/log/reset/{token}/{pin}/done")
        self.assertEqual(call.path, "/log/reset/***/***/done?a=123")
        self.assertEqual(call.error, "UserError: There is no ***")
        self.assertNotIn("hunter", str(call.read()))
        self.get("/log/items/1;jsessionid=hunter-two")
        self.assertEqual(self.logged().path, "/log/items/1;jsessionid=***")

    def test_headers_and_queries_are_cut(self):
        headers = {f"X-Header-{number}": f"{number} " * 9000 for number in range(20)}
        self.get(f"/log/unknown?{'a=b&' * 9000}", headers=headers)
        call = self.logged()
        self.assertEqual(call.status, 404)
        self.assertLessEqual(len(call.path), 2000)
        self.assertLess(len(call.request_headers), 20_000)
        self.assertTrue(call.request_headers.endswith("…"))
        self.assertIn("X-Header-0: 0 0 ", call.request_headers)

    def test_header_of_keys(self):
        self.endpoint.api_key_header = "X-Client"
        self.get("/log/items/1", headers={"X-Client": "hunter-two"})
        self.assertIn("X-Client: ***", self.logged().request_headers)

    def test_calls_with_the_same_idempotency_key(self):
        key = "8e03978e-40d5"
        self.get("/log/items/1", headers={"Idempotency-Key": key, "X-Key": "hunter"})
        call = self.logged()
        self.assertIn(f"Idempotency-Key: {key}", call.request_headers)
        self.assertIn(f"'Idempotency-Key: {key}'", call.curl)
        self.assertNotIn("hunter", call.request_headers)
        domain = [("request_headers", "ilike", f"Idempotency-Key: {key}")]
        self.assertEqual(self.env["fastapi.request.log"].search(domain), call)

    def test_bodies(self):
        self.env["ir.config_parameter"].set_param("fastapi_request_log.body_size", "20")
        content = {"text": "a" * 100}
        response = self.post("/log/echo", json=content)
        call = self.logged()
        size = len(response.request.body)
        self.assertEqual(call.request_size, size)
        self.assertEqual(call.request_body, f'{{"text": "aaaaaaaaaa… [20 of {size} B]')
        self.assertTrue(call.response_body.startswith('{"text":"aaaaaaaaaaa…'))
        self.get("/log/stream")
        call = self.logged()
        self.assertEqual(call.response_body, "01234567890123456789… [20 of 30 B]")
        self.assertEqual(call.response_size, 30)
        self.post("/log/raw?media_type=image/png", data=b"\x89PNG")
        call = self.logged()
        self.assertEqual(call.response_body, "[image/png, 4 B]")
        self.post("/log/raw", data=b'{"a": "\0"}')
        self.assertEqual(self.logged().response_body, '{"a": "\\x00"}')

    def test_all_without_bodies(self):
        self.endpoint.request_log = "all"
        self.post("/log/echo", json={"a": 1})
        call = self.logged()
        self.assertFalse(call.request_body or call.response_body)
        self.assertIn("Content-Type: application/json", call.request_headers)

    def test_caller(self):
        key, secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint, self.caller, "A key"
        )
        self.get("/log/caller", headers={"Authorization": f"Bearer {secret}"})
        call = self.logged()
        self.assertEqual(call.user_id, self.caller)
        self.assertEqual(call.partner_id, self.caller.partner_id)
        self.assertEqual((call.key_id, call.key_name), (key, "A key"))
        self.assertEqual(call.auth_method, "api_key")
        self.assertNotIn(secret, str(call.read()))

    def test_user_of_the_session(self):
        self.authenticate("caller@test", "caller's secret")
        self.get("/log/items/1")
        call = self.logged()
        self.assertEqual(call.user_id, self.caller)
        self.assertEqual(call.auth_method, "session")

    def test_caller_whom_the_app_finds(self):
        """The partner is in the row, also if no handler asks for the caller."""
        self._create_endpoint("/own", app="test_log_callers", request_log="all")
        partner = self.caller.partner_id
        known = {"X-Partner": str(partner.id)}
        for path, headers, expected, user in (
            ("partner", known, partner, False),
            ("partner_if_any", known, partner, False),
            ("caller", known, partner, self.caller),
            ("partner", {}, False, False),
            ("partner_if_any", {}, False, False),
        ):
            with self.subTest(path, **headers):
                self.get(f"/own/{path}", headers=headers)
                call = self.logged()
                self.assertEqual(call.partner_id, expected or partner.browse())
                self.assertEqual(call.user_id, user or self.caller.browse())
                self.assertEqual(call.auth_method, "app" if expected else False)

    def test_id_of_an_app(self):
        """The response has one id, that of the log."""
        response = self.get("/log/own_id", headers={"Origin": "https://a.example"})
        self.assertEqual(response.headers["X-Request-ID"], self.logged().request_id)

    def test_response_of_an_override_of_dispatch(self):
        """The row has what the client gets, not what the app has returned."""
        dispatcher = _dispatchers["fastapi"]
        original = dispatcher.dispatch

        def replace(dispatcher, endpoint, args):
            original(dispatcher, endpoint, args)
            return Response("replaced", 202, {"X-Of-Override": "1"})

        def change(dispatcher, endpoint, args):
            response = original(dispatcher, endpoint, args)
            response.status_code = 203
            return response

        def respond_to_error(dispatcher, endpoint, args):
            try:
                return original(dispatcher, endpoint, args)
            except ValueError as exc:
                return dispatcher.answer_error(exc)

        for override, path, status, body, error in (
            (replace, "items/1", 202, "replaced", False),
            (replace, "stream", 202, "replaced", False),
            (change, "items/1", 203, '{"item":1}', False),
            (respond_to_error, "fail/value", 500, None, "ValueError"),
        ):
            with (
                self.subTest(override.__name__, path=path),
                patch.object(dispatcher, "dispatch", override),
                mute_logger("odoo.http"),
            ):
                response = self.get(f"/log/{path}")
                self.assertEqual(response.status_code, status)
                call = self.logged()
                self.assertEqual(response.headers["X-Request-ID"], call.request_id)
                self.assertEqual(call.status, status)
                self.assertEqual(call.error or False, error)
                self.assertEqual(call.response_size, len(response.content))
                self.assertEqual(call.response_body, body or response.text)
                if override is replace:
                    self.assertIn("X-Of-Override: 1", call.response_headers)
