# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=translation-required,missing-return,dangerous-default-value
"""Exceptions and middleware for tests of ``unhandled``."""

import json

from fastapi import Request
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ...app.prepare import EndpointFastAPI
from ...error_handlers import default_exception_handlers
from ..bridge_case import BridgeCase

ORIGIN = "https://shop.example"


CORS = Middleware(CORSMiddleware, allow_origins=[ORIGIN])


SERVER_ERROR = {"detail": "Internal Server Error"}


class Refusal(Exception):
    """An exception without a handler."""


async def report_in_dispatch(request, call_next):
    """An example of Starlette's documentation."""
    try:
        return await call_next(request)
    except Exception as exc:
        request.scope["seen"].append(("dispatch", exc))
        raise


class UnhandledCase(BridgeCase):
    def make_app(self, *middleware, handlers=None, app_class=EndpointFastAPI):
        app = app_class(
            middleware=list(middleware),
            exception_handlers={**default_exception_handlers(), **(handlers or {})}
            if app_class is EndpointFastAPI
            else None,
        )

        @app.get("/")
        def raise_error(request: Request) -> str:
            if app.state.error is not None:
                raise app.state.error
            return "fine"

        app.state.error = None
        return app

    def raise_below(self, app, error, path="/", **more):
        app.state.error = error
        return self.call(app, path, HTTP_ORIGIN=ORIGIN, **more)

    def assert_error(self, result, code, content=SERVER_ERROR, cors=True):
        self.assertTrue(result.handled, result.exc_info)
        self.assertEqual(result.code, code)
        self.assertEqual(json.loads(result.body), content)
        self.assertEqual(
            result.header("access-control-allow-origin"), [ORIGIN] if cors else []
        )
        self.assertEqual(result.header("content-length"), [str(len(result.body))])
