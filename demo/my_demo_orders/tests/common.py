# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Two partners with an order each, and a product that they buy."""

from unittest import SkipTest

from odoo import Command
from odoo.tests import new_test_user

__all__ = ["OrdersMixin"]


class OrdersMixin:
    @classmethod
    def create_orders(cls) -> None:
        """Set the class attributes for the tests."""
        if "sale.order" not in cls.env:
            raise SkipTest("sale is not installed; see test_fastapi: test_demo_addons")
        cls.endpoint = cls.env.ref("my_demo_orders.fastapi_endpoint_my_demo_orders")
        # an upgraded database may have other values
        cls.endpoint.write({"auth_api_key": True, "auth_session": True})
        cls.app_user = cls.env.ref("my_demo_orders.user")
        cls.user_a, cls.user_b = (
            new_test_user(
                cls.env,
                login=login,
                groups="base.group_portal",
                context={"no_reset_password": True},
            )
            for login in ("my_demo_a", "my_demo_b")
        )
        cls.partner_a = cls.user_a.partner_id
        cls.partner_b = cls.user_b.partner_id
        cls.chair, cls.table = cls.env["product.product"].create(
            [{"name": "Chair", "list_price": 50}, {"name": "Table", "list_price": 200}]
        )
        (cls.chair | cls.table).taxes_id = False
        cls.order_a, cls.order_b = cls.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "date_order": "2026-11-20 10:00:00",
                    "order_line": [Command.create({"product_id": cls.chair.id})],
                }
                for partner in (cls.partner_a, cls.partner_b)
            ]
        )
