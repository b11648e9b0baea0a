# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Logs failed requests: route, error and advice. Only they look up their route."""

from __future__ import annotations

import inspect
import logging
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, get_args

from fastapi.routing import iter_route_contexts, serialize_response
from starlette.routing import Host, Match, Mount

from ..bridge.request_state import get_state
from ..exceptions import NoRoomError
from .openapi import quote_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.types import Scope

__all__ = [
    "describe_error",
    "describe_handler",
    "describe_route",
    "find_mount",
    "find_route",
    "iter_routes",
    "log_error",
    "place_of",
    "source_of",
]

_logger = logging.getLogger("odoo.http")

_ADDONS = "odoo.addons."
_THIS_ADDON = "odoo.addons.fastapi."
#: The base classes of dispatchers. What has called them is an override, or Odoo.
_DISPATCHER = {f"{_THIS_ADDON}fastapi_dispatcher", f"{_THIS_ADDON}app_request"}


def describe_error(exc: BaseException, scope: Scope | None) -> str:
    """Return route, type and text of an exception, for the log.

    ``GET /api/item/{n} (endpoint API): ZeroDivisionError: division by zero``, with
    advice if the handler has returned a record that its schema can't read.

    :param exc: the exception, with its traceback
    :param scope: ASGI scope of the request, if it has one
    """
    text = type(exc).__name__
    with suppress(Exception):  # ``__str__`` may fail
        text = f"{text}: {exc}"
    if scope:
        text = f"{describe_route(scope)}: {text}"
    return text + _describe_record(exc, scope or {})


def log_error(exc: BaseException, scope: Scope | None) -> None:
    """Log a failed request with the logger ``odoo.http``, as Odoo does."""
    _logger.error(
        "%s",
        describe_error(exc, scope),
        # a full disk needs no traceback
        exc_info=None if isinstance(exc, NoRoomError) else exc,
    )


def _describe_record(exc: BaseException, scope: Scope) -> str:
    """Return advice about a record that a handler has returned, empty without one."""
    for frame, _line in traceback.walk_tb(exc.__traceback__):
        # this frame has the result of the handler
        if frame.f_code is serialize_response.__code__:
            result = frame.f_locals.get("response_content")
            field = frame.f_locals.get("field")
            break
    else:
        return ""
    record = _find_record(result)
    if record is None:
        return ""
    schema = "Schema"
    promised = "no schema is promised"
    if field is not None:
        annotation = field.field_info.annotation
        item = (*get_args(annotation), annotation)[0]
        if hasattr(item, "from_records"):
            return ""  # it can read records, and has its own messages
        schema = _name_of(item)
        promised = f"{_name_of(annotation)} is promised"
    validated = f"{schema}.model_validate(record)"
    if len(record._ids) != 1:
        validated = f"[{validated} for record in records]"
    return (
        f"\n  The handler ({describe_handler(scope)}) returned {record!r}, which is a"
        f" recordset of Odoo; {promised}. Let it return {validated}, with a schema as"
        " response_model. An empty field of a record is False: the type of the schema's"
        " field must allow that, or a validator replace it. A RecordSchema of"
        " odoo.addons.fastapi.records does all that."
    )


def _find_record(value: Any) -> Any:
    """Return a recordset that is a value or one of its items; None without one."""
    members: Iterable[Any] = ()
    if isinstance(value, dict):
        members = value.values()
    elif isinstance(value, list | tuple | set):
        members = value
    for member in (value, *members):
        # recognizes recordsets without importing the ORM
        if isinstance(getattr(type(member), "_name", None), str) and isinstance(
            getattr(member, "_ids", None), tuple
        ):
            return member
    return None


def _name_of(annotation: Any) -> str:
    name = getattr(annotation, "__name__", None)
    return name if name and not get_args(annotation) else str(annotation)


def find_route(scope: Scope) -> tuple[Any, str]:
    """Return the route of a request, and its path template.

    The scope has only the path without the prefixes of routers and mounted apps.

    :return: None and the path of the request, if it has no route
    """
    scope = _get_inner_scope(scope)
    with suppress(Exception):  # perhaps ``matches`` itself has failed
        route, mount, _root_path = _find(scope)
        if route is not None:
            root_path = scope.get("app_root_path", scope.get("root_path", ""))
            path = getattr(route, "path_format", route.path)  # as in OpenAPI
            return route, root_path.rstrip("/") + mount + path
    return None, quote_path(scope.get("path", ""))


