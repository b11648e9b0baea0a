# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from unittest.mock import patch

from odoo.tests import TransactionCase

from ..models import res_lang
from ..models.res_lang import MAX_HEADER_LENGTH

CODES = (
    *("de_CH", "de_DE", "en_US", "es_419", "fr_BE", "fr_CA", "eo"),
    *("ca_ES", "ca@valencia", "sr@Cyrl", "sr@latin", "zh_CN", "zh_TW"),
)


class TestAcceptLanguage(TransactionCase):
    def setUp(self):
        super().setUp()
        self.languages = self.env["res.lang"]
        installed = [(code, code) for code in CODES]
        self.patch(type(self.languages), "get_installed", lambda _self: installed)

    def get(self, header):
        return self.languages._get_lang_from_accept_language(header)

    def test_first_installed_language_counts(self):
        for header, code in (
            ("fr-CA, de", "fr_CA"),
            ("FR-ca", "fr_CA"),
            ("de-AT", "de_DE"),
            ("fr", "fr_BE"),
            ("nl, es;q=0.5, en;q=0.7", "en_US"),
            ("sr@latin", "sr@latin"),
            ("eo-XX", "eo"),
            ("sr-RS", "sr@Cyrl"),
            ("ca", "ca_ES"),
            ("sr-Latn", "sr@latin"),
            ("sr-Latn-RS", "sr@latin"),
            ("sr-Cyrl-RS", "sr@Cyrl"),
            ("zh-Hant-TW", "zh_TW"),
            ("zh-Hant", "zh_TW"),
            ("zh-Hans-CN", "zh_CN"),
            ("zh-Hans-SG", "zh_CN"),
            ("de-Latn-CH-1996", "de_CH"),
            ("nl", None),
            ("", None),
        ):
            with self.subTest(header):
                self.assertEqual(self.get(header), code)

    def test_header_of_many_languages(self):
        # clients choose how many there are: the installed ones are ordered once
        header = ",".join(f"x{number}" for number in range(10_000))
        with patch.object(
            res_lang, "_by_language", wraps=res_lang._by_language
        ) as by_language:
            self.assertIsNone(self.get(f"{header},de"))
            by_language.assert_called_once()
        self.assertEqual(self.get(f"de,{header}"), "de_DE")

    def test_long_header_is_not_kept(self):
        cached = res_lang._parse_accept_language
        cached.cache_clear()
        for number in range(3):
            start = f"x{'y' * MAX_HEADER_LENGTH}"
            self.assertIsNone(self.get(f"{start}{number}"))
        self.assertEqual(cached.cache_info().currsize, 1)
