# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fields to many records: each has a table of its own.

The default table is that of any field between the same two models. Odoo refuses to load
a database where two fields would share one.
"""

from pathlib import Path

from odoo.modules import Manifest
from odoo.tests import TransactionCase, tagged

REPOSITORY = Path(__file__).parents[2]
#: The folders with our addons: an Odoo of its own may lie elsewhere in the repository.
FOLDERS = (REPOSITORY, REPOSITORY / "demo")


@tagged("post_install", "-at_install")
class TestRelations(TransactionCase):
    def test_every_relation_names_its_table(self):
        found = [
            field
            for model in self.registry.values()
            for field in model._fields.values()
            if field.type == "many2many" and field.store and field.relation
            if any(map(self.is_ours, field._modules or ()))
        ]
        self.assertIn("docs_group_ids", {field.name for field in found})
        for field in found:
            with self.subTest(str(field)):
                tables = sorted(
                    self.env[name]._table
                    for name in (field.model_name, field.comodel_name)
                )
                self.assertNotEqual(field.relation, "{}_{}_rel".format(*tables))

    def is_ours(self, addon):
        manifest = Manifest.for_addon(addon)
        return manifest and Path(manifest.path).parent in FOLDERS
