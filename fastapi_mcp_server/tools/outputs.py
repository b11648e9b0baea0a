# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The output schema of a route, and whether its response is a stream."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.responses import StreamingResponse

from odoo.addons.fastapi.app.openapi import STREAMED

from .inputs import JSON
from .schemas import Schemas

__all__ = ["get_media_type", "make_output_schema", "streams"]

#: Options of a route with which a response may lack what its schema requires.
_FILTERS = (
    *("response_model_include", "response_model_exclude"),
    *("response_model_exclude_unset", "response_model_exclude_defaults"),
    "response_model_exclude_none",
)


def make_output_schema(
    operation: Mapping[str, Any], route: Any, schemas: Schemas
) -> tuple[dict[str, Any] | None, bool]:
    """Return the schema of the structured content, and whether it wraps the body.

    Before the revision 2026-07-28 of the protocol, structured content is an object. So
    any other body, such as a list, becomes an object with one property, ``result``.

    :return: no schema if the response is not always JSON of one schema, or has other
        names than in the document
    """
    if not getattr(route, "response_model_by_alias", True):
        return None, False  # the document has the aliases
    responses = list(_iter_successes(operation, schemas))
    if len(responses) != 1 or streams(operation, route, schemas):
        return None, False
    content = responses[0].get("content", {})
    schema = content.get(JSON, {}).get("schema")
    if not schema or len(content) > 1:
        return None, False
    options = {
        "is_output": True,
        "is_partial": any(getattr(route, name, None) for name in _FILTERS),
    }
    if schemas.get_types(schema) != {"object"}:
        wrapper = {
            "type": "object",
            "properties": {"result": schema},
            "required": ["result"],
        }
        return schemas.complete(wrapper, **options), True
    if set(schema) == {"$ref"}:  # clients look for the type at the root
        schema = schemas.resolve(schema)
    return {**schemas.complete(schema, **options), "type": "object"}, False


def get_media_type(operation: Mapping[str, Any], schemas: Schemas) -> str | None:
    """Return the content type of the response, None if there are several."""
    types = _get_media_types(operation, schemas)
    return types.pop() if len(types) == 1 else None


def streams(operation: Mapping[str, Any], route: Any, schemas: Schemas) -> bool:
    """Return whether the response is a stream, which may have no end."""
    if _get_media_types(operation, schemas) & STREAMED:
        return True
    return any(
        isinstance(kind, type) and issubclass(kind, StreamingResponse)
        for kind in (
            # FastAPI wraps the default of an app
            getattr(route.response_class, "value", route.response_class),
            _get_annotation(route.endpoint),
        )
    )


def _get_media_types(operation: Mapping[str, Any], schemas: Schemas) -> set[str]:
    return {
        media_type
        for response in _iter_successes(operation, schemas)
        for media_type in response.get("content", ())
    }


def _get_annotation(function: Any) -> Any:
    """Return the return annotation of a handler."""
    try:
        return typing.get_type_hints(function).get("return")
    except Exception:  # it may have names that only type checkers see
        return None


def _iter_successes(
    operation: Mapping[str, Any], schemas: Schemas
) -> Iterator[Mapping[str, Any]]:
    for status, response in operation.get("responses", {}).items():
        if str(status).startswith("2"):
            yield schemas.resolve(response)
