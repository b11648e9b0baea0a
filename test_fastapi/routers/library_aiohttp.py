# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from fastapi import FastAPI
from starlette.requests import Request

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    connector = aiohttp.TCPConnector(limit=4)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield {"session": session}


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    async def fetch(session: aiohttp.ClientSession, url: str) -> int:
        async with session.get(url) as response:
            await response.read()
            return response.status

    @app.get("/shared")
    async def get_by_shared(url: str, request: Request) -> int:
        return await on_shared_loop(fetch(request.state.session, url))

    @app.get("/wrong")
    async def get_without_shared_loop(url: str, request: Request) -> int:
        return await fetch(request.state.session, url)
