# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of Odoo's session."""

from ..routers.identity import calls_by_session
from .common import FastapiHttpCase

PATH = "/test/by_session"


class SessionCase(FastapiHttpCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(calls_by_session.clear)

    def log_in(self):
        self.authenticate(*self.caller_auth)

    def send(self, method="POST", path=PATH, **headers):
        """Send a request; underscores in header names become hyphens."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(method, path, headers=headers)

    def assertAccepted(self, response):
        self.assertEqual(
            (response.status_code, response.text), (200, f"{self.caller.id}")
        )

    def assertRefused(self, response):
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json().keys(), {"detail"})
        for word in ("Origin", "Sec-Fetch-Site: same-origin", "X-CSRF-Token"):
            self.assertIn(word, response.json()["detail"])
        self.assertEqual(calls_by_session, [])
