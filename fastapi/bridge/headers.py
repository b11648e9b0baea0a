# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Converts the headers of a response from ASGI to WSGI."""

from __future__ import annotations

__all__ = ["HOP_BY_HOP", "end_to_end_headers"]

#: Hop-by-hop headers (RFC 9110, 7.6.1), which the server sets. WSGI applications must
#: not set them (PEP 3333).
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authentication-info "
    b"proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)


def end_to_end_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Convert header pairs of ASGI to those of WSGI, without hop-by-hop headers."""
    pairs = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in HOP_BY_HOP
    ]
    if len(pairs) == len(headers):
        return pairs
    named = {
        option.strip()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.lower().decode("latin-1").split(",")
    }
    return [(name, value) for name, value in pairs if name.lower() not in named]
