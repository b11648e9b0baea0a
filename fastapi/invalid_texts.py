# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds texts of clients that PostgreSQL can't store.

Python, JSON and forms allow a NUL and half a surrogate pair. psycopg2 raises a
``ValueError`` for them, which looks like any other. So :func:`find_invalid_text`
examines the values of the failed query of ``odoo.sql_db``.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from psycopg2.errors import InvalidTextRepresentation, UntranslatableCharacter
from psycopg2.extras import Json

from odoo.tools.translate import LazyTranslate

if TYPE_CHECKING:
    from odoo.tools.translate import LazyGettext

__all__ = ["describe_invalid_text", "find_invalid_text"]

_lt = LazyTranslate(__name__)

NUL = _lt("A text has a null character.")
SURROGATE = _lt("A text is not valid Unicode.")


def describe_invalid_text(text: str) -> LazyGettext | None:
    """Return why PostgreSQL can't store a text, None if it can."""
    if "\0" in text:
        return NUL
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, such as "\ud800" in JSON
        return SURROGATE
    return None


def find_invalid_text(exc: BaseException) -> LazyGettext | None:
    """Return why PostgreSQL can't store the text that made a query fail.

    :return: None for exceptions with another cause
    """
    if isinstance(exc, UntranslatableCharacter):  # "\u0000" in JSON
        return NUL
    if not isinstance(exc, ValueError | InvalidTextRepresentation):
        return None
    frames = [
        (frame.f_globals.get("__name__") or "", frame)
        for frame, _line in traceback.walk_tb(exc.__traceback__)
    ]
    while frames and frames[-1][0].startswith("psycopg2."):  # converts lists to SQL
        frames.pop()
    if not frames or frames[-1][0] != "odoo.sql_db":
        return None
    params = frames[-1][1].f_locals.get("params")  # of Cursor.execute
    return None if isinstance(params, str) else _find_in(params)


def _find_in(value: Any) -> LazyGettext | None:
    if isinstance(value, str):
        return describe_invalid_text(value)
    if isinstance(value, Json):
        return _find_in(value.adapted)
    if isinstance(value, dict):
        value = (*value.keys(), *value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return next(filter(None, map(_find_in, value)), None)
    return None
