# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds the path template of a request, without trying all routes each time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fastapi import routing
from starlette._utils import get_route_path

from odoo.addons.fastapi.app.error_log import find_route

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["get_route"]

#: Key of the ASGI scope for what FastAPI adds to it, and the one of the route in there.
_ADDED = routing._FASTAPI_SCOPE_KEY
_CONTEXT = routing._FASTAPI_EFFECTIVE_ROUTE_CONTEXT_KEY
#: The places where a handler was found: a pattern of paths, and the path template.
_known: WeakKeyDictionary[Any, tuple[tuple[re.Pattern[str], str], ...]]
_known = WeakKeyDictionary()


def get_route(scope: Scope, root_path: str) -> str:
    """Return the path template of a request, with the root path of its endpoint.

    It is without the prefix that a reverse proxy has removed. Clients may be able to
    send that prefix, and each one would be another route.

    :param scope: ASGI scope, after the app has run
    :param root_path: root path of the endpoint
    :return: empty if no route was found
    """
    mount: str = scope.get("app_root_path", scope.get("root_path", ""))
    return _find_template(scope).removeprefix(mount.removesuffix(root_path))


def _find_template(scope: Scope) -> str:
    """Return the path template with the whole root path of the scope."""
    root_path: str = scope.get("root_path", "")
    added = scope.get(_ADDED)
    if (
        added
        and scope["type"] == "http"
        and scope.get("app_root_path", root_path) == root_path
    ):
        place = added.get(_CONTEXT)  # as ``app.route_index`` leaves it
        if place is not None:
            return root_path + place.path_format
    path = get_route_path(scope)
    handler = scope.get("endpoint")
    try:
        places = _known.get(handler, ())
    except TypeError:  # None, or an object that can't be a key
        handler, places = None, ()
    if scope.get("app_root_path", root_path) != root_path:
        handler, places = None, ()  # a mounted app has another root path
    for pattern, template in places:
        if pattern.match(path):
            return root_path + template
    route, found = find_route(scope)
    regex: re.Pattern[str] | None = getattr(route, "path_regex", None)
    if handler is not None and regex is not None and regex.match(path):
        template = found.removeprefix(root_path)
        _known[handler] = (*places, (regex, template))
    return found if route is not None else ""
