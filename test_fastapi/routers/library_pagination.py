# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from fastapi import APIRouter, FastAPI
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate
from pydantic import BaseModel

router = APIRouter(prefix="/router")


class Number(BaseModel):
    number: int


NUMBERS = [Number(number=number) for number in range(1, 101)]


@router.get("/numbers")
def get_of_router() -> Page[Number]:
    return paginate(NUMBERS)


def add_routes(app: FastAPI) -> None:
    @app.get("/async")
    async def get_async() -> Page[Number]:
        return paginate(NUMBERS)

    @app.get("/sync", response_model=Page[Number])
    def get_sync():
        return paginate(NUMBERS)

    @app.get("/offset")
    def get_offset() -> LimitOffsetPage[Number]:
        return paginate(NUMBERS)

    app.include_router(router)


def set_up(app: FastAPI) -> None:
    add_routes(app)
    add_pagination(app)


def set_up_before(app: FastAPI) -> None:
    """Add the pagination before the routes: it finds them at startup."""
    add_pagination(app)
    add_routes(app)
