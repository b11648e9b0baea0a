# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the marked routes of an app, and which routes come before them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.routing import WebSocketRoute

from .arguments import Path
from .marks import TAG, Mark, ToolMark, merge_marks

__all__ = ["WEBSOCKET", "WITHOUT_CONTENT", "MarkedRoute", "iter_marked_routes"]

#: Methods whose responses have no content, or nothing for an agent.
WITHOUT_CONTENT = frozenset({"HEAD", "OPTIONS", "TRACE"})
#: Stands for the method of WebSockets.
WEBSOCKET = "WS"


@dataclass(frozen=True)
class MarkedRoute:
    """A method of a marked route.

    :param route: FastAPI's object for the route at its place in the app
    :param is_only: whether no other route has the same method and path
    :param is_own_tool: whether no other route has the same mark of a tool. If one has,
        the mark is that of the router or the app
    """

    route: Any
    method: str
    path: Path
    marks: Mapping[type[Mark], Mark]
    is_only: bool
    is_own_tool: bool

    @property
    def label(self) -> str:
        """Method and path, for people."""
        return f"{self.method} {self.path.template}"


def iter_marked_routes(app: FastAPI) -> Iterator[MarkedRoute]:
    """Yield the marked routes of an app, once for each of their methods."""
    before: list[tuple[Any, re.Pattern[str]]] = []
    contexts: list[Any] = list(iter_route_contexts(app.routes))
    places = Counter(
        (route.path_format, method)
        for route in contexts
        if isinstance(route.original_route, APIRoute)
        for method in route.methods or ()
    )
    uses = Counter(id(call) for route in contexts for call in _iter_tool_marks(route))
    for route in contexts:
        marks = _get_marks(route)
        own = [call for call in _iter_tool_marks(route) if uses[id(call)] == 1]
        for method in _get_methods(route) if marks else ():
            shadows = [
                regex
                for other, regex in before
                if method in (getattr(other, "methods", None) or {method})
                and _may_overlap(route.path_format, other)
            ]
            values = {
                name: convertor.regex
                for name, convertor in route.param_convertors.items()
            }
            path = Path(route.path_format, route.path_regex, values, shadows)
            is_only = places[route.path_format, method] < 2
            yield MarkedRoute(route, method, path, marks, is_only, bool(own))
        regex = getattr(route, "path_regex", None)
        if regex and not isinstance(route.original_route, WebSocketRoute):
            before.append((route, regex))


def _may_overlap(path: str, other: Any) -> bool:
    """Return whether another route may match the same paths."""
    starts = [
        item.partition("{")[0]
        for item in (path, getattr(other, "path_format", None) or other.path)
    ]
    short, long = sorted(starts, key=len)
    return long.startswith(short)


def _get_methods(route: Any) -> list[str]:
    original = route.original_route
    if not isinstance(original, APIRoute) or hasattr(original, "message_route"):
        return [WEBSOCKET]
    methods = sorted(route.methods or ())
    return [name for name in methods if name not in WITHOUT_CONTENT] or methods


def _get_marks(route: Any) -> dict[type[Mark], Mark]:
    """Return what a route is marked as."""
    marks = merge_marks(_iter_calls(route))
    if TAG in (getattr(route, "tags", None) or ()):
        marks.setdefault(ToolMark, ToolMark())
    tool = marks.get(ToolMark)
    if isinstance(tool, ToolMark) and tool.excluded:
        del marks[ToolMark]
    return marks


def _iter_tool_marks(route: Any) -> Iterator[ToolMark]:
    return (call for call in _iter_calls(route) if isinstance(call, ToolMark))


def _iter_calls(route: Any) -> Iterator[Any]:
    """Yield the dependencies of a route, those of the app first."""
    if isinstance(route.original_route, APIRoute | APIWebSocketRoute):
        for dependant in route.dependant.dependencies:
            yield dependant.call
