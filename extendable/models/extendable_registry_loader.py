# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Build the extendable classes of a database when Odoo loads it."""

import logging

from extendable.registry import ExtendableClassesRegistry

from odoo import api, models
from odoo.modules.module_graph import ModuleGraph

from ..classes import AddonsRegistry
from ..registry import _extendable_registries_database

_logger = logging.getLogger(__name__)

#: States of modules that count as installed.
STATES = ("installed", "to upgrade")


class ExtendableRegistryLoader(models.AbstractModel):
    _name = "extendable.registry.loader"
    _description = "Extendable Registry Loader"

    def _register_hook(self):
        """Build the classes when Odoo has loaded the database, in each process.

        When a custom field is added, Odoo calls the hook again: nothing has changed
        then. When modules change, Odoo creates a new registry.
        """
        super()._register_hook()
        if _extendable_registries_database.of(self.env.registry) is not None:
            return
        registry = self._init_global_registry()
        try:
            self.build_registry(registry)
        except Exception:
            _logger.exception(
                "No extendable classes in the database %s", self.env.cr.dbname
            )

    @api.model
    def _init_global_registry(self) -> AddonsRegistry:
        """Create a registry and use it for the database."""
        registry = AddonsRegistry()
        self._set_global_registry(registry)
        return registry

    @api.model
    def _set_global_registry(self, registry: ExtendableClassesRegistry | None) -> None:
        """Use a registry for the database.

        An override drops what was made from the classes of the former registry.

        :param registry: None removes the registry, as before ``_register_hook``
        """
        if registry is None:
            _extendable_registries_database.pop(self.env.cr.dbname, None)
        else:
            _extendable_registries_database[self.env.cr.dbname] = registry

    @api.model
    @api.private
    def build_registry(
        self,
        registry: AddonsRegistry,
        states: tuple[str, ...] | None = None,
        exclude_addons: tuple[str, ...] | None = None,
    ) -> None:
        """Build the classes of the installed addons, in the order of the module graph.

        A class that can't be built is logged, see ``classes``.

        :param registry: takes the classes
        :param states: states of modules that count as installed
        :param exclude_addons: technical names of addons to leave out
        """
        registry.init_addons(self._get_addons(states, exclude_addons))

    @api.model
    def _get_addons(self, states=None, exclude_addons=None) -> list[str]:
        """Return the names of the installed addons, dependencies first."""
        self.env.cr.execute(
            "SELECT name FROM ir_module_module WHERE state IN %s",
            [tuple(states or STATES)],
        )
        names = [name for (name,) in self.env.cr.fetchall()]
        graph = ModuleGraph(self.env.cr)
        graph.extend(["base"])
        graph.extend([name for name in names if name != "base"])
        excluded = set(exclude_addons or ())
        return [module.name for module in graph if module.name not in excluded]
