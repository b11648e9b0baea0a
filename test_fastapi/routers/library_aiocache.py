# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from itertools import count

from aiocache import cached
from fastapi import FastAPI

calls = count(1)


@cached(ttl=3600)
async def compute(number: int) -> int:
    return next(calls)


def set_up(app: FastAPI) -> None:
    @app.get("/{number}")
    async def get_number(number: int) -> int:
        return await compute(number)
