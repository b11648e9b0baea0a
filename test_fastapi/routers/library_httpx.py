# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.requests import Request


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    with httpx.Client() as client:
        yield {"client": client}


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    @app.get("/own")
    async def get_by_own(url: str) -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).status_code

    @app.get("/sync")
    def get_sync(url: str, request: Request) -> int:
        return request.state.client.get(url).status_code
