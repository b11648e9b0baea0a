# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The endpoint over HTTP, as installed: authentication and errors."""

from odoo.tests import HttpCase, tagged

from odoo.addons.my_demo_orders.tests.common import OrdersMixin


@tagged("post_install", "-at_install")
class TestOrdersHttp(OrdersMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_orders()
        keys = cls.env["fastapi.endpoint.key"]
        cls.key_a, cls.key_b = (
            keys._generate(cls.endpoint, user, "test")[1]
            for user in (cls.user_a, cls.user_b)
        )

    def call(self, method, path, key=None, headers=None, **options):
        """Send a request, with an API key if there is one."""
        headers = dict(headers or {})
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self.opener.request(
            method,
            f"{self.base_url()}/my_demo_orders{path}",
            headers=headers,
            timeout=30,
            **options,
        )

    def test_keys(self):
        for key, order in ((self.key_a, self.order_a), (self.key_b, self.order_b)):
            response = self.call("GET", "/orders", key)
            self.assertEqual(response.status_code, 200, response.text)
            ids = [item["id"] for item in response.json()["items"]]
            self.assertEqual(ids, [order.id])

    def test_no_key(self):
        for key in (None, "", "wrong", self.key_a[:-1]):
            for method, path in (("GET", "/orders"), ("POST", "/orders/1/confirm")):
                with self.subTest(key=key, path=path):
                    response = self.call(method, path, key)
                    self.assertEqual(response.status_code, 401)
                    self.assertEqual(response.json().keys(), {"detail"})

    def test_a_session_for_pages_of_this_site(self):
        self.authenticate(self.user_a.login, self.user_a.login)
        (item,) = self.call("GET", "/orders").json()["items"]
        self.assertEqual(item["id"], self.order_a.id)
        path = f"/orders/{self.order_a.id}/confirm"
        evil = {"Origin": "https://evil.example"}
        self.assertEqual(self.call("POST", path, headers=evil).status_code, 403)
        self.assertEqual(self.order_a.state, "draft")
        own = {"Origin": self.base_url()}
        self.assertEqual(self.call("POST", path, headers=own).json()["state"], "sale")

    def test_documentation(self):
        document = self.call("GET", "/openapi.json").json()
        schemes = document["components"]["securitySchemes"].values()
        self.assertEqual(
            [(scheme["type"], scheme.get("scheme")) for scheme in schemes],
            [("http", "bearer"), ("apiKey", None)],
        )
        self.assertEqual(
            document["paths"].keys(),
            {
                "/orders",
                "/orders/{id}",
                "/orders/{id}/confirm",
                "/orders/{id}/cancel",
                "/orders/{id}/files",
            },
        )

    def test_life_of_an_order(self):
        content = {"order_line": [{"product_id": self.chair.id, "product_uom_qty": 2}]}
        response = self.call("POST", "/orders", self.key_a, json=content)
        self.assertEqual(response.status_code, 201, response.text)
        order = self.env["sale.order"].browse(response.json()["id"])
        self.assertEqual(order.partner_id, self.partner_a)
        self.assertEqual(order.amount_total, 100)
        path = f"/orders/{order.id}"
        self.assertEqual(self.call("GET", path, self.key_a).json(), response.json())
        self.assertEqual(self.call("GET", path, self.key_b).status_code, 404)
        response = self.call(
            "PATCH", path, self.key_a, json={"client_order_ref": "PO 7"}
        )
        self.assertEqual(response.json()["client_order_ref"], "PO 7")
        response = self.call("POST", f"{path}/confirm", self.key_a)
        self.assertEqual(response.json()["state"], "sale")
        files = {"file": ("order.pdf", b"%PDF-1.4")}
        response = self.call("POST", f"{path}/files", self.key_a, files=files)
        self.assertEqual(response.status_code, 204)
        self.assertEqual(order.message_ids.attachment_ids.raw, b"%PDF-1.4")
        response = self.call("POST", f"{path}/cancel", self.key_a)
        self.assertEqual(response.json()["state"], "cancel")

    def test_an_order_that_another_client_has_changed(self):
        path = f"/orders/{self.order_a.id}"
        etag = self.call("GET", path, self.key_a).headers["ETag"]
        known = self.call("GET", path, self.key_a, {"If-None-Match": etag})
        self.assertEqual(known.status_code, 304)
        content = {"client_order_ref": "PO 7"}
        for status in (200, 412):
            response = self.call(
                "PATCH", path, self.key_a, {"If-Match": etag}, json=content
            )
            self.assertEqual(response.status_code, status)

    def test_bad_input(self):
        own = f"/orders/{self.order_a.id}"
        line = {"product_id": self.chair.id}
        for method, path, options, status in (
            ("GET", "/orders?page=x", {}, 422),
            ("GET", "/orders?sort=password", {}, 422),
            ("GET", "/orders?state=%00", {}, 400),
            ("GET", "/orders/99999999999", {}, 422),
            ("POST", "/orders", {"json": {"order_line": [{"product_id": 0}]}}, 400),
            ("POST", "/orders", {"json": {"order_line": [{**line, "id": 1}]}}, 400),
            ("POST", "/orders", {"json": {"client_order_ref": "\0"}}, 400),
            ("POST", "/orders", {"json": {"order_line": {}}}, 422),
            ("POST", "/orders", {"json": {"order_line": [{}]}}, 400),
            ("POST", "/orders", {"json": {"order_line": [{"product_id": None}]}}, 400),
            ("POST", "/orders", {"json": {"order_line": [{**line, "id": 0}]}}, 201),
            ("PATCH", own, {"json": {"order_line": [{**line, "id": None}]}}, 422),
            (
                "PATCH",
                own,
                {"data": b'{"order_line": [{"product_uom_qty": 1e999}]}'},
                422,
            ),
            ("PATCH", own, {"data": b"{"}, 422),
            *(
                ("POST", "/orders", {"json": {"order_line": [content]}}, 422)
                for quantity in (0, -1, 1001, 1e308)
                for content in [{**line, "product_uom_qty": quantity}]
            ),
            (
                "PATCH",
                own,
                {"json": {"order_line": None, "client_order_ref": None}},
                200,
            ),
            ("PATCH", own, {"json": {"state": "sale", "amount_total": 0}}, 200),
            ("PATCH", own, {"json": {"order_line": [{"product_id": "x"}]}}, 422),
            ("POST", "/orders/0/confirm", {}, 422),
            ("POST", f"{own}/files", {}, 422),
            ("POST", f"{own}/files", {"data": {"file": "x"}}, 422),
        ):
            with self.subTest(method, path=path, **options):
                response = self.call(method, path, self.key_a, **options)
                self.assertEqual(response.status_code, status, response.text)
                if status >= 400:
                    self.assertIn("detail", response.json())
        self.assertEqual(self.order_a.state, "draft")

    def test_names_of_files(self):
        path = f"/orders/{self.order_a.id}/files"
        for name in ("", "ä %00 <b>.txt", "../../etc/passwd", "x" * 3000, "a\0b"):
            with self.subTest(name[:20]):
                body = (
                    b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
                    + name.encode()
                    + b'"\r\n\r\ncontent\r\n--x--\r\n'
                )
                headers = {"Content-Type": "multipart/form-data; boundary=x"}
                response = self.call("POST", path, self.key_a, headers, data=body)
                self.assertEqual(response.status_code, 204, response.text)
