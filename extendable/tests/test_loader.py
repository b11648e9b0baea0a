# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import gc
import weakref
from unittest.mock import patch

from extendable.context import extendable_registry

from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, tagged

from odoo.addons.extendable.classes import AddonsRegistry
from odoo.addons.extendable.registry import (
    LOADER,
    ExtendableRegistriesDatabase,
    _extendable_registries_database,
    extendable_classes,
    no_extendable_classes,
)


@tagged("post_install", "-at_install")
class TestLoader(TransactionCase):
    def test_database_has_classes(self):
        registry = _extendable_registries_database[self.env.cr.dbname]
        self.assertTrue(registry.ready)
        self.assertIs(registry, _extendable_registries_database.of(self.registry))
        self.assertIn(self.env.cr.dbname, list(_extendable_registries_database))

    def test_unknown_database(self):
        self.assertEqual(_extendable_registries_database.get("no such", {}), {})

    def test_hook_builds_once(self):
        registry = _extendable_registries_database[self.env.cr.dbname]
        self.env["extendable.registry.loader"]._register_hook()
        self.assertIs(_extendable_registries_database[self.env.cr.dbname], registry)

    def test_dependencies_come_first(self):
        loader = self.env["extendable.registry.loader"]
        addons = loader._get_addons()
        self.assertEqual(addons[0], "base")
        self.assertIn("extendable", addons)
        self.assertEqual(len(addons), len(set(addons)))
        depends = self.env["ir.module.module.dependency"].search(
            [("module_id.name", "in", addons)]
        )
        self.assertTrue(depends)
        for depend in depends:
            if not depend.module_id.name.startswith("test_"):
                self.assertLess(
                    addons.index(depend.name), addons.index(depend.module_id.name)
                )
        self.assertNotIn(
            "extendable", loader._get_addons(exclude_addons=("extendable",))
        )

    def test_only_installed_addons(self):
        module = self.env["ir.module.module"].search([("name", "=", "web")])
        loader = self.env["extendable.registry.loader"]
        self.assertIn("web", loader._get_addons())
        module.state = "to upgrade"
        module.flush_recordset()
        self.assertIn("web", loader._get_addons())
        module.state = "uninstalled"
        module.flush_recordset()
        self.assertNotIn("web", loader._get_addons())

    def test_classes_are_freed_with_the_registry_of_odoo(self):
        """A reference back to Odoo's registry doesn't keep them."""
        databases = ExtendableRegistriesDatabase()
        loader = type("Loader", (), {})
        with patch.object(Registry, "registries", {"old": {LOADER: loader}}):
            databases["old"] = registry = AddonsRegistry()
            self.assertIs(databases["old"], registry)
            self.assertEqual(list(databases), ["old"])
        registry.reaches = loader
        is_kept = weakref.ref(registry)
        del loader, registry
        gc.collect()
        self.assertIsNone(is_kept())

    def test_delete_classes(self):
        databases = ExtendableRegistriesDatabase()
        loader = type("Loader", (), {})
        with patch.object(Registry, "registries", {"one": {LOADER: loader}}):
            databases["one"] = AddonsRegistry()
            del databases["one"]
            self.assertNotIn("one", databases)
            with self.assertRaises(KeyError):
                del databases["one"]

    def test_context(self):
        before = extendable_registry.get()
        with extendable_classes(self.env):
            self.assertIs(
                extendable_registry.get(),
                _extendable_registries_database[self.env.cr.dbname],
            )
            with no_extendable_classes():
                self.assertIsNone(extendable_registry.get())
        self.assertIs(extendable_registry.get(), before)
