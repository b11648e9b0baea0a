# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Describes the arguments of tools to the readers of the list in the backend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["describe_arguments"]

#: Objects in objects are shown up to this depth.
MAX_DEPTH = 2


def describe_arguments(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each argument of a tool, from its JSON schema.

    For example: ``limit: integer = 10. Most contacts to return.``
    """
    definitions = schema.get("$defs", {})
    required = schema.get("required", ())
    for name, argument in schema.get("properties", {}).items():
        text = f"{name}: {_describe_type(argument, definitions)}"
        if not isinstance(argument, Mapping):  # true or false
            argument = {}
        if argument.get("default") is not None:
            text += f" = {json.dumps(argument['default'], ensure_ascii=False)}"
        elif name not in required:
            text += " (optional)"
        # one line, whatever the layout of the docstring
        description = " ".join(argument.get("description", "").split())
        yield f"{text}. {description}" if description else text


def _describe_type(
    schema: Any, definitions: Mapping[str, Any], depth: int = MAX_DEPTH
) -> str:
    if not isinstance(schema, Mapping):  # true or false
        return "any"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        # a schema may refer to itself
        return _describe_type(definitions.get(name, {}), definitions, depth - 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            types = [
                _describe_type(item, definitions, depth)
                for item in schema[key]
                if item != {"type": "null"}
            ]
            return " or ".join(dict.fromkeys(types))
    if "const" in schema:
        return _to_json(schema["const"])
    if "enum" in schema:
        return " | ".join(map(_to_json, schema["enum"]))
    name = schema.get("type", "any")
    if isinstance(name, list):
        return " or ".join(item for item in name if item != "null")
    if name == "array":
        if depth < 0:
            return "list"
        return f"list of {_describe_type(schema.get('items'), definitions, depth)}"
    if name == "object" and schema.get("properties") and depth > 0:
        inner = ", ".join(
            f"{key}: {_describe_type(value, definitions, depth - 1)}"
            for key, value in schema["properties"].items()
        )
        return f"{{{inner}}}"
    if "format" in schema:
        return f"{name} ({schema['format']})"
    return str(name)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
