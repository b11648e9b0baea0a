# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re

from odoo.tests import BaseCase

from ..rates import limit
from ..rates.rate import parse_rates


class TestRate(BaseCase):
    def parse(self, text, by="caller"):
        return [
            (rate.amount, rate.seconds, str(rate)) for rate in parse_rates(text, by)
        ]

    def test_texts(self):
        for text, expected in {
            "100/minute": (100, 60, "100/minute"),
            "1 per second": (1, 1, "1/second"),
            " 1000 PER 2 hours ": (1000, 7200, "1000/2 hours"),
            "5/3days": (5, 3 * 86400, "5/3 days"),
            "7/01 month": (7, 30 * 86400, "7/month"),
            "1000000000/year": (10**9, 360 * 86400, "1000000000/year"),
        }.items():
            self.assertEqual(self.parse(text), [expected], text)
            # the text of a rate can be parsed again
            self.assertEqual(self.parse(expected[2]), [expected])

    def test_several_rates(self):
        for text in (
            "1000/day; 10/second",
            "10/second,1000/day;",
            "10/second|1000/day",
        ):
            self.assertEqual(
                [name for *_, name in self.parse(text)], ["10/second", "1000/day"]
            )
        self.assertEqual(len(self.parse("5/minute;5/minute")), 1)

    def test_values_that_are_not_rates(self):
        for text in (
            "",
            " ; ",
            "100",
            "/minute",
            "-1/minute",
            "1.5/minute",
            "many/minute",
            "100/fortnight",
            "100 minute",
            "0/minute",
            "1000000001/second",
            "1/0 minutes",
            "1 per 0minutes",
            "1/2 years",
            "1/" + "9" * 5000 + " days",
            "9" * 5000 + "/day",
            "١٠/minute",
            "10/minute; nothing",
            "10/minute\n'); DROP TABLE x",
        ):
            with self.assertRaises(ValueError, msg=text) as caught:
                parse_rates(text, "caller")
            refused = text.split(";")[-1].strip() or text
            if len(text) < 100 and "DROP" not in text:
                self.assertIn(repr(refused), str(caught.exception))

    def test_values_that_are_no_texts(self):
        for value in (5, None, ["5/minute"], b"5/minute"):
            with self.subTest(value=value):
                message = re.escape(f"{value!r} is not a rate: write a text such as")
                with self.assertRaisesRegex(TypeError, message):
                    limit("5/minute", value)

    def test_what_is_counted(self):
        with self.assertRaisesRegex(ValueError, "'company'.*caller, key, address"):
            parse_rates("1/minute", "company")

    def test_periods(self):
        rates = parse_rates("1/minute; 1/5 minutes; 1/day", "key")
        self.assertEqual(
            [rate.period for rate in rates], ["minute", "5-minutes", "day"]
        )
