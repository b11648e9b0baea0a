# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes of the app, and the rights of its user, without a server."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.fastapi.tests.common import FastAPITransactionCase
from odoo.addons.my_demo_orders.tests.common import OrdersMixin


@tagged("post_install", "-at_install")
class OrdersCase(OrdersMixin, FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_orders()
        cls.default_fastapi_running_user = cls.app_user
        cls.default_fastapi_authenticated_partner = cls.partner_a.with_user(
            cls.app_user
        )

    def setUp(self):
        super().setUp()
        app = self.endpoint._get_app()
        self.client = self.enterContext(self._create_test_client(app=app))
        self.path = f"/orders/{self.order_a.id}"

    def create_order(self, **content):
        response = self.client.post("/orders", json=content)
        self.assertEqual(response.status_code, 201, response.text)
        return self.env["sale.order"].browse(response.json()["id"])


class TestList(OrdersCase):
    def get_ids(self, **params):
        response = self.client.get("/orders", params=params)
        self.assertEqual(response.status_code, 200, response.text)
        return [item["id"] for item in response.json()["items"]]

    def test_partners_see_their_own_orders(self):
        self.assertEqual(self.get_ids(), [self.order_a.id])
        partner = self.partner_b.with_user(self.app_user)
        app = self.endpoint._get_app()
        with self._create_test_client(app=app, partner=partner) as client:
            (item,) = client.get("/orders").json()["items"]
        self.assertEqual(item["id"], self.order_b.id)

    def test_filters(self):
        new = self.create_order(order_line=[])
        self.assertEqual(self.get_ids(state="draft"), [new.id, self.order_a.id])
        self.assertEqual(self.get_ids(search=self.order_a.name), [self.order_a.id])
        self.order_a.action_confirm()
        self.assertEqual(self.get_ids(state="sale"), [self.order_a.id])
        self.assertEqual(self.get_ids(state=["cancel", "draft"]), [new.id])

    def test_sort_and_pages(self):
        ids = [
            self.order_a.id,
            *(self.create_order(order_line=[]).id for _turn in "12"),
        ]
        self.assertEqual(self.get_ids(sort="name"), ids)
        self.assertEqual(self.get_ids(sort="-name"), ids[::-1])
        self.assertEqual(self.get_ids(sort="-amount_total")[0], self.order_a.id)
        page = self.client.get("/orders?sort=name&page_size=2&page=2").json()
        self.assertEqual([item["id"] for item in page["items"]], ids[2:])
        self.assertEqual(page["count"], 3)
        response = self.client.get("/orders", params={"sort": "partner_id"})
        self.assertEqual(response.status_code, 422)


class TestOrder(OrdersCase):
    def test_get(self):
        self.assertEqual(
            self.client.get(self.path).json(),
            {
                "id": self.order_a.id,
                "name": self.order_a.name,
                "state": "draft",
                "date_order": "2026-11-20T10:00:00Z",
                "client_order_ref": None,
                "amount_total": "50.00",
                "order_line": [
                    {
                        "id": self.order_a.order_line.id,
                        "product_id": {"id": self.chair.id, "display_name": "Chair"},
                        "product_uom_qty": 1.0,
                        "price_subtotal": "50.00",
                    }
                ],
            },
        )

    def test_create(self):
        lines = [
            {"product_id": self.chair.id, "product_uom_qty": 3},
            {"product_id": self.table.id},
        ]
        order = self.create_order(client_order_ref="PO 7", order_line=lines)
        self.assertEqual(order.partner_id, self.partner_a)
        self.assertEqual(order.client_order_ref, "PO 7")
        self.assertEqual(order.amount_total, 350)
        self.assertRegex(order.name, r"\d")  # of the sequence
        self.assertEqual(order.create_uid, self.app_user)

    def test_partner_is_the_caller(self):
        order = self.create_order(partner_id=self.partner_b.id, order_line=[])
        self.assertEqual(order.partner_id, self.partner_a)

    def test_create_with_a_missing_product(self):
        with self.assertRaisesRegex(ValidationError, "no record with the id"):
            self.client.post(
                "/orders", json={"order_line": [{"product_id": 2**31 - 1}]}
            )

    def test_update(self):
        line = self.order_a.order_line
        lines = [
            {"id": line.id, "product_uom_qty": 4},
            {"product_id": self.table.id},
        ]
        content = {"client_order_ref": "PO 8", "order_line": lines}
        response = self.client.patch(self.path, json=content)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["amount_total"], "400.00")
        self.assertEqual(self.order_a.client_order_ref, "PO 8")
        self.assertEqual(line.product_uom_qty, 4)
        response = self.client.patch(self.path, json={"client_order_ref": None})
        self.assertEqual(response.json()["client_order_ref"], None)
        self.assertEqual(len(response.json()["order_line"]), 2)

    def test_a_line_of_another_order(self):
        line = self.order_b.order_line
        content = {"order_line": [{"id": line.id, "product_uom_qty": 4}]}
        with self.assertRaisesRegex(ValidationError, "no record with the id"):
            self.client.patch(self.path, json=content)
        self.assertEqual(line.product_uom_qty, 1)

    def test_confirm_and_cancel(self):
        order = self.client.post(f"{self.path}/confirm").json()
        self.assertEqual((order["id"], order["state"]), (self.order_a.id, "sale"))
        with self.assertRaisesRegex(UserError, "not in a state"):
            self.client.post(f"{self.path}/confirm")
        response = self.client.post(f"{self.path}/cancel")
        self.assertEqual(response.json()["state"], "cancel")
        self.assertEqual(self.order_a.state, "cancel")

    def test_file(self):
        file = ("order.txt", b"two chairs")
        response = self.client.post(f"{self.path}/files", files={"file": file})
        self.assertEqual(response.status_code, 204)
        message = self.order_a.message_ids[0]
        self.assertEqual(message.author_id, self.app_user.partner_id)
        self.assertEqual(message.attachment_ids.name, "order.txt")
        self.assertEqual(message.attachment_ids.raw, b"two chairs")
        self.assertEqual(message.attachment_ids.res_id, self.order_a.id)
        self.assertEqual(message.attachment_ids.create_uid, self.app_user)

    def test_orders_of_other_partners_are_missing(self):
        other = f"/orders/{self.order_b.id}"
        for method, path, options in (
            ("GET", other, {}),
            ("PATCH", other, {"json": {"client_order_ref": "mine"}}),
            ("POST", f"{other}/confirm", {}),
            ("POST", f"{other}/cancel", {}),
            ("POST", f"{other}/files", {"files": {"file": b"x"}}),
        ):
            with self.subTest(method, path=path):
                response = self.client.request(method, path, **options)
                self.assertEqual(response.status_code, 404)
        self.assertEqual(self.order_b.state, "draft")
        self.assertFalse(self.order_b.client_order_ref)


