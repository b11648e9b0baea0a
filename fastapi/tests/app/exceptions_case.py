# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return
"""Apps with handlers that raise."""

import json

from fastapi.responses import PlainTextResponse
from starlette.middleware import Middleware

from ...app.prepare import EndpointFastAPI
from ...error_handlers import default_exception_handlers
from ..bridge_case import BridgeCase

ORIGIN = "https://shop.example"


class Refusal(Exception):
    """An exception without a status."""


class SwallowMiddleware:
    """Responds to all exceptions, like middleware that reports errors."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        started = False

        async def watch(message):
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if not started:
                await PlainTextResponse("swallowed", 200)(scope, receive, send)


class MarkMiddleware:
    """Adds a header to every response that passes."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def mark(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-passed", b"yes")]
            await send(message)

        await self.app(scope, receive, mark)


class ExceptionsCase(BridgeCase):
    def make_app(self, *middleware, handlers=None, app_class=EndpointFastAPI):
        """Return an app like that of an endpoint, with a route that raises."""
        app = app_class(
            middleware=[Middleware(cls, **kwargs) for cls, kwargs in middleware],
            exception_handlers={**default_exception_handlers(), **(handlers or {})},
        )
        app.state.error = None

        @app.get("/")
        def raise_error() -> str:
            if app.state.error is not None:
                raise app.state.error
            return "fine"

        return app

    def raise_below(self, app, error, **kwargs):
        app.state.error = error
        return self.call(app, **kwargs)

    def assertAnswer(self, result, code, content):
        self.assertTrue(result.handled, result.exc_info)
        self.assertEqual(result.code, code)
        self.assertEqual(json.loads(result.body), content)
