# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.test_fastapi.tests.common import FastapiHttpCase


class LogCase(FastapiHttpCase):
    """Calls the app over HTTP, below ``/log``, on the cursor of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.log = cls.env["fastapi.request.log"]
        cls.endpoint = cls._create_endpoint(
            "/log", app="test_log", request_log="bodies", auth_api_key=True
        )

    def setUp(self):
        super().setUp()
        self.log._flush_calls()

    def logged(self, count=1):
        """Return the rows of the calls since the last time."""
        calls = self.log._flush_calls()
        self.assertEqual(len(calls), count, calls.mapped("path"))
        return calls
