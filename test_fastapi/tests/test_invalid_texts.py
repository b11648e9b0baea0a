# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Characters that PostgreSQL can't store, passed to the ORM by a handler."""

import logging

from odoo.tools import mute_logger

from ..routers.failing import WITH_TEXT
from .common import FastapiHttpCase

LOGGER = "odoo.addons.fastapi.error_handlers"
SENTENCES = {
    '"a\\u0000"': "A text has a null character.",
    '"\\ud800"': "A text is not valid Unicode.",
}


class TestInvalidTexts(FastapiHttpCase):
    def _send(self, path, text):
        return self.post(
            f"/test/failing/{path}",
            data=f'{{"text": {text}}}',
            headers={"Content-Type": "application/json"},
        )

    @mute_logger("odoo.sql_db")
    def test_invalid_texts_of_the_client_are_refused(self):
        for case in WITH_TEXT:
            for text, sentence in SENTENCES.items():
                with self.subTest(case, text=text), self.assertLogs(LOGGER) as logs:
                    response = self._send(f"text/{case}", text)
                    self.assertEqual(response.status_code, 400, response.text)
                    self.assertEqual(response.json(), {"detail": sentence})
                    (record,) = logs.records
                    self.assertEqual(record.levelno, logging.INFO)
                    self.assertIn("/failing/text/{case}", record.getMessage())
        self.assertFalse(self.env["test.fastapi.item"].search([]))

    @mute_logger("odoo.sql_db")
    def test_bugs_are_server_errors(self):
        for case in ("value", "parameters", "number", "format", "encode"):
            with self.subTest(case), self.assertLogs("odoo.http", logging.ERROR):
                response = self._send(f"bug/{case}", '"\\ud800"')
                self.assertEqual(response.status_code, 500, response.text)

    def test_valid_texts_are_accepted(self):
        for text in ('""', '"\\u0001\\ufffe"', '"\\ud83d\\ude00"'):
            with self.subTest(text):
                response = self._send("text/json", text)
                self.assertEqual(response.status_code, 200, response.text)
