# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Converts the values of arguments to strings for requests.

A few mistakes that language models often make are accepted, because their meaning is
clear: an object or a list as JSON in a string, ``null`` for an optional argument, a
single value instead of a list of one. Everything else that a request can't have is
refused with a message, so that the agent can correct the call. The app validates the
values.
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

#: Most characters of a name that an error repeats.
_SHOWN = 64
#: Characters that the value of a header can't have (RFC 9110, section 5.5).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class ArgumentError(Exception):
    """Arguments can't become a request. The message tells the agent what to change."""


@dataclass(frozen=True)
class Value:
    """What is known about a value.

    :param types: JSON types that the schema allows
    :param as_json: whether it is a string with JSON (pydantic's ``Json``)
    :param has_default: whether the default is not empty, such as a list with items
    """

    types: frozenset[str]
    required: bool = False
    as_json: bool = False
    has_default: bool = False


def decode(value: Any, known: Value) -> Any:
    """Return the object or list in a JSON string, if the value can't be a string."""
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
    """Return the strings of a form field."""
    if value is None:
        return []
    known = known or Value(frozenset({"string", "array"}))
    texts = to_texts(name, decode(value, known), known)
    if known.required and texts == [""]:  # for FastAPI, it would be missing
        raise ArgumentError(f"{name} must not be empty.")
    return texts


def to_texts(name: str, value: Any, known: Value) -> list[str]:
    """Return the strings for a value in a URL, a header or a form."""
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
        raise ArgumentError(f"{name} takes strings or numbers, not {kind}.")
    try:
        value.encode()
    except UnicodeEncodeError as err:
        raise ArgumentError(f"{name} has an unpaired surrogate.") from err
    return value


def dump(name: str, value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as err:
        raise ArgumentError(f"{name} can't be converted to JSON.") from err


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
