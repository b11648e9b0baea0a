# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import re
from unittest.mock import patch

from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from ..routers.failing import IN_APPS, IN_ODOO
from .common import FastapiHttpCase

LOGGER = "odoo.addons.fastapi.error_handlers"
SENTENCES = {
    400: "This operation can't be completed.",
    403: "You are not allowed to do this.",
    404: "This record does not exist.",
}
#: Status of each error of Odoo, and a part of its text.
STATUSES = {
    "model": (403, "ir.cron"),
    "rule": (403, "res.partner"),
    "field group": (403, "secret"),
    "company": (403, "unauthorized or invalid companies"),
    "attachment": (403, "ir.attachment"),
    "credentials": (403, "Access Denied"),
    "missing": (404, "test.fastapi.item(99999,)"),
    "missing write": (404, "99999"),
    "required": (400, "Missing required value"),
    "required at flush": (400, "Missing required value"),
    "foreign key": (400, "Another model is using"),
    "restrict": (400, "item_id"),  # PostgreSQL 18 has a separate error for it
    "unique": (400, "code"),
    "lang": (400, "xx_XX"),
    "order": (400, "name; x"),
    "users": (400, "admin user"),
}


class TestInternalTexts(FastapiHttpCase):
    """Odoo's error texts reach the log; texts of apps reach the client."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.sql_db"))

    def test_texts_of_odoo(self):
        self.assertEqual(set(STATUSES), set(IN_ODOO))
        for case, (status, text) in STATUSES.items():
            with self.subTest(case), self.assertLogs(LOGGER, logging.INFO) as logs:
                response = self.get(f"/test/failing/in_odoo/{case}")
                self.assertEqual(response.status_code, status, response.text)
                self.assertEqual(response.json(), {"detail": SENTENCES[status]})
                (record,) = logs.records
                message = record.getMessage()
                self.assertEqual(record.levelname, "INFO")
                self.assertIsNone(record.exc_info)
                self.assertNotIn("\n", message)
                self.assertIn(text, message)
                self.assertIn(
                    "GET /test/failing/in_odoo/{case} (endpoint Test at /test): ",
                    message,
                )
                self.assertRegex(
                    message, r"/test_fastapi/routers/failing\.py:\d+, in fail_in_odoo"
                )

    def test_line_of_the_handler(self):
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            self.get("/test/failing/in_odoo/required at flush")
        self.assertIn("in fail_in_odoo, when that was done: ", logs.output[0])
        with self.assertLogs(LOGGER, logging.INFO) as logs:
            self.get("/test/failing/in_odoo/model")
        line = int(re.search(r"failing\.py:(\d+), in fail_in_odoo", logs.output[0])[1])
        code = IN_ODOO["model"].__code__
        with open(code.co_filename) as source:
            self.assertIn("IN_ODOO[case](env)", source.readlines()[line - 1])

    def test_texts_of_apps(self):
        for case, (_function, status, text) in IN_APPS.items():
            with self.subTest(case), self.assertNoLogs(LOGGER, logging.INFO):
                response = self.get(f"/test/failing/in_app/{case}")
                self.assertEqual(response.status_code, status, response.text)
                self.assertEqual(response.json(), {"detail": text})

    def test_language_of_the_client(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        terms = {
            ("fastapi", "fr_FR"): {
                SENTENCES[403]: "Vous n'avez pas le droit de faire cela.",
                SENTENCES[400]: "Cette opération n'est pas possible.",
            }
        }
        with patch.dict(code_translations.python_translations, terms):
            for case, text in (
                ("model", "Vous n'avez pas le droit de faire cela."),
                ("required at flush", "Cette opération n'est pas possible."),
                ("missing", SENTENCES[404]),
            ):
                response = self.get(
                    f"/test/failing/in_odoo/{case}",
                    headers={"Accept-Language": "fr"},
                )
                self.assertEqual(response.json(), {"detail": text})
