# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rows of calls that are refused: by the app, before it, or because there is none."""

from .log_case import LogCase

ORIGIN = {"Origin": "https://a.test"}


class TestRefusals(LogCase):
    def setUp(self):
        super().setUp()
        self.mute("odoo.http", "odoo.addons.fastapi")
        self.endpoint.request_log = "errors"

    def check(self, response, status, error, route):
        """Check a response, and its row."""
        self.assertEqual(response.status_code, status, response.text)
        call = self.logged()
        self.assertEqual(call.status, status)
        self.assertIn(error, call.error)
        self.assertEqual(call.route or "", route)
        self.assertEqual(call.response_size, len(response.content))
        self.assertEqual(response.headers.get("X-Request-ID"), call.request_id)
        return call

    def test_forbidden(self):
        response = self.get("/log/fail/access?text=no")
        self.check(response, 403, "AccessError: no", "/log/fail/{how}")

    def test_unavailable(self):
        response = self.get("/log/fail/unavailable?text=later")
        self.check(response, 503, "HTTPException: 503: later", "/log/fail/{how}")
        self.assertEqual(response.headers["Retry-After"], "1")

    def test_body_that_is_too_large(self):
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", "5")
        response = self.post("/log/echo", json="too large")
        self.check(response, 413, "RequestEntityTooLarge", "/log/echo")

    def test_malformed_body(self):
        headers = {"Content-Type": "multipart/form-data"}
        response = self.post("/log/form", data=b"--", headers=headers)
        self.check(response, 400, "HTTPException: 400", "/log/form")

    def test_too_many_attempts(self):
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", "1")
        headers = {"Authorization": "Bearer wrong"}
        response = self.get("/log/caller", headers=headers)
        self.check(response, 401, "HTTPException: 401", "/log/caller")
        response = self.get("/log/caller", headers=headers)
        call = self.check(response, 429, "TooManyAttempts", "/log/caller")
        self.assertIn("Retry-After", response.headers)
        self.assertNotIn("wrong", str(call.read()))

    def test_app_that_can_not_be_built(self):
        self._create_endpoint(
            "/broken", app="test_breakable", description="hook", request_log="errors"
        )
        response = self.get("/broken/items/1")
        call = self.check(response, 503, "AppBuildError", "")
        self.assertEqual(call.path, "/broken/items/1")

    def test_id_for_scripts_of_other_sites(self):
        """They may read the id if they may read the response."""
        self._create_endpoint("/cors", app="test_log_callers", request_log="all")
        self._create_endpoint("/odoo_cors", app="test_log_cors", request_log="all")
        for path, origin, status, exposed in (
            ("cors/partner_if_any", ORIGIN, 200, "X-Request-ID"),
            ("cors/partner", ORIGIN, 401, "X-Request-ID"),
            ("cors/unknown", ORIGIN, 404, "X-Request-ID"),
            ("cors/partner", {"Origin": "https://b.test"}, 401, None),
            ("cors/partner", {}, 401, None),
            ("odoo_cors/items/1", ORIGIN, 200, "X-Request-ID"),
            ("odoo_cors/fail/user", ORIGIN, 400, "X-Request-ID"),
            ("odoo_cors/unknown", ORIGIN, 404, "X-Request-ID"),
            ("odoo_cors/items/1", {}, 200, None),
        ):
            with self.subTest(path, **origin):
                response = self.get(f"/{path}", headers=origin)
                self.assertEqual(response.status_code, status)
                found = response.headers.get("Access-Control-Expose-Headers")
                self.assertEqual(found, exposed)
                self.assertEqual(
                    response.headers["X-Request-ID"], self.logged().request_id
                )
