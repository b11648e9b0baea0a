# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Test helpers for addons with extendable classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Token

from extendable import context, main
from extendable.registry import ExtendableClassesRegistry

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

from ..classes import AddonsRegistry
from ..registry import _extendable_registries_database

__all__ = ["ExtendableMixin", "new_rollbacked_env"]


@contextmanager
def new_rollbacked_env() -> Iterator[api.Environment]:
    """Provide an environment whose transaction is rolled back."""
    with Registry(get_db_name()).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.rollback()


class ExtendableMixin:
    """Use the extendable classes of the installed addons in the tests of a class.

    Classes in the ``tests`` package of the tested addon are included; no database has
    them otherwise. Call this in ``setUpClass``::

        cls.init_extendable_registry()
        cls.addClassCleanup(cls.reset_extendable_registry)
    """

    _extendable_registry: AddonsRegistry
    _former_extendable_registry: ExtendableClassesRegistry | None
    _extendable_token: Token[ExtendableClassesRegistry | None]
    _extendable_definitions: dict[str, list[main.ExtendableClassDef]]

    @classmethod
    def init_extendable_registry(cls) -> None:
        """Build the classes and use them, in the tests and in their requests."""
        dbname = get_db_name()
        addon = cls.__module__.removeprefix("odoo.addons.").split(".")[0]
        cls._extendable_registry = AddonsRegistry()
        cls._former_extendable_registry = _extendable_registries_database.get(dbname)
        with new_rollbacked_env() as env:
            loader = env["extendable.registry.loader"]
            # without addons "to install", which depend on the tested addon
            addons = loader._get_addons(states=("installed",))
            if addon not in addons:
                addons.append(addon)
            cls._extendable_registry.init_addons(addons, tests_of=addon)
            loader._set_global_registry(cls._extendable_registry)
        cls._extendable_token = context.extendable_registry.set(
            cls._extendable_registry
        )

    @classmethod
    def reset_extendable_registry(cls) -> None:
        """Restore the classes that were used before.

        If Odoo is still loading the database, there were none.
        """
        context.extendable_registry.reset(cls._extendable_token)
        with new_rollbacked_env() as env:
            loader = env["extendable.registry.loader"]
            loader._set_global_registry(cls._former_extendable_registry)

    @classmethod
    def backup_extendable_registry(cls) -> None:
        """Save the list of defined classes, for tests that define classes."""
        cls._extendable_definitions = {
            module: list(definitions)
            for module, definitions in main._extendable_class_defs_by_module.items()
        }

    @classmethod
    def restore_extendable_registry(cls) -> None:
        """Remove the classes that were defined after the backup."""
        main._extendable_class_defs_by_module.clear()
        main._extendable_class_defs_by_module.update(
            # copies, as this may be called again
            {name: list(found) for name, found in cls._extendable_definitions.items()}
        )
