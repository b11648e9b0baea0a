# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from fastapi import FastAPI
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.decorator import cache

calls = count(1)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    FastAPICache.init(InMemoryBackend(), prefix="fastapi-cache")
    yield


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    @app.get("/async/{number}")
    @cache(expire=3600)
    async def cached_async(number: int) -> int:
        return next(calls)

    @app.get("/sync/{number}")
    @cache(expire=3600)
    def cached_sync(number: int) -> int:
        return next(calls)