def find_mount(scope: Scope) -> str:
    """Return the path template of the mounted app that handles a request.

    :param scope: ASGI scope in that app
    :return: where it is mounted in the app of the endpoint; empty if that app handles
        the request itself
    """
    root_path = scope.get("root_path", "")
    app_root_path = scope.get("app_root_path", root_path)
    if root_path == app_root_path:
        return ""
    with suppress(Exception):
        _route, mount, found = _find(scope)
        if found == root_path:
            return mount
    # below an app that does not tell its routes
    return str(root_path.removeprefix(app_root_path))


def _find(scope: Scope) -> tuple[Any, str, str]:
    """Return the route of a request, the path template of its mounts, its root path.

    :return: None as the route if there is none
    """
    state = get_state(scope)
    app = (state and state.app) or scope.get("app")
    scope = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path"))}
    mount = ""
    while True:
        route, child_scope = _match(getattr(app, "routes", ()), scope)
        if not isinstance(route, Mount | Host):
            return route, mount, scope["root_path"]
        scope.update(child_scope)
        if isinstance(route, Mount):
            mount += route.path_format.removesuffix("/{path}")
        app = route.app
        while not hasattr(app, "routes") and hasattr(app, "app"):
            app = app.app  # of RecordingApp


def _get_inner_scope(scope: Scope) -> Scope:
    """Return the scope of the inner request if there is one, else the scope itself."""
    state = get_state(scope)
    inner = state.inner if state is not None else None
    return scope if inner is None else inner.scope


def iter_routes(routes: Any) -> Iterator[Any]:
    """Yield the routes of an app at their places, with those of included routers."""
    for context in iter_route_contexts(routes):
        route = context._effective_route
        # older versions of FastAPI return an object that has the route
        yield getattr(route, "starlette_route", None) or route


def _match(routes: Any, scope: Scope) -> tuple[Any, Scope]:
    for route in iter_routes(routes):
        if hasattr(route, "path") or isinstance(route, Host):
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return route, child_scope
    return None, {}


def place_of(exc: BaseException) -> str | None:
    """Return where an exception was raised: ``file:line, in function``.

    This is the innermost line of an addon other than this one, or otherwise the
    innermost line, because Odoo and libraries seldom have the bug. Overrides of the
    dispatcher that the exception has only passed through don't count.

    :param exc: the exception, with its traceback
    :return: None for an exception that was never raised
    """
    place = None
    of_app = False
    for frame, line in traceback.walk_tb(exc.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if module in _DISPATCHER:
            of_app = False
        is_app = module.startswith(_ADDONS) and not module.startswith(_THIS_ADDON)
        if is_app or not of_app:
            code = frame.f_code
            place = f"{code.co_filename}:{line}, in {code.co_name}"
        of_app = of_app or is_app
    return place


def describe_route(scope: Scope) -> str:
    """Return method, path and endpoint: ``GET /api/item/{n} (endpoint API)``."""
    _route, path = find_route(scope)
    text = f"{_get_inner_scope(scope).get('method', 'WebSocket')} {path}"
    state = get_state(scope)
    return f"{text} (endpoint {state.name})" if state and state.name else text


def describe_handler(scope: Scope) -> str:
    """Return the place of a request's handler: ``file:line, in function``."""
    endpoint = getattr(find_route(scope)[0], "endpoint", None)
    source = source_of(endpoint) if endpoint is not None else {}
    if not source:
        return "an unknown handler"
    return f"{source['file']}:{source['line']}, in {source['function']}"


def source_of(call: Callable[..., Any]) -> dict[str, Any]:
    """Return ``file``, ``line`` and ``function`` of a handler."""
    code = getattr(inspect.unwrap(call), "__code__", None)
    if code is None:
        return {}
    return {
        "file": code.co_filename,
        "line": code.co_firstlineno,
        "function": code.co_name,
    }
