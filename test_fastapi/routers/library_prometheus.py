# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter, FastAPI
from prometheus_fastapi_instrumentator import Instrumentator, metrics

router = APIRouter(prefix="/items")
# Once for the process, as the registry is: an app is built again when its endpoint is
# written, and metrics that are there already would count nothing for the new one.
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
