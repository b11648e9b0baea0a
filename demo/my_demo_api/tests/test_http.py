# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The endpoint over HTTP: installation, authentication, access, errors."""

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.my_demo_api.tests.common import MyDemoHttpCase


@tagged("post_install", "-at_install")
class TestInstalled(HttpCase):
    def test_the_endpoint_is_live(self):
        # as installed: the test writes nothing
        response = self.url_open("/my_demo_api/echo?message=hi")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(), {"message": self.env["my_demo.service"].echo("hi")}
        )

    def test_the_documentation_is_live(self):
        document = self.url_open("/my_demo_api/openapi.json").json()
        self.assertLessEqual(
            {
                "/bank_accounts",
                "/bank_accounts/{account_id}",
                "/echo",
                "/endpoint_app_info",
                "/partners",
            },
            document["paths"].keys(),
        )
        self.assertEqual(self.url_open("/my_demo_api/docs").status_code, 200)


class TestAuthentication(MyDemoHttpCase):
    def assertRefused(self, response):
        self.assertEqual(response.status_code, 401, response.text)
        self.assertRegex(response.headers["WWW-Authenticate"], "^Bearer")
        self.assertEqual(response.json().keys(), {"detail"})

    def call_with_key(self, key, path="/bank_accounts"):
        return self.call(path, headers={"Authorization": f"Bearer {key}"})

    def test_key_identifies_the_caller(self):
        for user, count in ((self.user_a, 3), (self.user_b, 1)):
            with self.subTest(user.login):
                response = self.call("/bank_accounts", user)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.json()["count"], count)

    def test_no_key(self):
        for path in ("/bank_accounts", "/endpoint_app_info", "/partners"):
            with self.subTest(path):
                self.assertRefused(self.call(path))

    def test_a_key_of_another_endpoint(self):
        other = self.endpoint.copy()
        key = self.make_key(other, self.user_a)
        self.assertRefused(self.call_with_key(key))
        headers = {"Authorization": f"Bearer {key}"}
        response = self.call(
            "/bank_accounts", root_path=other.root_path, headers=headers
        )
        self.assertEqual(response.json()["count"], 3)

    def test_key_does_not_bypass_record_rules(self):
        # nor does that of an administrator
        admin = new_test_user(
            self.env,
            login="my_demo_admin",
            groups="base.group_system",
            context={"no_reset_password": True},
        )
        key = self.make_key(self.endpoint, admin)
        self.assertEqual(self.call_with_key(key).json()["count"], 0)
        response = self.call_with_key(key, f"/bank_accounts/{self.account_b.id}")
        self.assertEqual(response.status_code, 404)


class TestBankAccountsHttp(MyDemoHttpCase):
    def get_accounts(self, partner):
        return self.env["res.partner.bank"].search([("partner_id", "=", partner.id)])

    def test_partners_see_their_own(self):
        for user, numbers in (
            (self.user_a, ["A-1", "A-2", "A-3"]),
            (self.user_b, ["B-1"]),
            (self.user_a, ["A-1", "A-2", "A-3"]),
        ):
            document = self.call("/bank_accounts", user).json()
            self.assertEqual(document["count"], len(numbers))
            self.assertEqual([item["number"] for item in document["items"]], numbers)

    def test_account_of_another_partner_is_missing(self):
        path = f"/bank_accounts/{self.account_b.id}"
        self.assertEqual(self.call(path, self.user_b).json()["number"], "B-1")
        response = self.call(path, self.user_a)
        self.assertEqual(response.status_code, 404)
        missing = self.call("/bank_accounts/2147483647", self.user_a)
        self.assertEqual(missing.status_code, 404)
        self.assertEqual(
            response.json()["detail"].replace(str(self.account_b.id), "2147483647"),
            missing.json()["detail"],
        )

    def test_pages(self):
        response = self.call("/bank_accounts?page=2&page_size=2", self.user_a)
        document = response.json()
        self.assertEqual(document["count"], 3)
        self.assertEqual([item["number"] for item in document["items"]], ["A-3"])

    def test_pages_out_of_bounds(self):
        for query in ("page=0", "page_size=0", f"page={2**62}&page_size=3", "page=x"):
            with self.subTest(query):
                response = self.call(f"/bank_accounts?{query}", self.user_a)
                self.assertEqual(response.status_code, 422)
                self.assertIn("detail", response.json())

    def test_add(self):
        response = self.call("/bank_accounts", self.user_a, json={"number": "A-4"})
        self.assertEqual(response.status_code, 201)
        account = self.get_accounts(self.partner_a) - self.accounts_a
        self.assertEqual(account.acc_number, "A-4")
        self.assertEqual(account.create_uid, self.app_user)
        self.assertEqual(response.json()["id"], account.id)
        response = self.call(f"/bank_accounts/{account.id}", self.user_a)
        self.assertEqual(response.json()["number"], "A-4")

    def test_add_a_number_twice(self):
        self.accounts_a[1].active = False
        for number in ("A-1", "a 2"):
            with self.subTest(number):
                response = self.call(
                    "/bank_accounts", self.user_a, json={"number": number}
                )
                self.assertEqual(response.status_code, 400)
                self.assertEqual(response.json()["code"], "refused")
                self.assertIn(number, response.json()["detail"])
        accounts = self.get_accounts(self.partner_a)
        self.assertEqual(accounts, self.accounts_a - self.accounts_a[1])
        # B can have the same number as A
        response = self.call("/bank_accounts", self.user_b, json={"number": "A-1"})
        self.assertEqual(response.status_code, 201)

    def test_add_needs_credentials_and_a_number(self):
        response = self.call("/bank_accounts", json={"number": "A-4"})
        self.assertEqual(response.status_code, 401)
        response = self.call("/bank_accounts", self.user_a, json={"number": "?"})
        self.assertEqual(response.status_code, 422)
        self.assertEqual(response.json()["detail"][0]["loc"], ["body", "number"])
        self.assertEqual(self.get_accounts(self.partner_a), self.accounts_a)


class TestErrorCodes(MyDemoHttpCase):
    def test_not_found(self):
        response = self.call(f"/bank_accounts/{self.account_b.id}", self.user_a)
        self.assertEqual(response.status_code, 404)
        self.assertRegex(response.headers["Content-Type"], "^application/json")
        self.assertEqual(response.json().keys(), {"detail", "code"})
        self.assertEqual(response.json()["code"], "not_found")

    def test_access_denied(self):
        self.app_user.group_ids = self.env.ref("fastapi.group_fastapi_endpoint_runner")
        response = self.call("/bank_accounts", self.user_a)
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json()["code"], "access_denied")

    def test_no_code_in_responses_of_fastapi(self):
        for path, user, status in (
            ("/nowhere", None, 404),
            ("/echo", None, 422),
            ("/partners", None, 401),
        ):
            with self.subTest(path):
                response = self.call(path, user)
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.json().keys(), {"detail"})

    def test_other_apps_have_no_codes(self):
        self.env["fastapi.endpoint"]._load_demo_data()
        self.env["fastapi.endpoint"].create(
            {
                "name": "Other app",
                "app": "demo",
                "demo_auth_method": "http_basic",
                "root_path": "/my_demo_api_test/other",
                "user_id": self.app_user.id,
            }
        )
        response = self.call(
            "/demo/exception?exception_type=AccessError&error_message=no",
            root_path="/my_demo_api_test/other",
        )
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json(), {"detail": "no"})
