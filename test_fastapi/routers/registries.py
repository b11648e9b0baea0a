# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes of an app that refers to its registry, and a count of registries."""

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
    """Return the number of database registries in the process."""
    gc.collect()
    return sum(type(item) is Registry for item in gc.get_objects())
