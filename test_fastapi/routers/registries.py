# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes of an app that reaches its registry, and what is left of old ones."""

import gc
from typing import Annotated

from fastapi import APIRouter, Depends

from odoo.modules.registry import Registry

router = APIRouter(tags=["registries"])


class OutOfTea(Exception):
    pass


def get_greeting() -> str:
    return "hello"


@router.get("/greeting")
def greet(greeting: Annotated[str, Depends(get_greeting)]) -> str:
    return greeting


@router.get("/tea")
def make_tea() -> None:
    raise OutOfTea


@router.get("/registries")
def count_registries() -> int:
    """Return how many registries of databases there are in the process."""
    gc.collect()
    return sum(type(item) is Registry for item in gc.get_objects())
