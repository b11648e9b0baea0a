# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The FastAPI app of an endpoint.

What a request can do without is done here, once for each app: dependency overrides go
into the routes, exception handlers learn to tell the bridge what they answer, and the
documentation does without other people's servers. The OpenAPI document of an
:class:`EndpointFastAPI` is completed when it is made.

An app can change after it was prepared: a hook calls ``app.openapi()`` and then adds a
handler, a lifespan adds routes, another addon is imported and adds to a router that
apps share. Nothing of the app's own lists is replaced, so that preparing it again
brings everything up to date. The routes are looked at by each request.
"""

from __future__ import annotations

import threading
from copy import copy
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from starlette.datastructures import State
from starlette.middleware import Middleware

from ..error_handlers import default_exception_handler
from .docs_pages import is_docs_route, replace_docs
from .exception_handlers import prepare_exception_handlers, record_mounted_apps
from .openapi_document import complete_document
from .routes import AppRoutes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["EndpointFastAPI", "copy_app", "prepare_app", "prepare_middleware"]

#: Attribute of ``app.state``.
_PREPARATION = "odoo_preparation"

_preparing = threading.Lock()


def copy_app(app: FastAPI) -> FastAPI:
    """Return an app like another one, for one endpoint alone.

    It has the same routes, middleware, exception handlers, overrides and lifespan. What
    is set on the copy, or prepared in it, does not reach the other app.

    :param app: any app, for example one that other programs serve, too
    """
    result = copy(app)
    state = dict(app.state._state)
    if state.pop(_PREPARATION, None) is not None:
        vars(result).pop("build_middleware_stack", None)  # of the other's preparation
    result.state = State(state)
    result.exception_handlers = dict(app.exception_handlers)
    result.user_middleware = list(app.user_middleware)
    result.dependency_overrides = dict(app.dependency_overrides)
    result.middleware_stack = None
    result.openapi_schema = None
    result.router = APIRouter(
        redirect_slashes=app.router.redirect_slashes,
        default=app.router.default,
        dependency_overrides_provider=result,
    )
    result.setup()  # the documentation: of the copy, and before all other routes
    original = copy(app.router)
    original.routes = [r for r in app.router.routes if not is_docs_route(r)]
    # the lifespan of the router runs them, and has the other router's
    original.on_startup = []
    original.on_shutdown = []
    result.include_router(original)
    return result


def prepare_middleware(app: FastAPI) -> None:
    """Have the middleware and exception handlers of an app prepared when it starts.

    Called before the lifespan, which is the first to run the middleware.

    :param app: an app that is not shared between endpoints or databases
    """
    _get_preparation(app)


def prepare_app(app: FastAPI) -> None:
    """Make an app ready to be served by Odoo; again brings it up to date.

    Overrides, exception handlers, middleware, routes, mounts and documentation count as
    they are set on the app at the last call before a request.

    :param app: an app that is not shared between endpoints or databases
    """
    _get_preparation(app).update()


class EndpointFastAPI(FastAPI):
    """A FastAPI app that prepares itself before its first request."""

    def build_middleware_stack(self) -> ASGIApp:
        return _get_preparation(self).build_middleware_stack(
            super().build_middleware_stack
        )

    def openapi(self) -> dict[str, Any]:
        return _get_preparation(self).make_document(super().openapi)


class _Preparation:
    """What was done to an app, and when that has to be done again.

    :param app: the app
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = threading.RLock()
        self._routes: AppRoutes | None = None
        #: Exception handlers and middleware that the current stack is made of.
        self._built_from: tuple[Any, Any] | None = None
        if not isinstance(app, EndpointFastAPI):
            build = app.build_middleware_stack
            app.build_middleware_stack = lambda: self.build_middleware_stack(build)

    def update(self) -> None:
        """Bring the app up to date."""
        app = self._app
        with self._lock:
            replace_docs(app.router.routes)
            record_mounted_apps(app)
            if self._routes is None:
                self._routes = AppRoutes(app)
            else:
                self._routes.adopt()
            if app.middleware_stack is not None and self._built_from != (
                app.exception_handlers,
                app.user_middleware,
            ):
                app.middleware_stack = app.build_middleware_stack()

    def update_routes(self) -> None:
        """Bring the app up to date if its routes have changed."""
        if self._routes is None or not self._routes.is_current():
            self.update()

    def make_document(self, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the OpenAPI document of the app as it is now.

        :param make: FastAPI's method, which makes a document if it has no current one.
            One that somebody has set on the app is not ours to change.
        """
        with self._lock:
            self.update()
            known = self._app.openapi_schema
            document = make()
            if document is not known:
                complete_document(document, self._app)
            return document

    def build_middleware_stack(self, build: Callable[[], ASGIApp]) -> ASGIApp:
        """Return the app with its middleware around it, and ours.

        :param build: makes it of ``exception_handlers`` and ``user_middleware``, where
            ours are for that time only: what is on the app stays the developer's
        """
        app = self._app
        with self._lock:
            handlers, middleware = app.exception_handlers, app.user_middleware
            self._built_from = dict(handlers), list(middleware)
            app.exception_handlers = dict(handlers)
            app.user_middleware = list(middleware)
            try:
                prepare_exception_handlers(app, default_exception_handler)
                app.user_middleware.append(
                    Middleware(_UpdateMiddleware, preparation=self)
                )
                return build()
            finally:
                app.exception_handlers, app.user_middleware = handlers, middleware


class _UpdateMiddleware:
    """Have each request find routes that are prepared; innermost middleware.

    :param app: the rest of the app
    :param preparation: of the app
    """

    def __init__(self, app: ASGIApp, preparation: _Preparation) -> None:
        self._app = app
        self._preparation = preparation

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # a lifespan may still change routers that FastAPI has not looked at
        if scope["type"] != "lifespan":
            self._preparation.update_routes()
        return self._app(scope, receive, send)


def _get_preparation(app: FastAPI) -> _Preparation:
    with _preparing:
        if not hasattr(app.state, _PREPARATION):
            setattr(app.state, _PREPARATION, _Preparation(app))
        return getattr(app.state, _PREPARATION)
