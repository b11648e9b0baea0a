# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes of an app, with all that can be settled before a request.

*Dependency overrides.* As soon as ``app.dependency_overrides`` holds anything, FastAPI
reads the signature of every dependency again on every request
(``fastapi.dependencies.utils``: ``solve_dependencies`` calls ``get_dependant`` for
each), and its documentation shows the dependencies that were replaced instead of those
that are asked for. Here the overrides are put into the routes' dependency trees once.
The handlers of these routes don't look at ``app.dependency_overrides``; any other route
works as FastAPI has it.

*Sync callables* are called in place, see ``callables``. *Background tasks* are put
aside when a handler returns, see ``tasks``.

The trees belong to the app: FastAPI makes one for each place a route is included in.
Routers, which apps and databases share, are not touched.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from copy import copy
from typing import TYPE_CHECKING, Any

from fastapi import routing
from fastapi.dependencies import models as dependency_models
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match

from .callables import inline, is_async_generator, is_generator
from .error_log import source_of
from .tasks import defer
from .wrapped import unwrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import APIRouter, FastAPI
    from fastapi.dependencies.models import Dependant
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    Call = Callable[..., Any]

__all__ = ["AppRoutes", "forget_callables", "get_allowed_methods"]

#: Name under which a handler of ours gets background tasks that it has not asked for.
_TASKS_PARAM = "odoo_fastapi_tasks"


def forget_callables() -> None:
    """Have FastAPI forget the callables of apps that are gone.

    It remembers the last 4096 that it has looked at, to know whether they are
    generators or coroutine functions (``fastapi.dependencies.models``). A bound method
    among them keeps a whole registry of Odoo. What is forgotten too soon, FastAPI looks
    at again.
    """
    dependency_models._is_gen_callable_cached.cache_clear()
    dependency_models._is_async_gen_callable_cached.cache_clear()
    dependency_models._is_coroutine_callable_cached.cache_clear()


def get_allowed_methods(app: Starlette, scope: Scope) -> set[str]:
    """Return the methods that the routes of an app have for the path of a request.

    Starlette knows those of the first route only when it refuses a method.
    """
    methods: set[str] = set()
    for context in iter_route_contexts(app.routes):
        route = context._effective_route
        match, _child_scope = route.matches(scope)
        if match is not Match.NONE:
            methods.update(getattr(route, "methods", None) or ())
    return methods


#: Scope of the request whose handler runs.
_scope: ContextVar[Scope | None] = ContextVar("_scope", default=None)


class AppRoutes:
    """The routes of an app, kept in step with its ``dependency_overrides``.

    Overrides that are set later are put into the routes by the next request.

    :param app: not shared with anybody
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._inline: dict[Call, Call] = {}
        #: The overrides that are in the routes; None if some route is without.
        self._built: dict[Call, Call] | None = None
        self._routes: dict[int, _Route] = {}
        self._seen: list[BaseRoute] = []
        #: The routers with their versions, numbers that FastAPI raises when routes are
        #: added (``fastapi.routing.APIRouter._mark_routes_changed``).
        self._versions: list[tuple[APIRouter, int]] = []
        self.adopt()

    def is_current(self) -> bool:
        """Return whether no route has come or gone since :meth:`adopt`."""
        for router, version in self._versions:
            if router._routes_version != version:
                return False
        return self._app.router.routes == self._seen

    def adopt(self) -> None:
        """Prepare what has come to the app, or was made again by others."""
        router = self._app.router
        versions = [(item, item._routes_version) for item in _iter_routers(router)]
        seen = list(router.routes)
        routes = {}
        for context in iter_route_contexts(seen):
            if isinstance(context.original_route, APIRoute):
                route = context._effective_route
                known = self._routes.get(id(route))
                if known is None or not known.is_intact():
                    self._built = None  # to be put into this one, too
                    known = _Route(self, route, context.original_route, known)
                routes[id(route)] = known
        self._routes = routes
        self.build()
        self._versions, self._seen = versions, seen

    def build(self) -> None:
        """Put the app's overrides into the routes, if they have changed."""
        if self._app.dependency_overrides != self._built:
            built = dict(self._app.dependency_overrides)
            for route in list(self._routes.values()):
                route.build(built)
            self._built = built
            self._app.openapi_schema = None

    def inline(self, call: Call) -> Call:
        """Return the one replacement of a callable in this app.

        FastAPI knows by the callable which results a request has already.
        """
        replacement = self._inline.get(call)
        if replacement is None:
            replacement = self._inline.setdefault(call, inline(call))
        return replacement


