# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

LANGUAGES = ["fr", "nl"]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|</?\w+|class=\"[^\"]*\"|`[^`]*`")


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(get_module_path("fastapi")) / "i18n"

    def test_template_is_up_to_date(self):
        """``make translate`` updates it."""
        reader = TranslationModuleReader(self.env.cr, modules=["fastapi"])
        # module, type, name, id, source, translation, comments
        terms = {row[4] for row in reader}
        template = {entry.msgid for entry in polib.pofile(self.folder / "fastapi.pot")}
        self.assertEqual(terms - template, set(), "term missing in the template")
        self.assertEqual(template - terms, set(), "outdated term in the template")

    def test_translations_are_complete(self):
        self.assertEqual(
            sorted(path.stem for path in self.folder.glob("*.po")), LANGUAGES
        )
        template = {entry.msgid for entry in polib.pofile(self.folder / "fastapi.pot")}
        for lang in LANGUAGES:
            with self.subTest(lang):
                translation = polib.pofile(self.folder / f"{lang}.po")
                self.assertEqual({entry.msgid for entry in translation}, template)
                self.assertEqual(
                    [entry.msgid for entry in translation if not entry.translated()],
                    [],
                )

    def test_translations_keep_placeholders(self):
        for lang in LANGUAGES:
            for entry in polib.pofile(self.folder / f"{lang}.po"):
                with self.subTest(lang, term=entry.msgid):
                    self.assertCountEqual(
                        PLACEHOLDER.findall(entry.msgstr),
                        PLACEHOLDER.findall(entry.msgid),
                    )

    def test_backend_in_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(
            ["fastapi"], ["fr_FR"], overwrite=True
        )
        field = self.env["fastapi.endpoint"].with_context(lang="fr_FR")
        description = field.fields_get(["root_path"])["root_path"]
        self.assertEqual(description["string"], "Chemin racine")
        arch = field.get_view(view_type="form")["arch"]
        self.assertIn("Pour les clients", arch)
