# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
from pathlib import Path

from fastapi import BackgroundTasks, FastAPI
from starlette_context import context, plugins
from starlette_context.middleware import RawContextMiddleware


def note() -> None:
    with Path(os.environ["FASTAPI_LIBRARY_FOLDER"], "tasks").open("a") as file:
        file.write(f"{context['X-Correlation-ID']}\n")


def set_up(app: FastAPI) -> None:
    app.add_middleware(RawContextMiddleware, plugins=(plugins.CorrelationIdPlugin(),))

    @app.get("/async")
    async def get_async(tasks: BackgroundTasks) -> str:
        tasks.add_task(note)
        return context["X-Correlation-ID"]

    @app.get("/sync")
    def get_sync(tasks: BackgroundTasks) -> str:
        tasks.add_task(note)
        return context["X-Correlation-ID"]
