# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Terms of all installed addons of this repository, and their translations.

``make translate`` brings the files in line.
"""

import re
from pathlib import Path

import polib

from odoo.modules import Manifest
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

AUTHOR = "The odoo-fastapi contributors"
#: Beginnings of the names of addons without translations.
NOT_TRANSLATED = ("test_", "my_demo_")
LANGUAGES = ["fr", "nl"]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|</?\w+|class=\"[^\"]*\"|`[^`]*`")
#: Words that made readers stumble. What an app sends is a response.
UNCLEAR = re.compile(
    r"\b(anew|be it|for want of|whoever|(an|its|no|that|the|this) answers?)\b", re.I
)


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def setUp(self):
        super().setUp()
        modules = self.env["ir.module.module"].search(
            [("state", "=", "installed"), ("author", "=like", f"{AUTHOR}%")]
        )
        #: Folders of the translations of the addons with a backend.
        self.folders = [
            Path(manifest.path, "i18n")
            for manifest in map(Manifest.for_addon, modules.mapped("name"))
            if not manifest.name.startswith(NOT_TRANSLATED)
            and any(path.startswith("views/") for path in manifest["data"])
        ]

    def read_terms(self, name):
        """Return the terms in an addon's code and data."""
        reader = TranslationModuleReader(self.env.cr, modules=[name])
        # module, type, name, id, source, translation, comments
        return {row[4] for row in reader}

    def read_template(self, folder):
        path = folder / f"{folder.parent.name}.pot"
        return {entry.msgid for entry in polib.pofile(path)}

    def test_addons(self):
        self.assertIn("fastapi", [folder.parent.name for folder in self.folders])

    def test_templates_are_up_to_date(self):
        for folder in self.folders:
            with self.subTest(folder.parent.name):
                terms = self.read_terms(folder.parent.name)
                template = self.read_template(folder)
                self.assertEqual(
                    terms - template, set(), "term missing in the template"
                )
                self.assertEqual(
                    template - terms, set(), "outdated term in the template"
                )

    def test_terms_are_clear(self):
        for folder in self.folders:
            with self.subTest(folder.parent.name):
                for term in self.read_terms(folder.parent.name):
                    self.assertNotRegex(term, UNCLEAR)

    def test_translations_are_complete(self):
        for folder in self.folders:
            with self.subTest(folder.parent.name):
                self.assertEqual(
                    sorted(path.stem for path in folder.glob("*.po")), LANGUAGES
                )
                template = self.read_template(folder)
                for lang in LANGUAGES:
                    translation = polib.pofile(folder / f"{lang}.po")
                    self.assertEqual({entry.msgid for entry in translation}, template)
                    self.assertEqual(
                        [
                            entry.msgid
                            for entry in translation
                            if not entry.translated()
                        ],
                        [],
                        lang,
                    )

    def test_translations_keep_placeholders(self):
        for folder in self.folders:
            with self.subTest(folder.parent.name):
                for lang in LANGUAGES:
                    for entry in polib.pofile(folder / f"{lang}.po"):
                        self.assertCountEqual(
                            PLACEHOLDER.findall(entry.msgstr),
                            PLACEHOLDER.findall(entry.msgid),
                            (lang, entry.msgid),
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
