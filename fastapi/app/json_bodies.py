# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Validates a JSON body while it is parsed.

FastAPI parses a body to dicts and lists, and validates these. pydantic can do both at
once. A request with 50 lines takes 9 % fewer instructions (measured: 3.38 million
instead of 3.70; a native controller that checks the dicts takes 3.35). An invalid body
is then validated by FastAPI, so that clients get its errors. A large body is left to
FastAPI: with 9 MB, pydantic takes less time, but 170 MB of memory instead of 141.

pydantic does not treat all values in JSON like those of Python. From JSON, a strict
model takes dates as text, bytes may be decoded, and a validator may look at
``info.mode``. So only types that pydantic treats the same in both are validated here.
They also must not call code of the app, because dependencies have not run yet, and may
refuse the request.

There is one difference: a float field that gets an integer too large for a float. Here
the value becomes infinity; FastAPI reports an error. (1e400 becomes infinity in both.)
``test_json_bodies`` compares the values with FastAPI's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi._compat import ModelField

__all__ = ["LARGEST", "ValidBody", "get_json_validator"]

#: Size of the largest body that is validated here, in bytes.
LARGEST = 1024 * 1024

#: Types of pydantic's core schemas that have no parts.
_SIMPLE = {
    *("bool", "date", "datetime", "float", "int", "str", "time", "timedelta", "uuid")
}
#: Settings that make pydantic treat JSON and Python differently, or that call code of
#: the app.
_UNLIKE = ("strict", "coerce_numbers_to_str", "custom_init", "post_init")
#: Factories of default values that don't depend on anything.
_FACTORIES = (None, dict, list, set)
#: What an enumeration does with an unknown value, unless the app overrides it.
_MISSING: Any = Enum._missing_


@dataclass(slots=True)
class ValidBody:
    """The value of a body that is valid."""

    value: Any


def get_json_validator(fields: Sequence[ModelField]) -> Callable[[bytes], Any] | None:
    """Return a function that parses and validates a body.

    If it raises an exception, FastAPI has to look at the body.

    :param fields: the parameters of a route that are read from its body
    :return: None if only FastAPI can validate the body
    """
    if len(fields) != 1 or getattr(fields[0], "config", None):
        return None
    adapter = fields[0]._type_adapter
    return adapter.validate_json if _is_alike(adapter.core_schema) else None


def _is_alike(schema: Any) -> bool:
    """Return whether JSON gives the same value as the result of ``json.loads``.

    :param schema: core schema of pydantic
    """
    if not isinstance(schema, dict):  # not built yet
        return False
    config = schema.get("config", {})
    if any(schema.get(name) or config.get(name) for name in _UNLIKE):
        return False
    extra = schema.get("extra_behavior", config.get("extra_fields_behavior"))
    if extra == "allow":
        return False
    match schema:
        case {"type": "literal", "expected": values}:
            return all(isinstance(value, str) for value in values)
        case {"type": "enum", "cls": cls, "members": members}:
            return (
                cls._missing_.__func__ is _MISSING.__func__
                and schema.get("sub_type") == "str"
                and all(isinstance(member.value, str) for member in members)
            )
        case {"type": "model-field", "validation_alias": list()}:
            return False
        case {"type": "model-fields", "fields": fields}:
            parts = fields.values()
        case {"type": "default", "schema": part}:
            if schema.get("default_factory") not in _FACTORIES or "on_error" in schema:
                return False
            parts = [part]
        case {"type": "model" | "model-field" | "nullable", "schema": part}:
            parts = [part]
        case {"type": "list", "items_schema": part}:
            parts = [part]
        case {"type": "definitions", "schema": part, "definitions": definitions}:
            parts = [part, *definitions]
        case {"type": "definition-ref"}:
            return True  # ``definitions`` has it
        case {"type": kind}:
            return kind in _SIMPLE
    return all(map(_is_alike, parts))
