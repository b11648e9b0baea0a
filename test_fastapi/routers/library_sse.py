# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from fastapi import FastAPI
from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent
from starlette.requests import Request

GO_ON = Path(os.environ["FASTAPI_LIBRARY_FOLDER"], "go_on")
EVENTS = Path(os.environ["FASTAPI_LIBRARY_FOLDER"], "events")


def note(what: str) -> None:
    with EVENTS.open("a") as file:
        file.write(f"{what}\n")


def set_up(app: FastAPI) -> None:
    @app.get("/events")
    async def events() -> EventSourceResponse:
        async def produce() -> AsyncIterator[dict[str, str] | ServerSentEvent]:
            yield {"event": "first", "data": "1", "id": "a"}
            while not GO_ON.exists():
                await asyncio.sleep(0.01)
            yield JSONServerSentEvent({"number": 2})

        return EventSourceResponse(produce())

    @app.get("/sync")
    def sync_events() -> EventSourceResponse:
        def produce() -> Iterator[dict[str, str]]:
            yield {"data": "1"}
            while not GO_ON.exists():
                time.sleep(0.01)
            yield {"data": "2"}

        return EventSourceResponse(produce())

    @app.get("/quiet")
    async def quiet(request: Request) -> EventSourceResponse:
        async def produce() -> AsyncIterator[dict[str, str]]:
            try:
                yield {"data": "1"}
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                note("cancelled")
                raise

        async def gone(message: object) -> None:
            note("gone")

        return EventSourceResponse(
            produce(), ping=1, client_close_handler_callable=gone
        )
