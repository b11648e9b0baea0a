# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Iterates over the functions that routes call: handlers and dependencies."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute

from ..app.error_log import iter_routes
from ..app.lazy_routes import LazyRoute

__all__ = ["iter_route_calls"]


def iter_route_calls(routes: Sequence[BaseRoute]) -> Iterator[tuple[Any, Any]]:
    """Yield path and function for each function that a route calls, at all levels."""
    for route in iter_routes(routes):
        original = getattr(route, "original_route", route)
        if isinstance(original, APIRoute | APIWebSocketRoute):
            is_lazy = isinstance(route, LazyRoute)
            calls = route.iter_calls() if is_lazy else _iter_calls(route.dependant)
            for call in calls:
                yield route.path_format, call


def _iter_calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from _iter_calls(dependency)
