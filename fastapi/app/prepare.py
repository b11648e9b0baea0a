# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prepares the FastAPI app of an endpoint, so that requests have less to do.

This puts dependency overrides into the routes, makes exception handlers record
exceptions for the bridge, and replaces the documentation pages. The OpenAPI document of
an :class:`EndpointFastAPI` is completed when it is made.

An app may still change after that. A hook may call ``app.openapi()`` and then add an
exception handler, a lifespan may add routes, or another addon may add routes to a
shared router. So an app can be prepared again, and each request checks the routes.
"""

from __future__ import annotations

import logging
import threading
from copy import copy
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.routing import APIRoute
from starlette.datastructures import State
from starlette.routing import Router

from ..error_handlers import default_exception_handler
from .docs_pages import is_docs_route, replace_docs
from .exception_handlers import prepare_exception_handlers, record_mounted_apps
from .openapi_document import complete_document
from .route import warn_of_wrapper
from .route_index import RouteIndex, index_routes
from .routes import AppRoutes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from .lazy_routes import SharedRouters

__all__ = ["EndpointFastAPI", "copy_app", "prepare_app", "prepare_middleware"]

_logger = logging.getLogger(__name__)

#: Attribute of ``app.state``.
_PREPARATION = "odoo_preparation"

#: Attributes of a router for routes and routers that are added to it: the arguments of
#: FastAPI's class, without what belongs to one router only.
_SETTINGS = signature(APIRouter).parameters.keys() - {
    "dependencies",
    "dependency_overrides_provider",
    "on_shutdown",
    "on_startup",
    "routes",
}

#: Apps whose ``openapi`` has been warned of.
_warned: WeakSet[FastAPI] = WeakSet()

_EMPTY = RouteIndex(())
_preparing = threading.Lock()


def copy_app(app: FastAPI, dependencies: Sequence[Any] = ()) -> FastAPI:
    """Return a copy of an app, for one endpoint.

    It has the same routes, middleware, exception handlers, overrides, lifespan and
    settings. Changes to the copy do not affect the app.

    :param app: any app, for example one that another server also runs
    :param dependencies: dependencies of all routes of the copy, each as ``Depends(…)``;
        they come before those of the app
    """
    _warn_of_openapi(app)
    result = copy(app)
    state = dict(app.state._state)
    if state.pop(_PREPARATION, None) is not None:
        vars(result).pop("build_middleware_stack", None)  # set by _Preparation
    result.state = State(state)
    result.exception_handlers = dict(app.exception_handlers)
    result.user_middleware = list(app.user_middleware)
    result.dependency_overrides = dict(app.dependency_overrides)
    result.middleware_stack = None
    result.openapi_schema = None
    result.router = APIRouter(
        redirect_slashes=app.router.redirect_slashes,
        default=app.router.default,
        dependencies=dependencies,
        dependency_overrides_provider=result,
    )
    result.setup()  # the documentation of the copy comes before all other routes
    original = copy(app.router)
    original.routes = [r for r in app.router.routes if not is_docs_route(r)]
    for route in original.routes:
        if isinstance(route, APIRoute):
            warn_of_wrapper(route)
    # the lifespan of the copied router runs these handlers
    original.on_startup = []
    original.on_shutdown = []
    result.include_router(original)
    # only now, because the routes of the app have its settings and dependencies already
    result.router.dependencies += app.router.dependencies
    vars(result.router).update(_get_settings(app.router))
    return result


def _warn_of_openapi(app: FastAPI) -> None:
    """Log once that a function documents the app, instead of its copies."""
    if "openapi" in vars(app) and app not in _warned:
        _warned.add(app)
        _logger.warning(
            "%s: `app.openapi = …` does not know the copies of the app, which may have "
            "more routes. Override the method `openapi` in a subclass of FastAPI.",
            app.title,
        )


def _get_settings(router: APIRouter) -> dict[str, Any]:
    """Return the settings of a router for routes and routers that are added to it."""
    return {
        name: copy(value) if isinstance(value, dict | list) else value
        for name, value in vars(router).items()
        if name in _SETTINGS
    }


def prepare_middleware(app: FastAPI) -> None:
    """Prepare the middleware and exception handlers of an app, before its lifespan."""
    _get_preparation(app)


def prepare_app(app: FastAPI, shared: SharedRouters | None = None) -> None:
    """Prepare an app for Odoo when its lifespan has started; a second call updates it.

    :param shared: included routers of other apps, which the app may use, too
    """
    preparation = _get_preparation(app)
    if shared is not None:
        preparation.routes.shared = shared
    preparation.update()
    if isinstance(app, EndpointFastAPI) and not app._native_telemetry.enabled():
        # Otherwise each request would look for providers of OpenTelemetry (measured:
        # 33,000 instructions, 1 % of a small request).
        app._telemetry.update({"tracing": False, "metrics": False, "logs": False})


class EndpointFastAPI(FastAPI):
    """A FastAPI app that prepares itself before its first request."""

    def build_middleware_stack(self) -> ASGIApp:
        return _get_preparation(self).build_middleware_stack(
            super().build_middleware_stack
        )

    def openapi(self) -> dict[str, Any]:
        return _get_preparation(self).make_document(super().openapi)


class _Preparation:
    """The state of a prepared app."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = threading.RLock()
        self.routes = AppRoutes(app)
        self._index = _EMPTY
        #: Exception handlers and middleware when the current stack was built.
        self._built_from: tuple[Any, Any] | None = None
        if not isinstance(app, EndpointFastAPI):
            build = app.build_middleware_stack
            vars(app)["build_middleware_stack"] = partial(
                self.build_middleware_stack, build
            )
        if getattr(app.router.default, "__func__", None) is Router.not_found:
            app.router.default = partial(_not_found, app.router.default)

    def update(self) -> None:
        """Prepare what has changed in the app."""
        app = self._app
        with self._lock:
            overrides = self.routes.replace_routers()
            replace_docs(app.router.routes)
            record_mounted_apps(app)
            if not self.routes.is_current():
                self._index = _EMPTY  # the next one is not ready yet
            self.routes.adopt(overrides)
            self._index = self.routes.get_index()
            if app.middleware_stack is not None and self._built_from != (
                app.exception_handlers,
                app.user_middleware,
            ):
                app.middleware_stack = app.build_middleware_stack()

    def get_index(self) -> RouteIndex:
        """Return the index of the routes. Prepare the app again if they have changed.

        Each request calls this.
        """
        if not self.routes.is_current():
            self.update()
        return self._index

    def make_document(self, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the current OpenAPI document of the app.

        A document that the app's developer has set is not changed.

        :param make: FastAPI's method, which returns the document
        """
        with self._lock:
            self.update()
            known = self._app.openapi_schema
            document = make()
            if document is not known:
                complete_document(document, self._app)
            return document

    def build_middleware_stack(self, build: Callable[[], ASGIApp]) -> ASGIApp:
        """Return the app with its middleware and that of this package.

        :param build: FastAPI's method. The app has the additional middleware and
            exception handlers only while the method runs.
        """
        app = self._app
        with self._lock:
            handlers, middleware = app.exception_handlers, app.user_middleware
            self._built_from = dict(handlers), list(middleware)
            app.exception_handlers = dict(handlers)
            app.user_middleware = list(middleware)
            try:
                prepare_exception_handlers(app, default_exception_handler)
                index_routes(app.router, self.get_index)
                return build()
            finally:
                app.exception_handlers, app.user_middleware = handlers, middleware


async def _not_found(
    default: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Respond with 404 for an unknown path, also to a client that wants a WebSocket.

    Starlette closes the WebSocket, so that clients would get a 403.
    """
    if scope["type"] == "websocket":
        raise HTTPException(404, "There is no WebSocket at this path.")
    await default(scope, receive, send)


def _get_preparation(app: FastAPI) -> _Preparation:
    with _preparing:
        if not hasattr(app.state, _PREPARATION):
            setattr(app.state, _PREPARATION, _Preparation(app))
        return getattr(app.state, _PREPARATION)