class _Route:
    """One route at its place in an app.

    :param owner: the routes of the app
    :param route: what holds tree and handler: the route, or its place in the app
    :param original: the route itself, which other apps may have too
    :param before: what this one replaces, as other code has changed the route
    """

    def __init__(
        self, owner: AppRoutes, route: Any, original: APIRoute, before: _Route | None
    ) -> None:
        self._owner = owner
        self._route = route
        #: What the documentation is made of.
        self._documented: Dependant = route.dependant
        self._originals = [
            before.get_original(dependant) if before else dependant
            for dependant in route.dependant.dependencies
        ]
        #: What a request goes through.
        self._dependant = route.dependant = copy(route.dependant)
        self._dependant.call = self._wrap_handler(self._dependant)
        _name_source(self._dependant.call, self._documented.call)
        self._app = _handler_app(route, original)
        route.dependant = self._documented
        route.app = self

    def is_intact(self) -> bool:
        """Return whether the route is as :meth:`build` has left it."""
        route = self._route
        return (
            route.app is self
            and route.dependant is self._documented
            and len(self._documented.dependencies) == len(self._originals)
        )

    def get_original(self, dependant: Dependant) -> Dependant:
        """Return what :meth:`build` made a dependant of, or one that is not ours."""
        for built, original in zip(
            self._documented.dependencies, self._originals, strict=False
        ):
            if built is dependant:
                return original
        return dependant

    def build(self, overrides: dict[Call, Call]) -> None:
        # new lists: a request of another thread may be in the middle of the old one
        documented = [
            self._build_dependant(dependant, overrides) for dependant in self._originals
        ]
        self._documented.dependencies = documented
        self._dependant.dependencies = _without_repetition(
            [dependant for dependant in documented if not _only_documents(dependant)],
            set(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._owner.build()
        token = _scope.set(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            _scope.reset(token)

    def _build_dependant(
        self, dependant: Dependant, overrides: dict[Call, Call]
    ) -> Dependant:
        """Return a copy of a tree in which callables are overridden and in place.

        As ``solve_dependencies`` does it, the dependencies of an override are
        overridden in turn. Unlike there, two dependencies with the same override are
        called once. An override may have an attribute ``not_below`` that lists
        dependencies it depends on itself. Below these it does not apply.
        """
        call = overrides.get(dependant.call)
        overrides = {
            dependency: override
            for dependency, override in overrides.items()
            if dependant.call not in getattr(override, "not_below", ())
        }
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
        result.call = self._owner.inline(result.call)
        result.dependencies = [
            self._build_dependant(sub, overrides) for sub in result.dependencies
        ]
        return result

    def _wrap_handler(self, dependant: Dependant) -> Call:
        """Return the handler, called in place and relieved of its background tasks."""
        name = dependant.background_tasks_param_name
        if name is None:
            # a dependency may ask for them, or an override of one
            dependant.background_tasks_param_name = _TASKS_PARAM

        def take(values: dict[str, Any]) -> Any:
            return values.pop(_TASKS_PARAM) if name is None else values[name]

        def finish(result: Any, injected: Any) -> None:
            scope = _scope.get()
            if scope is not None:
                context = defer(scope, result, injected)
                if context is not None:
                    context.run(_scope.set, None)  # it would keep the scope

        original = dependant.call
        if is_async_generator(original):

            async def async_generator(**values: Any) -> AsyncIterator[Any]:
                injected = take(values)
                generator = original(**values)
                try:
                    async for item in generator:
                        yield item
                finally:
                    await generator.aclose()
                finish(None, injected)

            return async_generator
        if is_generator(original):

            def sync_generator(**values: Any) -> Iterator[Any]:
                injected = take(values)
                yield from original(**values)
                finish(None, injected)

            return sync_generator

        call = inline(original)

        async def handler(**values: Any) -> Any:
            injected = take(values)
            result = await call(**values)
            finish(result, injected)
            return result

        return handler


def _iter_routers(router: APIRouter) -> Iterator[APIRouter]:
    """Yield a router and those that are included below it, alive."""
    yield router
    for route in router.routes:
        if isinstance(route, routing._IncludedRouter):
            yield from _iter_routers(route.original_router)


def _only_documents(dependant: Dependant) -> bool:
    """Return whether a dependency of the app or router does nothing on a request."""
    return dependant.name is None and getattr(dependant.call, "documents_only", False)


def _without_repetition(dependants: list[Dependant], seen: set[Any]) -> list[Dependant]:
    """Return the trees with nothing below a dependency that was there before.

    FastAPI solves all that is below a dependency before it looks whether it has the
    result already. Without it, nothing is lost where the result is sure to be there.

    :param seen: what is there before, as FastAPI tells results apart. Below OAuth2
        scopes it does so by all that is below the dependency too, so nothing is left
        out there.
    """
    result = []
    for dependant in dependants:
        scopes = dependant.parent_oauth_scopes or dependant.own_oauth_scopes
        key = (dependant.call, dependant.scope)
        if not scopes and key in seen and _can_be_repeated(dependant):
            leaf = type(dependant)(
                call=dependant.call,
                name=dependant.name,
                path=dependant.path,
                use_cache=dependant.use_cache,
                scope=dependant.scope,
            )
        else:
            leaf = copy(dependant)
            leaf.dependencies = _without_repetition(dependant.dependencies, seen)
            if not scopes:
                seen.add(key)
        result.append(leaf)
    return result


def _can_be_repeated(dependant: Dependant) -> bool:
    """Return whether FastAPI has the result once it has solved the dependency.

    It has none after a wrong value of the request, which needs a parameter.
    """
    return (
        dependant.use_cache
        and not dependant.path_params
        and not dependant.query_params
        and not dependant.header_params
        and not dependant.cookie_params
        and not dependant.body_params
        and not is_generator(dependant.call)
        and not is_async_generator(dependant.call)
        and all(map(_can_be_repeated, dependant.dependencies))
    )


def _handler_app(route: Any, original: APIRoute) -> ASGIApp:
    """Return the app of a route anew, after its handler was replaced.

    FastAPI has looked at the handler when it made the app (is it a coroutine?). Here
    the app is made as in ``fastapi.routing._EffectiveRouteContext.from_api_route``, so
    that a route class may have a ``get_route_handler`` of its own. It ignores the app's
    overrides, which are in the dependency tree already.
    """
    token = routing._effective_route_context_var.set(
        None if route is original else route
    )
    provider, route.dependency_overrides_provider = (
        route.dependency_overrides_provider,
        None,
    )
    try:
        app = routing.request_response(_unwrapping(original.get_route_handler()))
    finally:
        route.dependency_overrides_provider = provider
        routing._effective_route_context_var.reset(token)
    limit = getattr(route, "max_body_size", None)
    return app if limit is None else routing.wrap_app_with_body_limit(app, limit)


def _name_source(replacement: Call, original: Call) -> None:
    """Let FastAPI name the developer's handler in its errors, instead of ours.

    It looks where a function is written, and keeps that by the function's id
    (``fastapi.routing._extract_endpoint_context``).
    """
    source = source_of(original)
    if source:
        cache = routing._endpoint_context_cache
        cache[id(replacement)] = source
        weakref.finalize(replacement, cache.pop, id(replacement), None).atexit = False


def _unwrapping(handle: Call) -> Call:
    """Return the handler of a route, raising what a library has wrapped.

    Here, so that everything outside (exception handlers, middleware) sees the
    exception by its own type.
    """

    async def unwrapping(request: Request) -> Response:
        try:
            return await handle(request)
        except Exception as exc:
            original = unwrap(exc)
            if original is exc:
                raise
        raise original  # outside, or the wrapping would become its context

    return unwrapping
