# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta
from unittest.mock import patch

from psycopg2.errors import UndefinedColumn

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..calls import Call
from ..models import fastapi_request_log


@tagged("post_install", "-at_install")
class TestStore(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fastapi.endpoint"]._load_demo_data()
        cls.endpoint = cls.env.ref("fastapi.fastapi_endpoint_demo")
        cls.log = cls.env["fastapi.request.log"]
        cls.user = new_test_user(cls.env, "caller@log")
        cls.env.cr.execute("DELETE FROM fastapi_request_log")

    def call(self, **values):
        return Call(
            **{
                "date": datetime.now(),
                "endpoint_id": self.endpoint.id,
                "method": "GET",
                "path": "/fastapi_demo/demo",
                "status": 200,
                "duration": 1.5,
                **values,
            }
        )

    def store(self, *calls):
        self.env.flush_all()
        return self.log._store(calls)

    def test_error_does_not_log_the_calls(self):
        """They are many, and have the bodies of others."""
        self.env.flush_all()
        for column in ("fastapi_request_log.status", "fastapi_request_hour.route"):
            table, name = column.split(".")
            with (
                self.subTest(table=table),
                self.assertNoLogs("odoo.sql_db"),
                self.assertRaises(UndefinedColumn),
                self.env.cr.savepoint(),
            ):
                query = SQL(
                    "ALTER TABLE %s RENAME COLUMN %s TO gone",
                    SQL.identifier(table),
                    SQL.identifier(name),
                )
                self.env.cr.execute(query)
                self.log._store([self.call(request_body="of another one")])

    def test_caller(self):
        _user_id, secret = self.env["fastapi.endpoint.key"]._generate(
            self.endpoint, self.env.ref("base.user_admin"), "A key"
        )
        self.assertTrue(secret)
        key = self.endpoint.key_ids
        by_user, by_key = self.store(
            self.call(user_id=self.user.id, auth_method="session"),
            self.call(user_id=2, partner_id=self.user.partner_id.id, key_id=key.id),
        )
        self.assertEqual(by_user.user_id, self.user)
        self.assertEqual(by_user.partner_id, self.user.partner_id)
        self.assertFalse(by_user.key_id)
        self.assertEqual(by_key.partner_id, self.user.partner_id)
        self.assertEqual((by_key.key_id, by_key.key_name), (key, "A key"))

    def test_records_that_are_gone(self):
        """They are left out; calls of an endpoint that is gone are not stored."""
        gone = 2_000_000_000
        (call,) = self.store(
            self.call(endpoint_id=gone),
            self.call(user_id=gone, partner_id=gone, key_id=gone, request_id="r"),
        )
        self.assertEqual(call.request_id, "r")
        self.assertFalse(call.user_id or call.partner_id or call.key_id)

    def test_texts_are_stored_as_they_are(self):
        for text in (
            "a\tb\nc\r\nd",
            "\\",
            "\\N",
            "\\.",
            "\n\\.\n",
            'ä"\u20ac{}%s',
            " ",
        ):
            with self.subTest(text=text):
                (call,) = self.store(self.call(path=text, error=text, address=text))
                self.assertEqual((call.path, call.error, call.address), (text,) * 3)

    def test_values_that_are_missing(self):
        calls = self.store(
            self.call(), self.call(duration=0.25, response_size=0, error="")
        )
        for call in calls:
            self.assertFalse(call.route or call.error or call.request_headers)
        self.assertEqual(calls.mapped("duration"), [1.5, 0.25])
        self.assertEqual(calls[1].response_size, 0)

    def test_calls_that_are_only_counted(self):
        self.assertFalse(self.store(self.call(stored=False)))
        hour = self.env["fastapi.request.hour"].search(
            [("endpoint_id", "=", self.endpoint.id)]
        )
        self.assertEqual(hour.calls, 1)

    def test_old_calls_are_deleted_in_pieces(self):
        self.endpoint.request_log_days = 10
        old = datetime.now() - timedelta(days=11)
        self.store(*[self.call(date=old) for _number in range(5)])
        kept = self.store(self.call(date=old + timedelta(days=2)))
        with patch.object(fastapi_request_log, "PIECE", 3):
            self.env.flush_all()
            self.assertEqual(self.log._gc_calls(), (3, True))
            self.assertEqual(self.log._gc_calls(), (2, False))
        domain = [("endpoint_id", "=", self.endpoint.id)]
        self.assertEqual(self.log.search(domain), kept)

    def test_calls_are_kept(self):
        self.endpoint.request_log_days = 0
        call = self.store(self.call(date=datetime(2020, 1, 1)))
        self.log._gc_calls()
        self.assertTrue(call.exists())

    def test_calls_are_kept_for_very_long(self):
        """Those of other endpoints are deleted all the same."""
        self.endpoint.request_log_days = 9_999_999
        other = self.endpoint.copy({"root_path": "/other", "request_log_days": 1})
        old = datetime(2020, 1, 1)
        kept, deleted = self.store(
            self.call(date=old), self.call(date=old, endpoint_id=other.id)
        )
        self.assertEqual(self.log._gc_calls(), (1, False))
        self.assertTrue(kept.exists())
        self.assertFalse(deleted.exists())

    def test_calls_of_a_deleted_endpoint(self):
        """They are hidden at once, and deleted later."""
        manager = new_test_user(
            self.env, "manager@log", groups="fastapi.group_fastapi_manager"
        )
        endpoint = self.endpoint.copy({"root_path": "/deleted"})
        call = self.store(self.call(endpoint_id=endpoint.id))
        log = self.log.with_user(manager)
        self.assertTrue(log.search([("id", "=", call.id)]))
        endpoint.unlink()
        self.assertTrue(call.exists())
        self.assertFalse(log.search([("id", "=", call.id)]))
        self.log._gc_calls()
        self.assertFalse(call.exists())

    def test_rights(self):
        call = self.store(self.call())
        for group in ("fastapi.group_fastapi_user", "base.group_system"):
            user = new_test_user(self.env, f"{group}@log", groups=group)
            with self.assertRaises(AccessError):
                call.with_user(user).read(["path"])
        manager = new_test_user(
            self.env, "manager@log", groups="fastapi.group_fastapi_manager"
        )
        call = call.with_user(manager)
        self.assertEqual(call.read(["status"])[0]["status"], 200)
        for method, arguments in (
            (call.write, [{"status": 500}]),
            (call.unlink, []),
            (call.create, [{"path": "/"}]),
        ):
            with self.assertRaises(AccessError):
                method(*arguments)
        other = self.env["res.company"].create({"name": "Another company"})
        self.endpoint.sudo().user_id = new_test_user(
            self.env, "runner@log", company_id=other.id, company_ids=[other.id]
        )
        self.endpoint.company_id = other
        self.env.flush_all()
        self.assertFalse(call.search([("id", "=", call.id)]))

    def test_size_of_bodies(self):
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(self.log._get_body_size(), 4096)
        parameters.set_param("fastapi_request_log.body_size", "10")
        self.assertEqual(self.log._get_body_size(), 10)
        parameters.set_param("fastapi_request_log.body_size", "many")
        with mute_logger("odoo.addons.fastapi.system_parameters"):
            self.assertEqual(self.log._get_body_size(), 4096)
