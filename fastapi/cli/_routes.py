# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``odoo api routes``: lists the routes of the endpoints, in columns or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts

import odoo.addons

from ..app.error_log import source_of
from ..app.openapi import WEBSOCKET, Operation, iter_operations
from ..app.openapi_websockets import iter_websockets
from ..exceptions import CommandError
from ._database import check_live, find_endpoint, get_document, open_env

if TYPE_CHECKING:
    import argparse

    from odoo.models import BaseModel

__all__ = ["run"]

COLUMNS = "method path tags summary authentication operation_id handler".split()


def run(args: argparse.Namespace) -> int:
    errors = []
    rows: list[dict[str, Any]] = []
    with open_env(args.database) as env:
        if args.endpoint:
            endpoints = find_endpoint(env, args.endpoint)
        else:
            endpoints = env["fastapi.endpoint"].search([], order="root_path")
        for endpoint in endpoints:
            try:
                check_live(endpoint)
                rows += _get_rows(endpoint)
            except CommandError as err:
                errors.append(str(err))
    if args.json:
        json.dump(rows, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _align(rows))
    if errors:  # after the routes of the other apps
        raise CommandError("; ".join(errors))
    return 0


def _get_rows(endpoint: BaseModel) -> Iterator[dict[str, Any]]:
    document = get_document(endpoint)
    handlers = _find_handlers(endpoint)
    with endpoint._app_context():
        websockets = list(iter_websockets(endpoint._get_built_app()))
    for operation in (*iter_operations(document), *websockets):
        yield {
            "endpoint": endpoint.root_path,
            "method": operation.method,
            "path": endpoint.root_path + operation.path,
            "tags": list(operation.tags),
            "summary": operation.summary,
            "authentication": _describe_security(operation),
            "operation_id": operation.operation_id,
            "handler": handlers.get((operation.method, operation.path), ""),
        }


def _find_handlers(endpoint: BaseModel) -> dict[tuple[str, str | None], str]:
    """Return file and line of each handler, by method and path."""
    handlers: dict[tuple[str, str | None], str] = {}
    for context in iter_route_contexts(endpoint._get_built_app().routes):
        source = source_of(context.endpoint) if context.endpoint else {}
        if source:
            place = f"{_shorten(source['file'])}:{source['line']}"
            # message routes have a GET too
            is_message = hasattr(context.original_route, "message_route")
            methods = () if is_message else context.methods
            for method in methods or [WEBSOCKET]:
                handlers.setdefault((method, context.path_format), place)
    return handlers


def _shorten(file: str) -> str:
    """Return the path of a file, relative to its addons directory if it is in one."""
    path = Path(file)
    for folder in odoo.addons.__path__:
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return file


def _describe_security(operation: Operation) -> str:
    """Return the names of the security schemes, empty for a public route."""
    ways = [" + ".join(way) for way in operation.security if way]
    optional = ["nothing"] if ways and not operation.authenticated else []
    return " or ".join(ways + optional)


def _align(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    table = [[name.replace("_", " ").upper() for name in COLUMNS]]
    for row in rows:
        texts = {**row, "tags": ", ".join(row["tags"])}
        table.append([texts[name] or "-" for name in COLUMNS])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        yield "  ".join(padded).rstrip()
