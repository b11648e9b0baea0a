# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from extendable import ExtendableMeta, main
from extendable.context import extendable_registry

from odoo.tests import TransactionCase, tagged

from odoo.addons.extendable.registry import _extendable_registries_database
from odoo.addons.extendable.tests.common import ExtendableMixin


class Greeting(metaclass=ExtendableMeta):
    """An extendable class in the tests of this addon."""


class Downstream(ExtendableMixin):
    """The test case of another addon."""


@tagged("post_install", "-at_install")
class TestMixin(TransactionCase):
    def setUp(self):
        super().setUp()
        self.databases = _extendable_registries_database
        self.dbname = self.env.cr.dbname
        self.loader = self.env["extendable.registry.loader"]
        self.before = self.databases[self.dbname]
        self.addCleanup(self.loader._set_global_registry, self.before)
        self.context_before = extendable_registry.get()

    def run_downstream(self):
        """Set up and tear down as a test case does."""
        Downstream.init_extendable_registry()
        try:
            self.assertIs(self.databases[self.dbname], extendable_registry.get())
            self.assertTrue(Greeting())
        finally:
            Downstream.reset_extendable_registry()
        self.assertIs(extendable_registry.get(), self.context_before)

    def test_classes_of_the_database_are_restored(self):
        self.run_downstream()
        self.assertIs(self.databases[self.dbname], self.before)

    def test_before_odoo_has_loaded_the_database(self):
        """Tests can run while their addon is installed."""
        self.loader._set_global_registry(None)
        self.assertNotIn(self.dbname, self.databases)
        self.run_downstream()
        self.assertNotIn(self.dbname, self.databases)
        self.run_downstream()
        self.loader._register_hook()
        built = self.databases[self.dbname]
        self.assertTrue(built.ready)
        self.assertIsNot(built, self.before)
        self.assertEqual(
            built._extendable_classes.keys(), self.before._extendable_classes.keys()
        )

    def test_remove_registry_twice(self):
        self.loader._set_global_registry(None)
        self.loader._set_global_registry(None)
        self.assertNotIn(self.dbname, self.databases)

    def test_restore_definitions_twice(self):
        def define():
            class Passing(metaclass=ExtendableMeta):
                __module__ = Greeting.__module__

            return Passing

        Downstream.backup_extendable_registry()
        names = self.defined()
        for _attempt in range(2):
            define()
            self.assertNotEqual(self.defined(), names)
            Downstream.restore_extendable_registry()
            self.assertEqual(self.defined(), names)

    def defined(self):
        return [
            id(definition)
            for definitions in main._extendable_class_defs_by_module.values()
            for definition in definitions
        ]
