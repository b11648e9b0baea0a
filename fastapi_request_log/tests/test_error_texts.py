# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation

from odoo.tests import TransactionCase

from ..error_texts import describe_exception


class TestErrorTexts(TransactionCase):
    def test_row_that_violates_a_constraint(self):
        self.env.cr.execute(
            "CREATE TEMP TABLE pins (pin text, number int NOT NULL CHECK (number > 0))"
        )
        for number in (0, None):
            with (
                self.subTest(number=number),
                self.assertRaises(IntegrityError) as raised,
                self.env.cr.savepoint(),
            ):
                query = "INSERT INTO pins VALUES (%s, %s)"
                self.env.cr.execute(query, ("12\n34", number), log_exceptions=False)
            self.assertIn("34", str(raised.exception))
            text = describe_exception(raised.exception)
            self.assertIn("constraint", text)
            self.assertNotIn("12", text)
            self.assertNotIn("34", text)

    def test_violation_without_a_row(self):
        text = describe_exception(CheckViolation("no row"))
        self.assertEqual(text, "CheckViolation: no row")
