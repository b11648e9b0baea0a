# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging

from odoo.tests import BaseCase

from ..request_ids import RequestIdFilter, get_request_id, request_id_ctx


class TestRequestIds(BaseCase):
    def test_id_of_the_client(self):
        for sent in (
            "7",
            "0b61c6f4-9c0b-4a35-8d3a-0d3d0f6b4b5b",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "Root=1-67891233-abcdef012345678912345678",
            "a" * 128,
        ):
            with self.subTest(sent=sent):
                self.assertEqual(get_request_id({"HTTP_X_REQUEST_ID": sent}), sent)

    def test_id_that_is_not_taken(self):
        for sent in ("", " 7", "a b", "a\n", "a%s", "a'b", 'a"b', "é", "-a", "a" * 129):
            with self.subTest(sent=sent):
                made = get_request_id({"HTTP_X_REQUEST_ID": sent})
                self.assertRegex(made, r"^[0-9a-f]{32}$")

    def test_new_ids_differ(self):
        self.assertNotEqual(get_request_id({}), get_request_id({}))

    def filtered(self, request_id):
        """Return a record that two handlers with the filter have had."""
        record = logging.LogRecord(
            "a", logging.INFO, "", 1, "100%% of %s", ("x",), None
        )
        token = request_id_ctx.set(request_id)
        self.addCleanup(request_id_ctx.reset, token)
        for _number in range(2):
            self.assertTrue(RequestIdFilter().filter(record))
        return record

    def test_lines_of_a_request(self):
        record = self.filtered("r1")
        self.assertEqual(record.getMessage(), "100% of x [request r1]")
        self.assertEqual(record.request_id, "r1")

    def test_lines_without_a_request(self):
        record = self.filtered(None)
        self.assertEqual(record.getMessage(), "100% of x")
        self.assertFalse(hasattr(record, "request_id"))
