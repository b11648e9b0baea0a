# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The screens, in a browser."""

from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .call_case import CallCase


@tagged("post_install", "-at_install")
class TestBackend(HttpCase, CallCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seen = cls._create_endpoint("/seen", name="Seen")
        cls.other = cls._create_endpoint("/other", name="Other")
        now = fields.Datetime.now()
        calls = [
            cls._make_call(date=now, endpoint_id=cls.seen.id, **values)
            for number, values in (
                (20, {"route": "/seen/orders", "method": "POST"}),
                (5, {"route": "/seen/orders", "method": "POST", "status": 500}),
                (15, {"route": "/seen/fast", "duration": 2}),
                (2, {"route": "", "status": 404}),
            )
            for _call in range(number)
        ]
        cls._count(*calls, cls._make_call(date=now, endpoint_id=cls.other.id))
        common = {"endpoint_id": cls.seen.id, "method": "GET", "attempts": 1}
        cls.env["fastapi.request.log"].create(
            [
                {
                    **common,
                    "date": now,
                    "path": "/seen/orders?limit=5",
                    "status": 200,
                    "duration": 12.3,
                },
                {
                    **common,
                    "date": now,
                    "method": "POST",
                    "path": "/seen/orders",
                    "route": "/seen/orders",
                    "status": 500,
                    "duration": 45.6,
                    "attempts": 3,
                    "auth_method": "basic",
                    "user_id": cls.manager.id,
                    "error": "ValueError: no customer",
                    "error_place": "/my_api/routers/orders.py:12, in create_order",
                    "request_headers": "Content-Type: application/json",
                    "request_body": '{"name":"O\'Neill"}',
                    "request_size": 18,
                    "response_headers": "Content-Type: application/json",
                    "response_body": '{"detail":"Internal Server Error"}',
                    "response_size": 34,
                },
                {
                    **common,
                    "date": now - timedelta(days=2),
                    "path": "/seen/long/ago",
                    "status": 500,
                },
                {
                    **common,
                    "date": now,
                    "endpoint_id": cls.other.id,
                    "path": "/other/orders",
                    "status": 500,
                },
            ]
        )

    def test_log(self):
        self.start_tour("/odoo", "fastapi_request_log", login="admin")

    def test_usage(self):
        self.start_tour("/odoo", "fastapi_request_usage", login="admin")

    def test_no_usage(self):
        self.env["fastapi.request.hour"].search([]).unlink()
        self.start_tour("/odoo", "fastapi_request_usage_empty", login="admin")

    def test_endpoint(self):
        self.start_tour("/odoo", "fastapi_request_endpoint", login="admin")
