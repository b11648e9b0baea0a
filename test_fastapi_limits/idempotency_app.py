# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Apps with the routes for ``Idempotency-Key``."""

from collections.abc import Awaitable, Callable

from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from odoo.addons.fastapi.models import FastapiApp

from .routers.idempotency import (
    calls,
    mounted,
    own_callers,
    router,
    settings_router,
)


async def change_response(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Add a header to each response, and to its body if the client wants that."""
    response = await call_next(request)
    response.headers["X-Middleware"] = str(next(calls))
    if "X-Change" in request.headers:
        body = b"".join([chunk async for chunk in response.body_iterator])
        headers = dict(response.headers)
        headers.pop("content-length", None)
        return Response(body + b" changed", response.status_code, headers)
    return response


class TestIdempotencyApp(FastapiApp):
    _name = "fastapi.app.test_idempotency"
    _description = "Test of Idempotency-Key"

    def _get_routers(self):
        return [router, settings_router]

    def _get_app(self):
        app = super()._get_app()
        app.mount("/mounted", mounted)
        return app

    def _get_middlewares(self):
        return [
            Middleware(
                CORSMiddleware, allow_origins=["https://a.test", "https://b.test"]
            ),
            Middleware(BaseHTTPMiddleware, dispatch=change_response),
        ]


class TestIdempotencyCallersApp(FastapiApp):
    _name = "fastapi.app.test_idempotency_callers"
    _description = "Test of Idempotency-Key, with callers of its own"
    _idempotency = "required"

    def _get_routers(self):
        return [router]

    def _get_dependency_overrides(self):
        return own_callers
