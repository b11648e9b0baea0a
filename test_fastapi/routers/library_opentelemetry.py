# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

router = APIRouter(prefix="/items")


class Trouble(Exception):
    pass


@router.get("/{item_id}")
def read_item(item_id: int) -> int:
    with trace.get_tracer(__name__).start_as_current_span("inner"):
        return item_id


def set_up(app: FastAPI) -> None:
    provider = TracerProvider()
    out = Path(os.environ["FASTAPI_LIBRARY_FOLDER"], "spans").open("a")
    exporter = ConsoleSpanExporter(
        out=out, formatter=lambda span: span.to_json(indent=None) + "\n"
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(app)
    app.include_router(router)

    @app.get("/async/{number}")
    async def fail_async(number: int) -> None:
        raise Trouble(f"async {number}")

    @app.get("/sync/{number}")
    def fail_sync(number: int) -> None:
        raise Trouble(f"sync {number}")

    @app.get("/http")
    def refuse() -> None:
        raise HTTPException(404, "refused")
