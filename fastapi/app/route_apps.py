# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes the ASGI app of a route: what calls its dependencies and its handler.

A plan calls them if that is possible, see ``dependency_plan`` and ``request_handler``.
Otherwise FastAPI does, but *sync callables* are called inline, see ``callables``, and
*background tasks* are deferred, see ``tasks``. For WebSockets, it always is FastAPI.
"""

from __future__ import annotations

import weakref
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import BackgroundTasks, Body, Request, Response, params, routing
from fastapi._compat import lenient_issubclass
from fastapi.dependencies import models as dependency_models
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.security.base import SecurityBase
from fastapi.sse import EventSourceResponse

from .callables import inline
from .dependency_plan import NO_BODY, make_plan
from .error_log import source_of
from .request_handler import RequestHandler
from .results import make_converter
from .tasks import defer
from .wrapped import unwrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi.dependencies.models import Dependant
    from starlette.types import ASGIApp

    from .dependency_plan import DependencyPlan

    Call = Callable[..., Any]

__all__ = ["RouteApps", "WebSocketApps", "is_wrapped", "only_documents"]

#: Parameters of handlers that don't ask for the request, or for background tasks.
_REQUEST_PARAM = "odoo_fastapi_request"
_TASKS_PARAM = "odoo_fastapi_tasks"


class RouteApps:
    """The ASGI apps of a route with its current overrides.

    The first request that needs one makes it.

    A dependency of the app, a router or a route may have a true attribute
    ``runs_last``. It is called after all others, also those of the handler's
    parameters, so it knows who calls. If there are several, that of the route comes
    before that of the router, and that of the app is the last one.

    :param route: the route, or FastAPI's object for its place in the app
    :param original: the route itself
    :param dependant: the handler with its dependency tree
    """

    def __init__(self, route: Any, original: APIRoute, dependant: Dependant) -> None:
        self._route, self._original = route, original
        self._dependant = dependant
        dependencies = [
            item for item in dependant.dependencies if not only_documents(item)
        ]
        late = [item for item in dependencies if _runs_last(item)]
        early = [item for item in dependencies if not _runs_last(item)]
        dependant.dependencies = [*early, *reversed(late)]
        self._convert = make_converter(route.response_field)
        #: Whether FastAPI iterates over the result of a function, without awaiting it.
        self._has_events = lenient_issubclass(route.response_class, EventSourceResponse)
        #: Whether the class of the route may change requests and responses.
        self._has_own_class = (
            type(original).get_route_handler is not APIRoute.get_route_handler
        )

    @cached_property
    def planned(self) -> ASGIApp:
        """The app whose dependencies are called by a plan, if that is possible.

        Streams need invalid parameters before the handler is called.
        """
        dependant, route = self._dependant, self._route
        is_stream = (
            dependency_models._is_gen_callable(dependant.call)
            or dependency_models._is_async_gen_callable(dependant.call)
            or self._has_events
        )
        plan = None if is_stream else make_plan(dependant, route._embed_body_fields)
        if plan is None:
            return self.unplanned
        body_field = route.body_field
        is_form = body_field and isinstance(body_field.field_info, params.Form)
        if is_form or self._has_own_class:
            if not dependant.dependencies:
                return self.unplanned
            return self._make_planned(plan, is_form)
        return self._wrap(RequestHandler(route, plan, self._finish))

    def _make_planned(self, plan: DependencyPlan, is_form: bool) -> ASGIApp:
        """Return an app whose handler is called by FastAPI, and calls the plan.

        FastAPI parses the body, and calls a handler without dependencies, which does
        the rest.
        """
        dependant, body_field = self._dependant, self._route.body_field

        async def handler(
            request: Request,
            response: Response,
            tasks: BackgroundTasks,
            body: Any = _NoBody,
        ) -> Any:
            if is_form:
                body = await request.form()  # FastAPI has parsed it
            elif body is _NoBody:
                body = NO_BODY
            result, errors = await plan.run(request, response, tasks, body)
            if errors:
                raise RequestValidationError(
                    errors,
                    body=None if body is NO_BODY else body,
                    endpoint_ctx=routing._extract_endpoint_context(handler),
                )
            return self._finish(request, result, tasks)

        bare = copy(_BARE)
        bare.call, bare.path = handler, dependant.path
        if body_field is None or is_form:
            bare.body_params = []
        return self._make_app(bare, embed_body_fields=False)

    @cached_property
    def unplanned(self) -> ASGIApp:
        """The app whose dependencies FastAPI calls."""
        dependant = _inline_tree(self._dependant, {})
        self._replace_handler(dependant)
        return self._make_app(dependant, self._route._embed_body_fields)

    def _replace_handler(self, dependant: Dependant) -> None:
        """Replace a handler by one that is called inline and defers background tasks.

        It gets parameters for the request and the tasks.
        """
        request_name = dependant.request_param_name
        tasks_name = dependant.background_tasks_param_name
        dependant.request_param_name = request_name or _REQUEST_PARAM
        # also without a parameter of its own: dependencies may add tasks
        dependant.background_tasks_param_name = tasks_name or _TASKS_PARAM

        def take(values: dict[str, Any]) -> tuple[Any, Any]:
            return (
                values[request_name] if request_name else values.pop(_REQUEST_PARAM),
                values[tasks_name] if tasks_name else values.pop(_TASKS_PARAM),
            )

        original: Any = dependant.call
        if dependency_models._is_async_gen_callable(original):

            async def async_generator(**values: Any) -> AsyncIterator[Any]:
                request, tasks = take(values)
                generator = original(**values)
                try:
                    async for item in generator:
                        yield item
                finally:
                    await generator.aclose()
                self._finish(request, None, tasks)

            dependant.call = async_generator
        elif dependency_models._is_gen_callable(original):

            def sync_generator(**values: Any) -> Iterator[Any]:
                request, tasks = take(values)
                yield from original(**values)
                self._finish(request, None, tasks)

            dependant.call = sync_generator
        elif self._has_events:

            def iterable(**values: Any) -> Iterator[Any]:
                request, tasks = take(values)
                items = original(**values)

                def iterate() -> Iterator[Any]:
                    yield from items
                    self._finish(request, None, tasks)

                return iterate()

            dependant.call = iterable
        else:
            call = inline(original)

            async def handler(**values: Any) -> Any:
                request, tasks = take(values)
                return self._finish(request, await call(**values), tasks)

            dependant.call = handler

    def _finish(
        self, request: Request, result: Any, tasks: BackgroundTasks | None
    ) -> Any:
        """Take over what a handler leaves, and return its result for FastAPI."""
        if self._convert is not None:
            result = self._convert(result, request.scope)
        return defer(request.scope, result, tasks)

    def _make_app(self, dependant: Dependant, embed_body_fields: bool) -> ASGIApp:
        """Return the ASGI app of the route, with another handler.

        It is made as in ``fastapi.routing._EffectiveRouteContext.from_api_route``, so
        that a route class may override ``get_route_handler``, and read the dependency
        tree of the route there. The app ignores overrides, which are already in the
        tree.
        """
        assert dependant.call is not None and self._dependant.call is not None
        _name_source(dependant.call, self._dependant.call)
        route = copy(self._route)
        route.dependant = dependant
        route.dependency_overrides_provider = None
        route._embed_body_fields = embed_body_fields
        route.original_route = self._original
        token = routing._effective_route_context_var.set(route)
        try:
            handle = self._original.get_route_handler()
        finally:
            routing._effective_route_context_var.reset(token)
        return self._wrap(_deferring(handle) if self._has_own_class else handle)

    def _wrap(self, handle: Call) -> ASGIApp:
        """Return the ASGI app of a function that returns the response to a request."""
        return _add_limit(routing.request_response(_unwrapping(handle)), self._route)


class WebSocketApps:
    """The ASGI app of a WebSocket route: FastAPI calls the dependencies in its tree.

    FastAPI would apply overrides, too, but does not know where they don't apply.
    """

    def __init__(self, route: APIWebSocketRoute, dependant: Dependant) -> None:
        handle = routing.get_websocket_app(
            dependant, embed_body_fields=route._embed_body_fields
        )
        self.planned = self.unplanned = routing.websocket_session(handle)


def is_wrapped(route: Any) -> bool:
    """Return whether the app of a route is another one than FastAPI makes."""
    bare: Any = _bare
    if isinstance(route, APIWebSocketRoute):
        usual = routing.websocket_session(bare)
    else:
        usual = _add_limit(routing.request_response(_unwrapping(bare)), route)
    return _get_kinds(route.app) != _get_kinds(usual)


def _add_limit(app: ASGIApp, route: Any) -> ASGIApp:
    """Add the limit of a route for bodies, which older versions of FastAPI don't have.

    As in ``fastapi.routing.APIRoute``.
    """
    limit = getattr(route, "max_body_size", None)
    wrap: Any = getattr(routing, "wrap_app_with_body_limit", None)
    return app if limit is None else wrap(app, limit)


def _get_kinds(app: Any) -> list[Any]:
    """Return the type of an app, or the code of a function, and those inside of it."""
    kinds = []
    while app is not None:
        kinds.append(getattr(app, "__code__", type(app)))
        app = getattr(app, "app", None)
    return kinds


class _NoBody:
    """The default of a body. FastAPI copies defaults, but not classes."""


async def _bare(
    request: Request,
    response: Response,
    tasks: BackgroundTasks,
    body: Annotated[Any, Body()] = _NoBody,
) -> None:
    """Not called: only its parameters are used, those of a handler with a plan."""


_BARE = get_dependant(path="", call=_bare)


def _inline_tree(dependant: Dependant, known: dict[Call, Call]) -> Dependant:
    """Return a copy of a dependency tree, with inline dependencies.

    :param known: the replacements. FastAPI caches results by their callable, so a
        repeated dependency must get the same one.
    """
    result = copy(dependant)
    result.dependencies = []
    for dependency in dependant.dependencies:
        tree = _inline_tree(dependency, known)
        call: Any = dependency.call
        if not isinstance(call, SecurityBase):  # FastAPI needs its type
            tree.call = known[call] = known.get(call) or inline(call)
        result.dependencies.append(tree)
    return result


def only_documents(dependant: Dependant) -> bool:
    """Return whether a dependency only documents a header or scheme.

    Requests skip those of an app or router. This saves an app with ``accept_language``
    10 % of its time (measured: 25 µs).
    """
    return dependant.name is None and getattr(dependant.call, "documents_only", False)


def _runs_last(dependant: Dependant) -> bool:
    return getattr(dependant.call, "runs_last", False)


def _name_source(replacement: Call, original: Call) -> None:
    """Make FastAPI's errors name the developer's handler, not its replacement.

    FastAPI caches the place of a function by its id
    (``fastapi.routing._extract_endpoint_context``).
    """
    source = source_of(original)
    if source:
        cache: dict[int, Any] = routing._endpoint_context_cache
        cache[id(replacement)] = source
        weakref.finalize(replacement, cache.pop, id(replacement), None).atexit = False


def _deferring(handle: Call) -> Call:
    """Return a handler that defers the background tasks of its response.

    The class of a route may add tasks to the response of FastAPI's handler.
    """

    async def deferring(request: Request) -> Any:
        response = await handle(request)
        tasks = getattr(response, "background", None)
        # a generator may still add tasks to those of its request
        injected = tasks if isinstance(tasks, BackgroundTasks) else None
        return defer(request.scope, response, injected)

    return deferring


def _unwrapping(handle: Call) -> Call:
    """Return a handler that raises exceptions without wrappers.

    So exception handlers and middleware see the original type.
    """

    async def unwrapping(request: Request) -> Response:
        try:
            return await handle(request)
        except Exception as exc:
            original = unwrap(exc)
            if original is exc:
                raise
        raise original  # after ``except``: its context must not be the wrapper

    return unwrapping
