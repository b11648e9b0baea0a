# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Helpers for tests of counted and stored calls."""

from datetime import datetime

from odoo.tests import TransactionCase, new_test_user

from ..calls import Call

#: In the middle of an hour.
NOON = datetime(2026, 3, 10, 12, 34, 56)


class CallCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "calls_manager", groups="fastapi.group_fastapi_manager"
        )
        # endpoints may have the demo app
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.endpoint = cls._create_endpoint("/calls")
        cls.hours = cls.env["fastapi.request.hour"].with_user(cls.manager)

    @classmethod
    def _create_endpoint(cls, root_path, **values):
        values = {
            "app": "demo",
            "demo_auth_method": "http_basic",
            "name": f"At {root_path}",
            **values,
        }
        return cls.env["fastapi.endpoint"].create({"root_path": root_path, **values})

    @classmethod
    def _make_call(cls, **values):
        return Call(
            **{
                "date": NOON,
                "endpoint_id": cls.endpoint.id,
                "method": "GET",
                "path": "/calls/demo",
                "route": "/calls/demo",
                "status": 200,
                "duration": 10.0,
                **values,
            }
        )

    @classmethod
    def _count(cls, *calls):
        cls.env["fastapi.request.hour"]._count(calls)
