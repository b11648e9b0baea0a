# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Normalizes and validates the root paths of endpoints."""

from __future__ import annotations

import re
from typing import Literal

__all__ = [
    "RESERVED_SEGMENTS",
    "clean_root_path",
    "is_below",
    "is_reserved",
    "is_valid",
]

#: First segments of paths that Odoo itself serves.
RESERVED_SEGMENTS = frozenset(
    ["", *"json jsonrpc longpolling odoo web website websocket xmlrpc".split()]
)
#: Letters and digits of any language, which browsers percent-encode, and the other
#: characters of ``pchar`` (RFC 3986). No segment may be ``.`` or ``..``.
_VALID = re.compile(r"(/(?!\.\.?(/|$))[\w.~!$&'()*+,;=:@-]+)+")


def clean_root_path(root_path: str | Literal[False] | None) -> str:
    """Return the normalized form of a root path: one ``/`` before each segment.

    >>> clean_root_path(" api//v1/ ")
    '/api/v1'
    >>> clean_root_path("")
    '/'
    """
    return "/" + "/".join(filter(None, (root_path or "").strip().split("/")))


def is_reserved(root_path: str) -> bool:
    """Return whether Odoo itself serves paths below a normalized root path."""
    return root_path.split("/")[1].lower() in RESERVED_SEGMENTS


def is_valid(root_path: str) -> bool:
    """Return whether a normalized root path has only characters that URLs may have."""
    return _VALID.fullmatch(root_path) is not None


def is_below(path: str, root_path: str) -> bool:
    """Return whether ``path`` is ``root_path`` or starts with all its segments."""
    return f"{path}/".startswith(f"{root_path}/")
