# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI
from starlette.requests import Request

try:
    from odoo.addons.fastapi.bridge import on_shared_loop
except ImportError:  # on uvicorn, which has one loop

    def on_shared_loop(work: Any) -> Any:
        return work


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    done: list[str] = []

    async def tick() -> None:
        done.append("async")

    def tick_sync() -> None:
        done.append("sync")

    scheduler = AsyncIOScheduler()
    scheduler.add_job(tick, "interval", seconds=0.05)
    scheduler.add_job(tick_sync, "interval", seconds=0.05)
    scheduler.start()
    yield {"done": done, "scheduler": scheduler}
    scheduler.shutdown()


def set_up(app: FastAPI) -> None:
    app.router.lifespan_context = lifespan

    @app.get("/done")
    def get_done(request: Request) -> list[str]:
        return request.state.done

    @app.post("/later/{name}")
    async def do_later(name: str, request: Request) -> None:
        async def add_job() -> None:
            scheduler = request.state.scheduler
            moment = datetime.now() + timedelta(seconds=0.05)
            scheduler.add_job(
                request.state.done.append, "date", [name], run_date=moment
            )

        await on_shared_loop(add_job())
