# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import logging
import os
from pathlib import Path

from asgi_correlation_id import (
    CorrelationIdFilter,
    CorrelationIdMiddleware,
    correlation_id,
)
from fastapi import BackgroundTasks, FastAPI

logger = logging.getLogger("test_library.correlation_id")


def set_up(app: FastAPI) -> None:
    file = Path(os.environ["FASTAPI_LIBRARY_FOLDER"], "log")
    handler = logging.FileHandler(file)
    handler.addFilter(CorrelationIdFilter(uuid_length=32, default_value="-"))
    handler.setFormatter(logging.Formatter("%(correlation_id)s %(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    app.add_middleware(CorrelationIdMiddleware)

    @app.get("/async")
    async def log_async(tasks: BackgroundTasks) -> str | None:
        logger.info("handler")
        tasks.add_task(log_async_task)
        return correlation_id.get()

    @app.get("/sync")
    def log_sync(tasks: BackgroundTasks) -> str | None:
        logger.info("handler")
        tasks.add_task(log_task)
        return correlation_id.get()


async def log_async_task() -> None:
    logger.info("task")


def log_task() -> None:
    logger.info("task")
