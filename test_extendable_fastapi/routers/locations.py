# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import queue
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from odoo.addons.extendable_fastapi.schemas import PagedCollection

from ..schemas import Criteria, Depot, Location, Place, Shop

router = APIRouter(tags=["locations"])
plain_router = APIRouter()

#: Results of background tasks.
tasks_seen: queue.Queue[dict[str, Any]] = queue.Queue()


class Plain(BaseModel):
    """A model that is not extendable, with a field of an extended model."""

    location: Location


def default_location() -> Location:
    return Location(name="by the dependency", code="D")


@router.post("/location")
def post_location(location: Location) -> Location:
    return location


@router.post("/place")
def post_place(place: Place) -> Location:
    return place


@router.post("/site")
def post_site(
    site: Annotated[Shop | Depot, Field(discriminator="kind")],
) -> Shop | Depot:
    return site


@router.post("/both")
def post_both(first: Location, second: Location | None = None) -> list[Location]:
    return [first, second or first]


@plain_router.post("/plain")
def post_plain(plain: Plain) -> Plain:
    return plain


@router.get("/page")
def get_page(
    location: Annotated[Location, Depends(default_location)],
) -> PagedCollection[Location]:
    return PagedCollection[Location](count=1, items=[location])


@router.get("/late")
def get_late() -> dict[str, Any]:
    """Use a parametrized model that is in no annotation."""
    page = PagedCollection[PagedCollection[Place]]
    return page(count=1, items=[{"count": 0, "items": []}]).model_dump()


@router.get("/search")
def search(criteria: Annotated[Criteria, Query()]) -> dict[str, Any]:
    return criteria.model_dump()


@router.get("/stream")
def stream() -> StreamingResponse:
    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"{Location(name=f'line {number}').model_dump_json()}\n"

    return StreamingResponse(lines())


@router.get("/items")
def items() -> Iterator[Location]:
    for number in range(3):
        yield Location(name=f"item {number}", zip=str(number))


@router.post("/task")
def task(tasks: BackgroundTasks) -> None:
    tasks.add_task(lambda: tasks_seen.put(Location(name="task").model_dump()))
