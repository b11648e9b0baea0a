# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter, FastAPI
from prometheus_fastapi_instrumentator import Instrumentator, metrics

router = APIRouter(prefix="/items")
# One for the process, like the metrics registry: an app is rebuilt when its endpoint
# changes, and a second instrumentator would count nothing.
instrumentator = Instrumentator().add(metrics.default())


@router.get("/{item_id}")
def read_item(item_id: int) -> int:
    return item_id


def set_up(app: FastAPI) -> None:
    app.include_router(router)

    @app.get("/fail/{number}")
    def fail(number: int) -> None:
        raise ValueError(number)

    instrumentator.instrument(app).expose(app)
