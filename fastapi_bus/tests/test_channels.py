# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase, TransactionCase

from ..channels import MAX_LENGTH, channel, describe, get_record_channel, get_target


class TestNames(BaseCase):
    def test_parts_are_quoted(self):
        for parts, name in (
            (("orders", 7), "orders/7"),
            (("chat", "7/private"), "chat/7%2Fprivate"),
            (("chat", ""), "chat/%"),
            (("chat", "%"), "chat/%25"),
            (("chat", ".."), "chat/.."),
            (("chat", "é\n"), "chat/%C3%A9%0A"),
        ):
            self.assertEqual(channel(*parts), name)
            self.assertEqual(get_target(name, "db"), ("db", "fastapi_bus", name))

    def test_invalid_names(self):
        for name in ("orders", "", "/", "orders/", "/7", "a//b", "a/b c", "a/b\n"):
            with self.subTest(name), self.assertRaisesRegex(ValueError, "two parts"):
                get_target(name, "db")
        with self.assertRaises(ValueError):
            get_target("a/" + "b" * MAX_LENGTH, "db")

    def test_neither_name_nor_record(self):
        for value in (None, 7, b"orders/7", ["orders", "7"], ("orders", "7")):
            with self.subTest(value), self.assertRaisesRegex(TypeError, "nor a record"):
                get_target(value, "db")

    def test_clients_of_odoo_can_not_name_them(self):
        """They can only name texts, which become pairs of database and text."""
        self.assertEqual(len(get_target("orders/7", "db")), 3)
        self.assertEqual(len(get_record_channel("res.partner", "db")), 3)

    def test_descriptions(self):
        self.assertEqual(describe(("db", "fastapi_bus", "orders/7")), "orders/7")
        self.assertEqual(describe(("db", "res.partner", 7)), "res.partner,7")
        self.assertEqual(describe(("db", "res.partner", 7, "x")), "res.partner,7,x")


class TestRecords(TransactionCase):
    def test_records(self):
        partner = self.env.user.partner_id
        target = (self.env.cr.dbname, "res.partner", partner.id)
        self.assertEqual(get_target(partner, self.env.cr.dbname), target)
        self.assertEqual(
            get_target((partner, "mobile"), self.env.cr.dbname), (*target, "mobile")
        )
        with self.assertRaises(ValueError):
            get_target(partner.browse(), self.env.cr.dbname)
        with self.assertRaises(TypeError):
            get_target((partner, "a", "b"), self.env.cr.dbname)
