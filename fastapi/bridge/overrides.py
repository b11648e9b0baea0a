# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependency overrides, built into the routes of an app.

As soon as ``app.dependency_overrides`` holds anything, FastAPI reads the signature of
every dependency again on every request (``fastapi.dependencies.utils``:
``solve_dependencies`` calls ``get_dependant`` for each), and its documentation shows
the dependencies that were replaced instead of those that are asked for. Here the
overrides are put into the routes' dependency trees once. What FastAPI then finds in
``app.dependency_overrides`` looks empty to it, but only below a route whose tree is
known to be done: any other route works as FastAPI has it.

The trees belong to the app: FastAPI makes one for each place a route is included in.
Routers, which apps and databases share, are not touched.
"""

from __future__ import annotations

from contextvars import ContextVar
from copy import copy
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute, iter_route_contexts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["BuiltInRoutes"]

#: The overrides that are built into the route that runs.
_built_in: ContextVar[BuiltInOverrides | None] = ContextVar("_built_in", default=None)


class BuiltInOverrides(dict["Callable[..., Any]", "Callable[..., Any]"]):
    """``app.dependency_overrides`` of an app that has them in its routes.

    A dictionary like any other, but false below a route that needs none of it any
    more. What FastAPI asks on a request is whether it is true.
    """

    def __bool__(self) -> bool:
        return _built_in.get() is not self and len(self) > 0


class _RouteTree:
    """The dependency tree of one route, and the app that runs the route."""

    def __init__(self, owner: BuiltInRoutes, route: Any) -> None:
        self._owner = owner
        self._app: ASGIApp = route.app
        self._dependant: Dependant = route.dependant
        self._originals: list[Dependant] = list(route.dependant.dependencies)
        route.app = self

    def build(self, overrides: dict[Callable[..., Any], Callable[..., Any]]) -> None:
        # a new list: a request of another thread may be in the middle of the old one
        self._dependant.dependencies = [
            _override(dependant, overrides) for dependant in self._originals
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _built_in.set(self._owner.current())
        try:
            await self._app(scope, receive, send)
        finally:
            _built_in.reset(token)


class BuiltInRoutes:
    """The routes of an app, kept in step with its ``dependency_overrides``.

    Overrides that are set later are put into the routes by the next request.

    :param app: not shared with anybody; all its routes are there
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._trees = [_RouteTree(self, route) for route in _api_routes(app)]
        self._overrides: Any = None
        self._built: dict[Any, Any] | None = None
        self.current()

    def current(self) -> BuiltInOverrides:
        """Return the app's overrides, after building in what changed meanwhile."""
        overrides = self._app.dependency_overrides
        if overrides is not self._overrides or overrides != self._built:
            if not isinstance(overrides, BuiltInOverrides):
                overrides = BuiltInOverrides(overrides)
            built = dict(overrides)
            for tree in self._trees:
                tree.build(built)
            self._app.dependency_overrides = self._overrides = overrides
            self._built = built
            self._app.openapi_schema = None
        return overrides


def _api_routes(app: FastAPI) -> Iterator[Any]:
    """Yield the routes, or their places in the app: what holds tree and handler."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context._effective_route


def _override(
    dependant: Dependant, overrides: dict[Callable[..., Any], Callable[..., Any]]
) -> Dependant:
    """Return a copy of a tree in which every overridden callable is replaced.

    As ``solve_dependencies`` does it, the dependencies of an override are overridden
    in turn. Unlike there, two dependencies with the same override are called once.
    """
    call = overrides.get(dependant.call)
    if call is None:
        result = copy(dependant)
    else:
        result = get_dependant(
            path=dependant.path,
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
