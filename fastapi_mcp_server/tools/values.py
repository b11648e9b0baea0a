# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The values of arguments, as texts that requests can carry.

Models make a few mistakes often, whose meaning is plain. They are accepted: an object
or a list as JSON text, ``null`` for an optional argument, one value instead of a list
with one. Everything else that a request can't carry is refused in words, because the
agent reads them and calls again. The app validates the values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ArgumentError",
    "Value",
    "decode",
    "dump",
    "encode_header",
    "list_names",
    "to_field",
    "to_texts",
]

#: Longest part of a name that an error repeats, in characters.
_SHOWN = 64
#: What the value of a header can't have (RFC 9110, 5.5).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class ArgumentError(Exception):
    """Arguments can't become a request. The text tells the agent what to change."""


@dataclass(frozen=True)
class Value:
    """What is known of a value.

    :param types: types of JSON that the schema allows
    :param as_json: whether a text has JSON in it (pydantic's ``Json``)
    :param has_default: whether the default is a list that is not empty
    """

    types: frozenset[str]
    required: bool = False
    as_json: bool = False
    has_default: bool = False


def decode(value: Any, known: Value) -> Any:
    """Return the object or list that a text has, if it can't be a text."""
    containers = known.types & {"array", "object"}
    if not isinstance(value, str) or "string" in known.types or not containers:
        return value
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return value
    if isinstance(decoded, dict):
        return decoded if "object" in containers else value
    return decoded if isinstance(decoded, list) and "array" in containers else value


def to_field(name: str, value: Any, known: Value | None) -> list[str]:
    """Return the texts of a field of a form."""
    if value is None:
        return []
    known = known or Value(frozenset({"string", "array"}))
    texts = to_texts(name, decode(value, known), known)
    if known.required and texts == [""]:  # FastAPI takes it for a missing one
        raise ArgumentError(f"{name} must not be empty.")
    return texts


def to_texts(name: str, value: Any, known: Value) -> list[str]:
    """Return a value as texts, as URLs, headers and forms have them."""
    if known.as_json and not isinstance(value, str):
        return [dump(name, value)]
    if not isinstance(value, list):
        return [_to_text(name, value, known)]
    if "array" not in known.types:
        raise ArgumentError(f"{name} takes one value, not a list.")
    if not value and (known.required or known.has_default):
        raise ArgumentError(f"{name} needs at least one value.")
    return [_to_text(name, item, known) for item in value]


def _to_text(name: str, value: Any, known: Value) -> str:
    if isinstance(value, float) and value.is_integer() and "integer" in known.types:
        value = int(value)
    if isinstance(value, bool | int | float):
        return dump(name, value)
    if not isinstance(value, str):
        kind = "null" if value is None else "an object or a list"
        raise ArgumentError(f"{name} takes texts or numbers, not {kind}.")
    try:
        value.encode()
    except UnicodeEncodeError as err:
        raise ArgumentError(f"{name} has a surrogate without its pair.") from err
    return value


def dump(name: str, value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as err:
        raise ArgumentError(f"{name} can't be written as JSON.") from err


def encode_header(name: str, text: str) -> bytes:
    try:
        encoded = text.encode("latin-1")
    except UnicodeEncodeError:
        encoded = None
    if encoded is not None and not _CONTROL.search(text):
        return encoded
    raise ArgumentError(
        f"{name} can't have this value: it is sent as an HTTP header, without line "
        "breaks, in Latin-1."
    )


def list_names(names: Collection[str]) -> str:
    shown = [f"`{name[:_SHOWN]}`" for name in list(names)[:30]]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "")
