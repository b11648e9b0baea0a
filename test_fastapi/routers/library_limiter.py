# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
from collections.abc import Callable

from fastapi import Depends, FastAPI
from fastapi_limiter.depends import RateLimiter
from pyrate_limiter import Duration, Limiter, Rate, RedisBucket
from redis import ConnectionPool, Redis

RATE = Rate(2, Duration.HOUR)


def add_routes(app: FastAPI, make_limiter: Callable[[str], Limiter]) -> None:
    def limited(name: str) -> dict[str, list[Depends]]:
        return {"dependencies": [Depends(RateLimiter(limiter=make_limiter(name)))]}

    @app.get("/async", **limited("async"))
    async def limited_async() -> str:
        return "async"

    @app.get("/sync", **limited("sync"))
    def limited_sync() -> str:
        return "sync"

    @app.get("/kept", **limited("kept"))
    def kept() -> str:
        return "kept"

    @app.get("/free")
    def free() -> str:
        return "free"


def set_up(app: FastAPI) -> None:
    add_routes(app, lambda name: Limiter(RATE))


def set_up_redis(app: FastAPI) -> None:
    """Keep the counts in Redis, shared by all processes."""
    redis = Redis(connection_pool=ConnectionPool.from_url(os.environ["REDIS_URL"]))
    server = os.environ["FASTAPI_LIBRARY_FOLDER"]

    def make_limiter(name: str) -> Limiter:
        return Limiter(RedisBucket.init([RATE], redis, f"{server}:{name}"))

    add_routes(app, make_limiter)
