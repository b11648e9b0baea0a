# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Find extended models in fields of models that are not extendable.

A model that is not extendable has one schema for all databases. It silently ignores the
extensions of models in its fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args, get_origin

from extendable.main import ExtendableMeta
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

if TYPE_CHECKING:
    from extendable.registry import ExtendableClassesRegistry
    from fastapi import FastAPI

__all__ = ["find_unseen_extensions"]


def find_unseen_extensions(
    app: FastAPI, registry: ExtendableClassesRegistry
) -> list[tuple[type, type]]:
    """Search the models of an app's routes for ignored extensions.

    :return: pairs of a model that is not extendable and an extended model in it
    """
    found: dict[tuple[type, type], None] = {}
    for route in iter_route_contexts(app.routes):
        for field in _fields(route.original_route):  # builds no lazy route
            seen: set[type] = set()
            _walk(field.field_info.annotation, None, registry, seen, found)
    return list(found)


def _fields(route: Any) -> Iterator[Any]:
    for name in ("body_field", "response_field", "stream_item_field"):
        field = getattr(route, name, None)
        if field is not None:
            yield field


def _walk(
    annotation: Any,
    holder: type | None,
    registry: ExtendableClassesRegistry,
    seen: set[type],
    found: dict[tuple[type, type], None],
) -> None:
    for argument in get_args(annotation):
        _walk(argument, holder, registry, seen, found)
    # in Python 3.10, list[int] is an instance of type too
    if not isinstance(annotation, type) or get_origin(annotation) or annotation in seen:
        return
    if isinstance(annotation, ExtendableMeta):
        final = registry.get(annotation.__xreg_name__, annotation)
        if holder is not None and vars(final).get("__xreg_level__"):
            found[holder, annotation] = None
        annotation = final
        holder = None
    elif issubclass(annotation, BaseModel):
        # FastAPI combines the parts of a body in a model, for each app
        if not annotation.__module__.startswith("fastapi."):
            holder = annotation
    else:
        return
    seen.add(annotation)
    for field in getattr(annotation, "model_fields", {}).values():
        _walk(field.annotation, holder, registry, seen, found)