class TestAccess(OrdersCase):
    def test_models_that_the_app_user_cannot_read(self):
        group = self.env.ref("my_demo_orders.group")
        runner = self.env.ref("fastapi.group_fastapi_endpoint_runner")
        self.assertEqual(self.app_user.all_group_ids, group | runner)
        for model in ("account.move", "account.tax", "ir.sequence", "res.currency"):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(self.app_user).search([])

    def test_a_second_group_shows_no_other_orders(self):
        self.app_user.group_ids = [
            Command.link(self.env.ref("sales_team.group_sale_salesman_all_leads").id)
        ]
        items = self.client.get("/orders").json()["items"]
        self.assertEqual([item["id"] for item in items], [self.order_a.id])
        response = self.client.get(f"/orders/{self.order_b.id}")
        self.assertEqual(response.status_code, 404)
        lines = self.env["sale.order.line"].with_user(self.app_user)
        self.assertFalse(lines.search([]))

    def test_rules_do_not_restrict_other_users(self):
        orders = self.env["sale.order"]
        for user, expected in (
            (self.user_a, self.order_a),
            (self.env.ref("base.user_admin"), self.order_a | self.order_b),
        ):
            with self.subTest(user.login):
                found = orders.with_user(user).search([])
                self.assertEqual(found & (self.order_a | self.order_b), expected)
