# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The syntax of keys, and what makes two requests the same."""

import io

from fastapi import HTTPException

from odoo.tests import BaseCase

from ..idempotency.keys import MAX_LENGTH, fingerprint, parse_key

FORM = (
    b"--%(b)s\r\nContent-Disposition: form-data; name=content\r\n\r\n"
    b"%(content)s\r\n--%(b)s--\r\n"
)


class TestParseKey(BaseCase):
    def test_keys(self):
        for value, key in (
            ("8e03978e-40d5", "8e03978e-40d5"),
            ('"8e03978e-40d5"', "8e03978e-40d5"),
            ('"two words, a \\"quote\\" and \\\\"', 'two words, a "quote" and \\'),
            (" \tpadded\t ", "padded"),
            ("a=b:c/d+e==", "a=b:c/d+e=="),
            ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
            (f'"{"x" * MAX_LENGTH}"', "x" * MAX_LENGTH),
        ):
            with self.subTest(value):
                self.assertEqual(parse_key(value), key)

    def test_refused(self):
        for value in (
            *("", " ", '""', '"', '"a', 'a"', '"a"b', '"a";p=1', '"a", "b"'),
            *("a b", "a,b", "a;b", "a\\b", '"a\\b"', "ä", '"ä"', "a\x00b", "a\nb"),
            *("x" * (MAX_LENGTH + 1), f'"{"x" * (MAX_LENGTH + 1)}"'),
        ):
            with self.subTest(value):
                with self.assertRaises(HTTPException) as caught:
                    parse_key(value)
                self.assertEqual(caught.exception.status_code, 400)
                self.assertIn("in quotation marks", caught.exception.detail)

    def test_long_value_takes_no_time(self):
        """Fails if the pattern backtracks: it would not end."""
        with self.assertRaises(HTTPException):
            parse_key('"' + "\\\\" * 50_000)


class TestFingerprint(BaseCase):
    def fingerprint(self, **changes):
        request = {
            "method": "POST",
            "path": "/orders",
            "query": "a=1",
            "content_type": "application/json",
            "body": io.BytesIO(b"{}"),
        }
        return fingerprint(**{**request, **changes})

    def test_all_parts_count(self):
        found = {
            self.fingerprint(),
            self.fingerprint(method="PATCH"),
            self.fingerprint(path="/order"),
            self.fingerprint(query="a=2"),
            self.fingerprint(content_type="text/plain"),
            self.fingerprint(body=io.BytesIO(b"{ }")),
            # parts do not run into each other
            self.fingerprint(path="/ordersa=1", query=""),
        }
        self.assertEqual(len(found), 7)
        self.assertEqual(self.fingerprint(), self.fingerprint())

    def test_position_of_the_body_stays(self):
        body = io.BytesIO(b"x" * 200_000)
        body.seek(7)
        before = self.fingerprint(body=body)
        self.assertEqual(body.tell(), 7)
        body.seek(0)
        self.assertEqual(self.fingerprint(body=body), before)

    def of_form(self, boundary, content=b"tea", template='boundary="%s"'):
        parameter = template % boundary
        return self.fingerprint(
            content_type=f"multipart/form-data; {parameter}",
            body=io.BytesIO(FORM % {b"b": boundary.encode(), b"content": content}),
        )

    def test_boundary_does_not_count(self):
        first = self.of_form("one")
        self.assertEqual(first, self.of_form("another"))
        self.assertNotEqual(first, self.of_form("one", b"coffee"))
        bare = "Boundary=%s; charset=utf-8"
        self.assertEqual(
            self.of_form("one", template=bare), self.of_form("two", template=bare)
        )

    def test_value_with_a_line_like_a_delimiter(self):
        two = b"tea\r\n--one\r\n\r\ncoffee"
        found = {
            self.of_form("one", two.replace(b"--one", line))
            for line in (b"--one", b"--", b"", b"--another", b"1", b"0--")
        }
        self.assertEqual(len(found), 6)
        # lines of any length
        first = self.of_form("one", b"x" * 65536 + b"--one")
        self.assertNotEqual(first, self.of_form("one", b"x" * 65536 + b"--"))
        self.assertNotEqual(first, self.of_form("one", b"x" * 65536 + b"1"))

    def test_content_that_is_not_text(self):
        content = bytes(range(256)) * 1000
        self.assertEqual(self.of_form("a", content), self.of_form("b", content))
        self.assertNotEqual(self.of_form("a", content), self.of_form("a", content[1:]))
