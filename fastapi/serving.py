# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Serves the endpoints of a database: finds the endpoint of a path, builds its app.

The model ``fastapi.endpoint`` delegates to :class:`Serving`. From a path to its app::

    fastapi.endpoint.get_app(path)
    +-> Serving.get_app
        +-> Serving.get_mounts               endpoint of the path      (mounts)
        +-> Serving.get_built                converts errors for the client
            +-> BuiltApps.get                app, if already built     (built_apps)
                +-> Serving.build            environment, errors of the app
                    +-> _app_context         hook of the endpoint
                    +-> _get_app             hook: the FastAPI app     (models)
                    +-> prepare_middleware                             (app.prepare)
                    +-> Lifespan.start       if it has one: may add routes
                                                                       (bridge.lifespan)
                    +-> note_callers                                   (auth.overrides)
                    +-> prepare_app                                    (app.prepare)
                    +-> _check_app           hook: may refuse the app
                    +-> EndpointWsgiApp      what ``get_app`` returns
"""

from __future__ import annotations

import logging
import weakref
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import psycopg2
from psycopg2.errors import ReadOnlySqlTransaction
from werkzeug.datastructures import EnvironHeaders

from odoo.exceptions import ConcurrencyError
from odoo.modules.registry import Registry
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.sql_db import Cursor

from .app.lazy_routes import SharedRouters
from .app.lifespans import has_lifespan
from .app.prepare import prepare_app, prepare_middleware
from .app.routes import forget_callables
from .auth.overrides import find_ways, note_callers
from .bridge import Lifespan, WsgiApp
from .built_apps import HUNG_DELAY, BuiltApps
from .exceptions import AppBuildError, AppNotReadyError, StartTimeoutError
from .follow_up import leave_request
from .mounts import Mount, MountTable
from .watch import open_connections

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from odoo.models import BaseModel

    from .websockets import ConnectionLimits

__all__ = [
    "EndpointWsgiApp",
    "Serving",
    "close_apps_of_old_registries",
    "remember_mount",
]

_logger = logging.getLogger(__name__)

#: Attribute of Odoo's registry that holds its built apps.
_BUILT_APPS = "_fastapi_built_apps"
#: Attribute of Odoo's registry that holds the routers of these apps.
_SHARED_ROUTERS = "_fastapi_shared_routers"
#: The registries with built apps, by ``id``.
_registries: WeakValueDictionary[int, Registry] = WeakValueDictionary()

#: Key of ``cr.cache``: the path that the transaction serves, its mount, and the id of
#: the user of its app.
_SERVED = "fastapi.served"
#: Key of ``cr.postcommit.data``: whether the transaction has changed endpoints.
_RESET = "fastapi.routes_reset"


def remember_mount(cr: Any, path: str, mount: Mount) -> None:
    """Let the transaction serve a path by a mount that is known to be current.

    Finding a mount takes 0.7 % of the instructions of a small request.
    """
    cr.cache[_SERVED] = path, mount, mount.uid


class EndpointWsgiApp(WsgiApp):
    """The built app of an endpoint. ``uid`` is the id of the user it was built for."""

    def __init__(self, app: FastAPI, endpoint: Any, state: dict[str, Any]) -> None:
        super().__init__(app, endpoint.root_path, state, endpoint.name)
        self.uid: int = endpoint.user_id.id
        self.endpoint_id: int = endpoint.id
        self.version: str = endpoint.app_version
        #: Origins of other sites that may open WebSockets, and their limits.
        self.origins: frozenset[str] = endpoint._get_websocket_origins()
        self.limits: ConnectionLimits = endpoint._get_websocket_limits()
        self._ways = find_ways(app.dependency_overrides)

    def prepare_request(self, environ: dict[str, Any]) -> list[Callable[[], None]]:
        """Return functions to call before the app runs, while no transaction is open.

        :param environ: WSGI environ of the request
        """
        if not self._ways:
            return []
        headers: Any = EnvironHeaders(environ)
        functions = (way.prepare(headers) for way in self._ways)
        return list(filter(None, functions))


class Serving:
    """Serves the endpoints of a database.

    :param endpoints: ``fastapi.endpoint`` in the environment of a request
    """

    def __init__(self, endpoints: BaseModel) -> None:
        self._endpoints: Any = endpoints
        self._env = endpoints.env

    def get_mounts(self) -> MountTable:
        """Return where the active endpoints are mounted."""
        cache = self._endpoints._get_mount_cache()
        table: MountTable | None = cache.table
        sequence = self._env.registry.cache_sequences.get("routing", 0)
        if table is None or table.sequence < sequence:
            try:
                with self._env.cr.savepoint(flush=False):
                    table = self._read_mounts()
            except psycopg2.ProgrammingError:
                table = cache.table = self._read_unreadable()
                return table
            if self._env.cr.postcommit.data.get(_RESET):
                return table  # with changes that other transactions must not see yet
            cache.table = table
            mounts = table.by_root_path.values()
            self.get_built_apps().retain(mount.endpoint_id for mount in mounts)
        return table

    def _read_unreadable(self) -> MountTable:
        """Return a table without mounts: a column is missing, for example.

        Every request needs a table, also the one that upgrades the addon. The upgrade
        loads the registry again, and so drops this table.
        """
        cr = self._env.cr
        _logger.exception(
            "The endpoints of %s can't be read, and are not served. If their code is "
            "new, upgrade the addon in the database (-u).",
            cr.dbname,
        )
        _registry, sequences = self._env.registry.get_sequences(cr)
        cr.execute("SELECT root_path FROM fastapi_endpoint WHERE active")
        unreadable = [root_path for (root_path,) in cr.fetchall()]
        return MountTable([], sequences["routing"], unreadable=unreadable)

    def _read_mounts(self) -> MountTable:
        _registry, sequences = self._env.registry.get_sequences(self._env.cr)
        everything = self._endpoints.sudo().with_context(active_test=False).search([])
        endpoints = everything.filtered("active").with_context(active_test=True)
        mounts = []
        for endpoint in endpoints:
            try:
                routing = endpoint._get_routing_info()
            except psycopg2.Error:
                raise
            except Exception:  # of an override; serve the other endpoints
                _logger.exception("%s is not served: no routing info", endpoint)
                continue
            uid, version = endpoint.user_id.id, endpoint.app_version
            mounts.append(Mount(endpoint.id, endpoint.root_path, uid, version, routing))
        archived = (everything - endpoints).mapped("root_path")
        return MountTable(mounts, sequences["routing"], archived)

    def reset_mounts(self) -> None:
        """Reread the mounts: this process at once, the others after the commit."""
        registry, cr = self._env.registry, self._env.cr
        registry.clear_cache("routing")
        cr.cache.pop(_SERVED, None)
        if cr.postcommit.data.get(_RESET):
            return
        cr.postcommit.data[_RESET] = True

        def signal() -> None:
            # another thread may have cached the old rows since
            registry.clear_cache("routing")
            if registry.ready:
                registry.signal_changes()
            open_connections.check_soon()

        cr.postcommit.add(signal)
        cr.postrollback.add(partial(registry.clear_cache, "routing"))

    def get_uid(self, path: str) -> int | None:
        _mount, uid = self._find(path)
        return uid

    def _find(self, path: str) -> tuple[Mount | None, int | None]:
        """Return the mount of a path and the id of its user."""
        served: tuple[str, Mount, int] | None = self._env.cr.cache.get(_SERVED)
        if served and served[0] == path:
            return served[1:]
        mount = self.get_mounts().find(path)
        return mount, mount.uid if mount else None

    def get_app(self, path: str) -> EndpointWsgiApp | None:
        mount, _uid = self._find(path)
        if mount is None:
            return None
        build = partial(self._build_mounted, path, mount)
        app = self.get_built(mount.endpoint_id, mount.app_version, build)
        if app is not None:
            # for get_uid, because another thread may replace the table of mounts
            self._env.cr.cache[_SERVED] = path, mount, app.uid
        return app

    def _build_mounted(
        self, path: str, mount: Mount
    ) -> tuple[str, EndpointWsgiApp | None]:
        """Build the app of the endpoint that serves a path in this transaction.

        Odoo matches a request in one transaction and serves it in the next, so the
        mount may be outdated. Never mix values from two versions of the endpoint.

        :return: version and app; None as app if no endpoint serves the path any more
        """
        endpoint = self._endpoints.sudo().browse(mount.endpoint_id).exists()
        if endpoint.app_version != mount.app_version:
            auth = mount.routing["auth"]
            found = self._read_mounts().find(path)
            if found is None or found.routing["auth"] != auth:
                return "", None  # not served, or Odoo has checked another ``auth``
            endpoint = endpoint.browse(found.endpoint_id)
        return self.build(endpoint)

    def get_built(
        self,
        endpoint_id: int,
        version: str,
        build: Callable[[], tuple[str, EndpointWsgiApp | None]],
    ) -> EndpointWsgiApp | None:
        """Return the app of an endpoint, see :meth:`BuiltApps.get`.

        :raises AppBuildError: it can't be built, or is not ready
        """
        try:
            return self.get_built_apps().get(endpoint_id, version, build)
        except StartTimeoutError as err:
            raise self._make_error(endpoint_id, retry_after=HUNG_DELAY) from err
        except AppNotReadyError as err:
            error = self._make_error(endpoint_id, err.reason, err.retry_after)
            # the request that builds the app logs the cause
            error.loglevel, error.exc_info = logging.WARNING, None
            raise error from err

    def _make_error(self, endpoint_id: int, *args: Any, **kwargs: Any) -> AppBuildError:
        endpoint = self._endpoints.sudo().browse(endpoint_id)
        return AppBuildError(endpoint.name, endpoint.root_path, *args, **kwargs)

    def build(self, endpoint: Any) -> tuple[str, EndpointWsgiApp]:
        """Build the app in the endpoint user's environment, independent of the request.

        :param endpoint: a ``fastapi.endpoint``
        :return: the endpoint's version, and the app
        :raises AppBuildError: a hook or the startup of the lifespan has raised an
            error. Errors that Odoo replays are not converted: conflicts of transactions
            and writes on a replica.
        :raises StartTimeoutError: the lifespan has not started in time
        """
        error = self._make_error(endpoint.id)
        uid = endpoint.sudo().user_id.id
        endpoint = endpoint.with_env(self._env(user=uid, context={}, su=True))
        try:
            app = _build_app(endpoint)
            return endpoint.app_version, app
        except (
            ConcurrencyError,
            ReadOnlySqlTransaction,
            StartTimeoutError,
            *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY,
        ):
            raise
        except Exception as err:
            raise error from err

    def get_built_apps(self) -> BuiltApps[EndpointWsgiApp]:
        """Return the apps of the database that this process has built."""
        # An app may refer to the registry, for example by a bound method of a model. If
        # anything else held the apps, the registry would never be freed.
        registry = self._env.registry
        if _BUILT_APPS not in vars(registry):
            vars(registry).setdefault(_BUILT_APPS, BuiltApps())
            _registries[id(registry)] = registry
        apps: BuiltApps[EndpointWsgiApp] = vars(registry)[_BUILT_APPS]
        return apps


def _build_app(endpoint: Any) -> EndpointWsgiApp:
    with endpoint._app_context():
        app = endpoint._get_app()
        prepare_middleware(app)
        lifespan = Lifespan(app, endpoint.name) if has_lifespan(app) else None
        if lifespan is not None:
            # in tests, another thread would wait for the request's cursor
            inline = not isinstance(endpoint.env.cr, Cursor)
            copy_context().run(_start, lifespan, inline)
        try:
            note_callers(app.dependency_overrides)
            # including routes that the lifespan has added
            prepare_app(app, _get_shared_routers(endpoint))
            endpoint._check_app(app)
        except BaseException:
            if lifespan is not None:
                lifespan.stop()
            raise
    wsgi_app = EndpointWsgiApp(app, endpoint, lifespan.state if lifespan else {})
    # after the last request, but not at exit, when the lifespan stops by itself
    weakref.finalize(wsgi_app, _retire, lifespan).atexit = False
    return wsgi_app


def _get_shared_routers(endpoint: Any) -> SharedRouters:
    """Return the routers that apps of the database share."""
    # held by the registry, because the overrides of an app may refer to it
    attributes = vars(endpoint.env.registry)
    routers = attributes.setdefault(_SHARED_ROUTERS, WeakValueDictionary())
    # a route is built in the same context as the app, wherever it is used first
    variables = copy_context()
    variables.run(leave_request)
    return SharedRouters(routers, endpoint._get_sharing_key(), variables)


def _start(lifespan: Lifespan, inline: bool) -> None:
    """Start a lifespan without access to the request that triggers the build.

    The lifespan would keep that request and its environment alive.
    """
    leave_request()
    lifespan.start(inline)


def _retire(lifespan: Lifespan | None) -> None:
    """Stop an app that has served its last request."""
    if lifespan is not None:
        lifespan.stop_soon()
    forget_callables()


def close_apps_of_old_registries() -> None:
    """Stop the apps of registries that are no longer in use.

    The garbage collector can't: a running lifespan may refer to its registry.
    """
    current = set(map(id, Registry.registries.snapshot.values()))
    for registry in list(_registries.values()):
        if id(registry) not in current:
            vars(registry)[_BUILT_APPS].close()
