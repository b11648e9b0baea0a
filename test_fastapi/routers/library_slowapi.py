# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import FastAPI
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


def set_up(app: FastAPI, **options: object) -> None:
    limiter = Limiter(key_func=get_remote_address, headers_enabled=True, **options)
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)

    @app.get("/async")
    @limiter.limit("2/hour")
    async def limited_async(request: Request) -> Response:
        return PlainTextResponse("async")

    @app.get("/sync")
    @limiter.limit("2/hour")
    def limited_sync(request: Request, response: Response) -> str:
        return "sync"

    @app.get("/free")
    def free(request: Request) -> str:
        return "free"


def set_up_middleware(app: FastAPI) -> None:
    """Limit every route, also those without a decorator."""
    set_up(app, default_limits=["3/hour"])
    app.add_middleware(SlowAPIMiddleware)
