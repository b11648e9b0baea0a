# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An app of many routes. ``benchmarks/plain.py`` uses it without Odoo."""

from functools import cache

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()
#: Common to all paths, as APIs have it.
PREFIX = "/v1"


class Thing(BaseModel):
    route: int
    number: int


def get_path(route: int) -> str:
    """Return a path that one of the routes serves."""
    return f"{PREFIX}/things-{route}/7"


@router.post("/many/{count}")
def make_many_routes(count: int) -> int:
    """Make the router before its app is built, like the import of a module."""
    return len(get_many_routes(count).routes)


@router.get("/things")
def things(count: int) -> list[Thing]:
    return [Thing(route=1, number=number) for number in range(count)]


@cache
def get_many_routes(count: int) -> APIRouter:
    """Return a router: made once, as those of a module are."""
    router = APIRouter(prefix=PREFIX)
    for number in range(count):
        _add_route(router, number)
    return router


def _add_route(router: APIRouter, route: int) -> None:
    @router.get(f"/things-{route}/{{number}}")
    def thing(number: int, page: int = 1) -> Thing:
        return Thing(route=route, number=number * page)
