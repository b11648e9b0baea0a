# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from itertools import count
from typing import Any

from aiocache import cached
from fastapi import FastAPI

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


calls = count(1)


@cached(ttl=3600)
async def compute(number: int) -> int:
    return next(calls)


@cached(ttl=0.2)
async def compute_often(number: int) -> int:
    return next(calls)


def set_up(app: FastAPI) -> None:
    @app.get("/short/{number}")
    async def get_short(number: int) -> int:
        return await on_shared_loop(compute_often(number))

    @app.get("/{number}")
    async def get_number(number: int) -> int:
        return await on_shared_loop(compute(number))
