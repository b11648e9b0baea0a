# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether an app has a lifespan.

FastAPI runs one for each app, and merges those of its routers, even if none does
anything. A running lifespan needs 14 kB (measured), because the middleware waits for
its end, and the first request to an app waits for its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, routing

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["has_lifespan"]

_MERGED = f"{routing._merge_lifespan_context.__qualname__}.<locals>.merged_lifespan"


def has_lifespan(app: ASGIApp) -> bool:
    """Return whether an app, or its middleware, may do something at start or end."""
    return (
        not isinstance(app, FastAPI)
        or type(app).__call__ is not FastAPI.__call__
        or type(app.router) is not APIRouter
        or bool(app.user_middleware)
        # fastapi.telemetry._runtime.lifespan adds the exporters
        or bool(app._telemetry["auto_configure"])
        or _may_act(app.router.lifespan_context)
    )


def _may_act(context: Any) -> bool:
    if isinstance(context, routing._DefaultLifespan):
        router = context._router
        return bool(router.on_startup or router.on_shutdown)
    function: Any = getattr(context, "__wrapped__", None)
    if (
        getattr(function, "__module__", None) == routing.__name__
        and getattr(function, "__qualname__", None) == _MERGED
    ):
        return any(_may_act(cell.cell_contents) for cell in function.__closure__)
    return True
