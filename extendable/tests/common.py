# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Extendable classes in the tests of this addon and of all others."""

from collections.abc import Iterator
from contextlib import contextmanager

from extendable import context, main

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

from ..classes import AddonsRegistry
from ..registry import _extendable_registries_database

__all__ = ["ExtendableMixin", "new_rollbacked_env"]


@contextmanager
def new_rollbacked_env() -> Iterator[api.Environment]:
    """Return a context with an environment whose transaction is rolled back."""
    with Registry(get_db_name()).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.rollback()


class ExtendableMixin:
    """Gives the tests of a class the extendable classes of the installed addons.

    And those that the tests of the addon define themselves: these are in no database
    otherwise. To be called in ``setUpClass``::

        cls.init_extendable_registry()
        cls.addClassCleanup(cls.reset_extendable_registry)
    """

    @classmethod
    def init_extendable_registry(cls) -> None:
        """Build the classes, and use them: in the tests, and in requests they make."""
        dbname = get_db_name()
        addon = cls.__module__.removeprefix("odoo.addons.").split(".")[0]
        cls._extendable_registry = AddonsRegistry()
        cls._former_extendable_registry = _extendable_registries_database.get(dbname)
        with new_rollbacked_env() as env:
            loader = env["extendable.registry.loader"]
            # not those "to install": an addon is tested without those that need it
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
        """Go back to the classes that were used before.

        None, in tests that run while Odoo still loads the database: it builds them
        afterwards.
        """
        context.extendable_registry.reset(cls._extendable_token)
        with new_rollbacked_env() as env:
            loader = env["extendable.registry.loader"]
            loader._set_global_registry(cls._former_extendable_registry)

    @classmethod
    def backup_extendable_registry(cls) -> None:
        """Remember which classes are defined, for tests that define some."""
        cls._extendable_definitions = {
            module: list(definitions)
            for module, definitions in main._extendable_class_defs_by_module.items()
        }

    @classmethod
    def restore_extendable_registry(cls) -> None:
        """Forget the classes that were defined since."""
        main._extendable_class_defs_by_module.clear()
        main._extendable_class_defs_by_module.update(
            # lists of their own: it may be called again
            {name: list(found) for name, found in cls._extendable_definitions.items()}
        )
