# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.requests import Request

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    limits = httpx.Limits(max_connections=4)
    with httpx.Client() as client:
        async with httpx.AsyncClient(limits=limits) as async_client:
            yield {"client": client, "async_client": async_client}


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    @app.get("/own")
    async def get_by_own(url: str) -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).status_code

    @app.get("/sync")
    def get_sync(url: str, request: Request) -> int:
        return request.state.client.get(url).status_code

    @app.get("/shared")
    async def get_by_shared(url: str, request: Request) -> int:
        response = await on_shared_loop(request.state.async_client.get(url))
        return response.status_code
