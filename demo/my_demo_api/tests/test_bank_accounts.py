# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes below ``/bank_accounts``, without a server."""

from odoo.exceptions import MissingError

from odoo.addons.my_demo_api.tests.common import MyDemoRouterCase


class TestBankAccounts(MyDemoRouterCase):
    def test_the_accounts_of_the_partner_are_listed(self):
        with self._create_test_client() as client:
            response = client.get("/bank_accounts")
        self.assertEqual(response.status_code, 200)
        document = response.json()
        self.assertEqual(document["count"], 3)
        self.assertEqual(
            document["items"][:2],
            [
                {
                    "id": self.accounts_a[0].id,
                    "number": "A-1",
                    "holder_name": "Caller my_demo_a",
                    "bank": {"name": "Test Bank", "bic": "TESTBEB0"},
                },
                {
                    "id": self.accounts_a[1].id,
                    "number": "A-2",
                    "holder_name": "Caller my_demo_a",
                    "bank": None,
                },
            ],
        )

    def test_a_bank_without_bic(self):
        self.accounts_a.bank_id.bic = False
        with self._create_test_client() as client:
            response = client.get(f"/bank_accounts/{self.accounts_a[0].id}")
        self.assertEqual(response.json()["bank"], {"name": "Test Bank", "bic": None})

    def test_another_partner_sees_other_accounts(self):
        with self._create_test_client(
            partner=self.partner_b.with_user(self.app_user)
        ) as client:
            document = client.get("/bank_accounts").json()
        self.assertEqual([item["number"] for item in document["items"]], ["B-1"])

    def test_pages(self):
        with self._create_test_client() as client:
            for page, numbers in ((1, ["A-1", "A-2"]), (2, ["A-3"]), (3, [])):
                with self.subTest(page=page):
                    document = client.get(
                        "/bank_accounts", params={"page": page, "page_size": 2}
                    ).json()
                    self.assertEqual(document["count"], 3)
                    self.assertEqual(
                        [item["number"] for item in document["items"]], numbers
                    )

    def test_pages_out_of_bounds_are_refused(self):
        cases = (
            {"page": 0},
            {"page": -1},
            {"page_size": 0},
            {"page": "two"},
            {"page": 2**62, "page_size": 3},
        )
        with self._create_test_client() as client:
            for params in cases:
                with self.subTest(**params):
                    response = client.get("/bank_accounts", params=params)
                    self.assertEqual(response.status_code, 422)

    def test_one_account(self):
        with self._create_test_client() as client:
            response = client.get(f"/bank_accounts/{self.accounts_a[2].id}")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["number"], "A-3")

    def test_account_of_another_partner_is_missing(self):
        with self._create_test_client() as client:
            with self.assertRaisesRegex(MissingError, str(self.account_b.id)):
                client.get(f"/bank_accounts/{self.account_b.id}")

    def test_add(self):
        with self._create_test_client() as client:
            response = client.post("/bank_accounts", json={"number": " A-4 "})
        self.assertEqual(response.status_code, 201)
        account = self.env["res.partner.bank"].browse(response.json()["id"])
        self.assertEqual(account.acc_number, "A-4")
        self.assertEqual(account.partner_id, self.partner_a)

    def test_add_with_an_invalid_number(self):
        bodies = (
            {},
            {"number": ""},
            {"number": "--"},
            {"number": "A\0"},
            {"number": 4},
        )
        with self._create_test_client() as client:
            for body in bodies:
                with self.subTest(body=body):
                    response = client.post("/bank_accounts", json=body)
                    self.assertEqual(response.status_code, 422)
        self.assertEqual(
            self.env["res.partner.bank"].search(
                [("partner_id", "=", self.partner_a.id)]
            ),
            self.accounts_a,
        )
