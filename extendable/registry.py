# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The extendable classes of each database.

They are stored in Odoo's registry of the database. A request that started with an older
registry keeps the classes of that registry.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from odoo.modules.registry import Registry

from .calls import use_registry

if TYPE_CHECKING:
    from extendable.registry import ExtendableClassesRegistry

    from odoo.api import Environment

__all__ = ["extendable_classes", "no_extendable_classes"]

LOADER = "extendable.registry.loader"
#: Attribute of the loader's class. Each registry of Odoo has a class of its own.
_CLASSES = "_extendable_classes"


class ExtendableRegistriesDatabase(MutableMapping[str, "ExtendableClassesRegistry"]):
    """The extendable classes of the databases that this process has loaded."""

    def __getitem__(self, dbname: str) -> ExtendableClassesRegistry:
        classes: ExtendableClassesRegistry
        classes = vars(Registry.registries[dbname][LOADER])[_CLASSES]
        return classes

    def __setitem__(self, dbname: str, registry: ExtendableClassesRegistry) -> None:
        setattr(Registry.registries[dbname][LOADER], _CLASSES, registry)

    def __delitem__(self, dbname: str) -> None:
        if dbname not in self:
            raise KeyError(dbname)
        delattr(Registry.registries[dbname][LOADER], _CLASSES)

    def __iter__(self) -> Iterator[str]:
        return (dbname for dbname in list(Registry.registries) if self.get(dbname))

    def __len__(self) -> int:
        return sum(1 for _dbname in self)

    def of(self, registry: Registry) -> ExtendableClassesRegistry | None:
        """Return the extendable classes of a registry of Odoo, if it has any."""
        loader = registry.models.get(LOADER)
        return vars(loader).get(_CLASSES) if loader is not None else None


_extendable_registries_database = ExtendableRegistriesDatabase()


def extendable_classes(env: Environment) -> AbstractContextManager[None]:
    """Use the extendable classes of the environment's database in the block.

    Requests do so already. Scheduled actions, for example, need it.
    """
    return use_registry(_extendable_registries_database.of(env.registry))


def no_extendable_classes() -> AbstractContextManager[None]:
    """Use the classes without extensions in the block.

    For the import of modules, whose content all databases share.
    """
    return use_registry(None)
