# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an extension may do to the fields of a pydantic model.

Code that knows nothing of an extension goes on to make and to read the model. It can,
as long as fields keep their type and new ones may be left out.

Works without pydantic: a class without ``model_fields`` has none.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

__all__ = ["find_errors", "find_warnings"]


def find_errors(below: type, extended: type) -> Iterator[str]:
    """Yield what is wrong with the fields that an extension defines again.

    :param below: the class without the extension
    :param extended: the class with it
    """
    fields = _fields(extended)
    for name, field in _fields(below).items():
        if name in fields and not compatible(field.annotation, fields[name].annotation):
            yield (
                f"the field {name!r} becomes {_shown(fields[name].annotation)}, "
                f"was {_shown(field.annotation)}"
            )


def find_warnings(below: type, extended: type) -> Iterator[str]:
    """Yield what makes other code fail unless it knows the extension.

    :param below: the class without the extension
    :param extended: the class with it
    """
    before = _fields(below)
    for name, field in _fields(extended).items():
        required = name in before and before[name].is_required()
        if field.is_required() and not required:
            yield (
                f"the field {name!r} is required and has no default: code that does "
                "not know of it can't make the model any more"
            )


def compatible(before: Any, after: Any) -> bool:
    """Return whether a value of one type may be one of the other type too.

    In doubt it may: only classes are compared, not what is in them.
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
    except (TypeError, KeyError):  # KeyError: extendable, and not in these addons
        return True


def _classes(annotation: Any) -> Iterator[Any]:
    """Yield the alternatives of an annotation, without what is in brackets."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _classes(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        members = get_args(annotation)
        for member in members:
            if member is not type(None):
                yield from _classes(member)
    else:
        yield origin if isinstance(origin, type) else annotation


def _fields(cls: type) -> dict[str, Any]:
    return getattr(cls, "model_fields", {})


def _shown(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)
