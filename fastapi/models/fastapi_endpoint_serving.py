# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``fastapi.endpoint``: from a path to the app that serves it, see ``serving``."""

from types import SimpleNamespace

from odoo import api, models, tools

from ..bridge import WsgiApp
from ..built_apps import BuiltApps
from ..mounts import MountTable
from ..serving import Serving, close_apps_of_old_registries
from ..watch import open_connections
from .fastapi_endpoint import new_version

# a registry without this model calls no hook of it
open_connections.on_uninstall = close_apps_of_old_registries


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    @api.private
    def get_app(self, path: str) -> WsgiApp | None:
        """Return the WSGI app that serves a path, None if no endpoint does.

        Each process builds the app of an endpoint once.

        :raises AppBuildError: the app can't be built; the next call tries again
        """
        return Serving(self).get_app(path)

    @api.model
    @api.private
    def get_uid(self, path: str) -> int | None:
        """Return the id of the user of the endpoint that serves a path.

        After ``get_app``, this is the user the returned app was built for, even if the
        endpoint is changed concurrently.
        """
        return Serving(self).get_uid(path)

    @api.model
    def _get_endpoint(self, path: str) -> "FastapiEndpoint":
        """Return the endpoint that serves a path, or an empty recordset."""
        mount = self._get_mounts().find(path)
        return self.browse(mount.endpoint_id if mount else ())

    @api.model
    def _get_mounts(self) -> MountTable:
        """Return where the active endpoints are mounted."""
        return Serving(self).get_mounts()

    @api.model
    @tools.ormcache(cache="routing")
    def _get_mount_cache(self) -> SimpleNamespace:
        # not the table itself: a thread with an old snapshot of the database could put
        # an outdated table into the cache after a commit has cleared it
        return SimpleNamespace(table=None)

    @api.model
    def _get_built_apps(self) -> BuiltApps:
        """Return the apps that this process has built for the database."""
        return Serving(self).get_built_apps()

    def _register_hook(self):
        result = super()._register_hook()
        close_apps_of_old_registries()
        return result

    def _reset_app(self):
        """Rebuild the apps of these endpoints, or of all if ``self`` is empty.

        Call this if an app depends on more than fields of its endpoint.
        """
        # pylint: disable-next=no-search-all  # all endpoints
        endpoints = self or self.with_context(active_test=False).sudo().search([])
        for endpoint in endpoints:
            endpoint.app_version = new_version()
        Serving(self).reset_mounts()

    def action_sync_registry(self):
        """Do nothing. An endpoint is served as soon as its transaction commits."""
        return True

    def _handle_registry_sync(self, record_ids=None):
        """Call ``_get_routing_info``, because overrides of it may expect that."""
        for endpoint in self.browse(record_ids or self.ids).exists():
            if endpoint.active:
                endpoint._get_routing_info()
