# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepares one route of an app.

*Dependency overrides* are put into its dependency tree, see ``routes``. The tree is
used by the ASGI app of the route, see ``route_apps``.

FastAPI makes a dependency tree for each place where a router is included. Only these
trees are changed, because other apps and databases may share the routers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIWebSocketRoute

from .route_apps import RouteApps, WebSocketApps, is_wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.dependencies.models import Dependant
    from fastapi.routing import APIRoute
    from starlette.types import Receive, Scope, Send

    Call = Callable[..., Any]

__all__ = [
    "PreparedRoute",
    "copy_route",
    "override_dependencies",
    "warn_of_wrapper",
]

_logger = logging.getLogger(__name__)

#: Key of the ASGI scope: what FastAPI records of the request for OpenTelemetry.
_TELEMETRY_KEY = "fastapi.telemetry"


class PreparedRoute:
    """A route of an app, at one place. It serves requests when :meth:`build` is over.

    :param route: the route, or FastAPI's object for its place in the app
    :param original: the route itself, which other apps may share
    :param before: the previous object for the route, if other code has changed it
    """

    def __init__(
        self,
        route: Any,
        original: APIRoute | APIWebSocketRoute,
        before: PreparedRoute | None,
    ) -> None:
        warn_of_wrapper(route)
        self._route, self._original = route, original
        #: The dependency tree, with overrides. The documentation shows it.
        self._dependant: Dependant = route.dependant
        self._originals: list[Dependant] = (
            before.get_originals(route.dependant)
            if before
            else list(route.dependant.dependencies)
        )
        #: Copies of them with overrides, as :meth:`build` has put them into the tree.
        self._built: list[Dependant] = []
        self._lock = threading.RLock()

    def is_intact(self) -> bool:
        """Return whether no other code has changed the route."""
        route = self._route
        return (
            route.app is self
            and route.dependant is self._dependant
            and self._dependant.dependencies == self._built
        )

    def get_originals(self, dependant: Dependant) -> list[Dependant]:
        """Return the dependencies in a tree, the originals of those that are copies."""
        with self._lock:
            pairs = zip(self._built, self._originals, strict=False)
            originals = {id(built): original for built, original in pairs}
            return [originals.get(id(item), item) for item in dependant.dependencies]

    def build(self, overrides: dict[Call, Call]) -> None:
        """Put overrides into the dependency tree."""
        with self._lock:
            self._build(overrides)

    def _build(self, overrides: dict[Call, Call]) -> None:
        self._overrides = overrides
        # new objects: other threads may be using the old ones
        built = override_dependencies(self._originals, overrides)
        dependant = copy(self._dependant)
        dependant.dependencies = built.copy()
        self._apps = self._make_apps(dependant)
        # only now: requests that find no difference use the apps
        self._dependant.dependencies = built.copy()
        self._built = built
        self._route.app = self

    def _make_apps(self, dependant: Dependant) -> RouteApps | WebSocketApps:
        if isinstance(self._original, APIWebSocketRoute):
            return WebSocketApps(self._route, dependant)
        return RouteApps(self._route, self._original, dependant)

    def _follow(self) -> None:
        """Build the route again if other code has changed its dependencies."""
        with self._lock:
            if self._dependant.dependencies != self._built:
                self._originals = self.get_originals(self._dependant)
                self._build(self._overrides)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # FastAPI reads the list in each request, so a guard may be added at any time;
        # this takes 60 ns
        if self._dependant.dependencies != self._built:
            self._follow()
        apps = self._apps
        app = apps.planned if scope.get(_TELEMETRY_KEY) is None else apps.unplanned
        await app(scope, receive, send)


def copy_route(route: Any, provider: Any) -> Any:
    """Return a copy of a route, whose dependency tree only one app changes.

    :param provider: the app, whose overrides FastAPI applies
    """
    result = copy(route)
    result.dependency_overrides_provider = provider
    result.dependant = copy(route.dependant)
    if isinstance(route.app, PreparedRoute):  # of another app
        result.dependant.dependencies = route.app.get_originals(route.dependant)
    return result


def override_dependencies(
    dependencies: list[Dependant], overrides: dict[Call, Call]
) -> list[Dependant]:
    """Return copies of dependencies, and of all that they depend on, with overrides."""
    # the cache of dependencies needs a hash, but FastAPI's overrides need none
    overrides = {
        dependency: call if isinstance(call, Hashable) else partial(call)
        for dependency, call in overrides.items()
    }
    return [_override(dependant, overrides) for dependant in dependencies]


def _override(dependant: Dependant, overrides: dict[Call, Call]) -> Dependant:
    """Return a copy of a dependency tree with overrides.

    As in ``solve_dependencies``, dependencies of an override are overridden too. Unlike
    there, an override of two dependencies is called only once. An override may have an
    attribute ``not_below``: dependencies below which it does not apply, because it
    depends on them itself.
    """
    original: Any = dependant.call
    call = overrides.get(original)
    overrides = {
        dependency: override
        for dependency, override in overrides.items()
        if original not in getattr(override, "not_below", ())
    }
    if call is None:
        result = copy(dependant)
    else:
        result = get_dependant(
            path=dependant.path or "",
            call=call,
            name=dependant.name,
            own_oauth_scopes=dependant.own_oauth_scopes,
            parent_oauth_scopes=dependant.parent_oauth_scopes,
            use_cache=dependant.use_cache,
            scope=dependant.scope,
        )
        if hasattr(dependant, "concurrency"):
            result.concurrency = dependant.concurrency
    result.dependencies = [_override(sub, overrides) for sub in result.dependencies]
    return result


def warn_of_wrapper(route: Any) -> None:
    """Log that something around a route, a guard perhaps, is not called.

    As in a router that an app includes: FastAPI then makes the app of a route again.
    """
    if not isinstance(route.app, PreparedRoute) and is_wrapped(route):
        _logger.warning(
            "%s: the `app` of the route has been wrapped or replaced by %r. That is "
            "not called. Use a dependency, a middleware, or the get_route_handler of "
            "a route class.",
            route.path,
            route.app,
        )
