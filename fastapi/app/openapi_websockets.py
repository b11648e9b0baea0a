# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Describes the WebSocket routes of an app, which FastAPI leaves out of OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIWebSocketRoute, iter_route_contexts

from .openapi import WEBSOCKET, Operation, iter_operations
from .prepare import EndpointFastAPI

__all__ = ["iter_websockets"]


def iter_websockets(app: FastAPI) -> Iterator[Operation]:
    """Yield the routes of ``@router.websocket``, in the order of the app.

    Message routes are left out: the document of the app has them.
    """
    # FastAPI's own code finds the security schemes, in an app with the same handlers
    # as GET routes
    twin = EndpointFastAPI()
    twin.dependency_overrides = app.dependency_overrides
    contexts: list[Any] = list(iter_route_contexts(app.routes))
    messages = {
        context.path
        for context in contexts
        if hasattr(context.original_route, "message_route")
    }
    for context in contexts:
        route = context.original_route
        if isinstance(route, APIWebSocketRoute) and context.path not in messages:
            twin.add_api_route(
                context.path,
                context.endpoint,
                response_model=None,
                dependencies=context.dependencies,
            )
    for operation in iter_operations(twin.openapi()):
        # they have no place in the documentation
        yield replace(operation, method=WEBSOCKET, operation_id="")
