# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepares the routes of an app, so that requests have less to do.

*Dependency overrides* are put into the dependency trees of the routes, once, see
``route``. FastAPI would read the signatures of the overridden dependencies on every
request (``fastapi.dependencies.utils.solve_dependencies``), and would document the
original dependencies.

Apps may share routes without including them (``FastAPI(routes=router.routes)``). Each
app gets copies of those that are not its own.
"""

from __future__ import annotations

import threading
from copy import copy
from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING, Any

from fastapi import routing
from fastapi.dependencies import models as dependency_models
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import Match

from .lazy_routes import LazyRoute, LazyRouter, SharedRouters, is_untouched
from .route import PreparedRoute, copy_route, override_dependencies
from .route_apps import is_wrapped
from .route_index import RouteIndex, get_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import APIRouter, FastAPI
    from fastapi.dependencies.models import Dependant
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    Call = Callable[..., Any]
    Overrides = dict[Call, Call]

__all__ = ["AppRoutes", "forget_callables", "get_allowed_methods"]

#: Attribute of routes: the app whose overrides FastAPI would apply. Only this package
#: sets it on those for WebSockets.
_PROVIDER = "dependency_overrides_provider"

#: Held while overrides are put into guards of files, which apps share.
_frontends_lock = threading.Lock()


def forget_callables() -> None:
    """Clear FastAPI's caches of callables after an app has ended.

    They keep the last 4096 callables (``fastapi.dependencies.models``). A bound method
    among them would keep a registry of Odoo alive.
    """
    dependency_models._is_gen_callable_cached.cache_clear()
    dependency_models._is_async_gen_callable_cached.cache_clear()
    dependency_models._is_coroutine_callable_cached.cache_clear()


def get_allowed_methods(app: Starlette, scope: Scope) -> set[str]:
    """Return the methods that an app allows for the path of a request.

    Starlette's 405 response lists the methods of one route only.
    """
    methods: set[str] = set()
    for context in iter_route_contexts(app.routes):
        route = context._effective_route
        match, _child_scope = route.matches(scope)
        if match is not Match.NONE:
            methods.update(getattr(route, "methods", None) or ())
    return methods


class AppRoutes:
    """The routes of an app. They follow changes of its ``dependency_overrides``.

    The routes of its routers are built on first use, see ``lazy_routes``. Routes of the
    app itself are prepared here, and so are those that other code has read before.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        #: Included routers of other apps.
        self.shared = SharedRouters()
        #: The overrides that are in the routes; None if they must be put in again.
        self._built: Overrides | None = None
        self._routes: dict[int, PreparedRoute] = {}
        #: What serves files, with its dependencies before the overrides.
        self._frontends: dict[int, tuple[Any, list[Dependant]]] = {}
        self._seen: list[BaseRoute] = []
        #: The routers with their versions, which change with their routes
        #: (``fastapi.routing.APIRouter._mark_routes_changed``).
        self._versions: list[tuple[APIRouter, int]] = []

    def is_current(self) -> bool:
        """Return whether the routes are those of the last :meth:`adopt`."""
        for router, version in self._versions:
            if router._routes_version != version:
                return False
        if self._app.dependency_overrides != self._built:
            return False
        # equal routes of Starlette may have other dependencies
        routes, seen = self._app.routes, self._seen
        return len(routes) == len(seen) and all(map(is_, routes, seen))

    def replace_routers(self) -> Overrides:
        """Replace included routers by those for the overrides of the app.

        To be called before any code of this package reads the routes.

        :return: the overrides, for :meth:`adopt`
        """
        # a copy, because other threads may be changing them
        overrides, routes = dict(self._app.dependency_overrides), self._app.routes
        has_changed = overrides != self._built
        seen = set(map(id, self._seen))
        for number, route in enumerate(routes):
            if is_untouched(route) or (
                isinstance(route, LazyRouter)
                and (has_changed or id(route) not in seen)  # of another app
            ):
                routes[number] = self.shared.get(route, overrides)
        return overrides

    def adopt(self, overrides: Overrides) -> None:
        """Prepare routes that are new, or that other code has changed.

        :param overrides: result of :meth:`replace_routers`
        """
        router = self._app.router
        versions = [(item, item._routes_version) for item in _iter_routers(router)]
        before = list(router.routes)
        seen = [_make_own(route, self._app) for route in before]
        routes = {}
        for context in iter_route_contexts(seen):
            route, original = context._effective_route, context.original_route
            if isinstance(route, LazyRoute):
                route.adopt()
            elif isinstance(original, APIRoute) or (
                isinstance(original, APIWebSocketRoute) and self._is_socket(route)
            ):
                known = self._routes.get(id(route))
                if known is None or not known.is_intact():
                    self._built = None
                    known = PreparedRoute(route, original, known)
                routes[id(route)] = known
        self._routes = routes
        with _frontends_lock:
            self._override_frontends(overrides)
        self._build(overrides)
        # only now, because other threads may be using the list
        for number, (old, new) in enumerate(zip(before, seen, strict=True)):
            if new is not old:
                router.routes[number] = new
        self._versions, self._seen = versions, seen

    def get_index(self) -> RouteIndex:
        """Return the index of the routes, for all apps with the same ones."""
        return get_index(self._seen, [version for _router, version in self._versions])

    def _is_socket(self, route: Any) -> bool:
        """Return whether to put overrides into a route for WebSockets.

        Those of a ``LazyRouter`` have them. FastAPI calls a wrapped ``app`` as it is.
        """
        return getattr(route, _PROVIDER, self._app) is self._app and (
            isinstance(route.app, PreparedRoute) or not is_wrapped(route)
        )

    def _override_frontends(self, overrides: Overrides) -> None:
        """Put overrides into the dependencies of files (``frontend`` of a router).

        FastAPI would apply them on each request, and does not know ``not_below``.
        """
        iter_routes = getattr(self._app.router, "_iter_low_priority_routes", list)
        known, self._frontends = self._frontends, {}
        for route in iter_routes():
            dependant = getattr(route, "dependant", None)
            is_api_route = isinstance(getattr(route, "original_route", route), APIRoute)
            if dependant is None or is_api_route:
                continue
            if id(route) in known:
                _route, originals = known[id(route)]
            elif getattr(route, _PROVIDER) is None:
                continue  # of a router that several apps share, which has the overrides
            else:
                originals = dependant.dependencies
            self._frontends[id(route)] = route, originals
            result = copy(dependant)
            result.dependencies = override_dependencies(originals, overrides)
            route.dependant = result
            setattr(route, _PROVIDER, None)

    def _build(self, overrides: Overrides) -> None:
        """Put overrides into the routes, if they have changed."""
        if overrides != self._built:
            for route in list(self._routes.values()):
                route.build(overrides)
            self._built = overrides
            self._app.openapi_schema = None


def _make_own(route: Any, app: FastAPI) -> Any:
    """Return a route that only one app changes, a copy if other apps may have it."""
    if type(route) is routing._IncludedRouter:
        context = route.include_context
        if context.dependency_overrides_provider is app:
            return route
        result = copy(route)
        result.include_context = replace(context, dependency_overrides_provider=app)
        result._effective_candidates = [
            _make_own(candidate, app) for candidate in route._effective_candidates
        ]
        return result
    socket = getattr(route, "starlette_route", None)
    if isinstance(socket, APIWebSocketRoute):
        result = copy(route)
        result.starlette_route = copy_route(socket, app)
        return result
    if (
        isinstance(
            getattr(route, "original_route", route), APIRoute | APIWebSocketRoute
        )
        and getattr(route, _PROVIDER, None) is not app
    ):
        return copy_route(route, app)
    return route


def _iter_routers(router: APIRouter) -> Iterator[APIRouter]:
    """Yield a router and the routers that it includes."""
    yield router
    for route in router.routes:
        if isinstance(route, routing._IncludedRouter):
            yield from _iter_routers(route.original_router)
