# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The FastAPI app of an endpoint.

What a request can do without is done here, once for each app: dependency overrides go
into the routes, exception handlers learn to tell the bridge what they answer, and the
documentation does without other people's servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from .bridge.failures import prepare_exception_handlers, watch_mounts
from .bridge.routes import AppRoutes
from .docs import replace_docs
from .error_handlers import default_exception_handler

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["EndpointApp", "prepare_app"]


def prepare_app(app: FastAPI) -> None:
    """Make an app ready to be served by Odoo; again only brings it up to date.

    Called as late as possible: what is set on the app before (overrides, handlers,
    routes, middleware) counts.

    :param app: an app that is not shared between endpoints or databases
    """
    routes: AppRoutes | None = getattr(app.state, "odoo_routes", None)
    if routes is not None:
        routes.current()
        return
    replace_docs(app.router.routes)
    watch_mounts(app)
    prepare_exception_handlers(app, default_exception_handler)
    app.middleware_stack = None  # one that is built already knows nothing of these
    app.state.odoo_routes = AppRoutes(app)


class EndpointApp(FastAPI):
    """A FastAPI app that prepares itself before its first request."""

    def build_middleware_stack(self) -> ASGIApp:
        prepare_app(self)
        return super().build_middleware_stack()

    def openapi(self) -> dict[str, Any]:
        prepare_app(self)
        return super().openapi()
