# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which extendable classes belong to which database.

They live as long as Odoo's registry of the database, and nothing else holds them, as
they may reach it: a request that has begun with an older registry goes on with the
classes of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from extendable.context import extendable_registry

from odoo.modules.registry import Registry

if TYPE_CHECKING:
    from extendable.registry import ExtendableClassesRegistry

    from odoo.api import Environment

__all__ = ["extendable_classes", "no_extendable_classes"]

LOADER = "extendable.registry.loader"
#: Attribute of the loader's class, which is new with each registry of Odoo.
_CLASSES = "_extendable_classes"


class ExtendableRegistriesDatabase(
    MutableMapping[str, "ExtendableClassesRegistry"],
):
    """The extendable classes of each database that this process has loaded."""

    def __getitem__(self, dbname: str) -> ExtendableClassesRegistry:
        return vars(Registry.registries[dbname][LOADER])[_CLASSES]

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
        """Return the extendable classes that belong to a registry of Odoo."""
        loader = registry.models.get(LOADER)
        return vars(loader).get(_CLASSES) if loader is not None else None


_extendable_registries_database = ExtendableRegistriesDatabase()


@contextmanager
def extendable_classes(env: Environment) -> Iterator[None]:
    """Use the extendable classes of the environment's database.

    Requests do already. For scheduled actions, and whatever else is no request.
    """
    token = extendable_registry.set(_extendable_registries_database.of(env.registry))
    try:
        yield
    finally:
        extendable_registry.reset(token)


@contextmanager
def no_extendable_classes() -> Iterator[None]:
    """Use the classes as they are written.

    For the import of modules: what a module keeps is for all databases.
    """
    token = extendable_registry.set(None)
    try:
        yield
    finally:
        extendable_registry.reset(token)
