# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Rules for the root paths of endpoints."""

from __future__ import annotations

import re

__all__ = ["RESERVED_SEGMENTS", "VALID_ROOT_PATH", "clean_root_path"]

#: First segments of paths that Odoo itself serves.
RESERVED_SEGMENTS = frozenset(
    {
        "",
        "json",
        "jsonrpc",
        "longpolling",
        "odoo",
        "web",
        "website",
        "websocket",
        "xmlrpc",
    }
)
#: Segments of letters and digits in any language, which browsers percent-encode, and
#: of the other characters that a path may hold unencoded (RFC 3986, ``pchar``); not
#: ``.`` and ``..``.
VALID_ROOT_PATH = re.compile(r"(/(?!\.\.?(/|$))[\w.~!$&'()*+,;=:@-]+)+")


def clean_root_path(root_path: str | bool | None) -> str:
    """Return the normalized form of a root path: one ``/`` before each segment.

    >>> clean_root_path(" api//v1/ ")
    '/api/v1'
    >>> clean_root_path("")
    '/'
    """
    return "/" + "/".join(filter(None, (root_path or "").strip().split("/")))
