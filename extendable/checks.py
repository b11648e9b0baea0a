# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Check what an extension changes in the fields of a pydantic model.

Code that doesn't know the extension also creates and reads the model. That works as
long as fields keep their type and new fields have a default.

A class without ``model_fields`` has no fields: pydantic isn't required.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

__all__ = ["find_errors", "find_warnings"]


def find_errors(parent_class: type, extended: type) -> Iterator[str]:
    """Yield a message for each field whose type changes.

    :param parent_class: the class without the extension
    :param extended: the class with the extension
    """
    fields = _fields(extended)
    for name, field in _fields(parent_class).items():
        if name in fields and not compatible(field.annotation, fields[name].annotation):
            yield (
                f"the field {name!r} becomes {_describe(fields[name].annotation)}, "
                f"was {_describe(field.annotation)}"
            )


def find_warnings(parent_class: type, extended: type) -> Iterator[str]:
    """Yield a message for each field that becomes required.

    :param parent_class: the class without the extension
    :param extended: the class with the extension
    """
    before = _fields(parent_class)
    for name, field in _fields(extended).items():
        required = name in before and before[name].is_required()
        if field.is_required() and not required:
            yield (
                f"the field {name!r} is required and has no default: code that does "
                "not know of it can't make the model any more"
            )


def compatible(before: Any, after: Any) -> bool:
    """Return whether a value can have both types.

    Type arguments are not compared: ``list[str]`` and ``list[int]`` are compatible.
    """
    return any(
        _related(old, new) for old in _classes(before) for new in _classes(after)
    )


def _related(old: Any, new: Any) -> bool:
    if (
        new is old
        or Any in (old, new)
        or not (isinstance(old, type) and isinstance(new, type))
    ):
        return True
    try:
        return issubclass(new, old) or issubclass(old, new)
    except (TypeError, KeyError):  # KeyError: an extendable class of another addon
        return True


def _classes(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, without their type arguments."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _classes(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            if member is not type(None):
                yield from _classes(member)
    else:
        yield origin if isinstance(origin, type) else annotation


def _fields(cls: type) -> dict[str, Any]:
    return getattr(cls, "model_fields", {})


def _describe(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)
