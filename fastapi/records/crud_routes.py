# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The routes that ``CrudRouter`` generates: names, paths, documented responses."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import Path

from ..schemas import ErrorDetail
from .vals import MAX_INTEGER

__all__ = [
    "CHANGED",
    "ETAG",
    "LOCATION",
    "READ",
    "REFUSED",
    "ROUTES",
    "RecordId",
    "choose_routes",
]

RecordId = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="Id of the record.")]

#: Method, path and summary of the generated routes.
ROUTES = {
    "list": ("GET", "", "List {} records"),
    "get": ("GET", "/{id}", "Read one {}"),
    "create": ("POST", "", "Create one {}"),
    "update": ("PATCH", "/{id}", "Change one {}"),
    "delete": ("DELETE", "/{id}", "Delete one {}"),
}

ETAG = {"description": "Changes with the content.", "schema": {"type": "string"}}
LOCATION = {"description": "Path of the new record.", "schema": {"type": "string"}}
READ: dict[int | str, Any] = {
    200: {"headers": {"ETag": ETAG}},
    304: {"description": "The client has the current content already."},
}
# in addition to the errors that every app documents
REFUSED: dict[int | str, Any] = {
    403: {"model": ErrorDetail, "description": "The caller is not allowed to do this."}
}
CHANGED: dict[int | str, Any] = {
    412: {"model": ErrorDetail, "description": "`If-Match` names another state."}
}


def choose_routes(only: Collection[str] | None, **arguments: Any) -> set[str]:
    """Return the names of the routes to generate.

    :param arguments: arguments of ``CrudRouter`` that routes need
    :raises ValueError: ``only`` has an unknown name, or a route lacks its argument
    """
    routes = {"list", "get", *(name for name, given in arguments.items() if given)}
    for name in only or ():
        if name not in ROUTES:
            raise ValueError(f"only: {name!r} is not one of {', '.join(ROUTES)}.")
        if name not in routes:
            raise ValueError(f"only: {name!r} needs the argument {name}, too.")
    return routes if only is None else routes.intersection(only)
