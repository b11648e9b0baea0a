# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The header ``Idempotency-Key``, and what makes two requests the same.

The syntax is that of draft-ietf-httpapi-idempotency-key-header-07: a string of
structured fields (RFC 9651), in quotation marks. Most clients send the key without
them, as Stripe's API and others expect, so both spellings are accepted, and mean the
same key.
"""

from __future__ import annotations

import hashlib
import io
import re
from typing import IO, TYPE_CHECKING

from fastapi import HTTPException

if TYPE_CHECKING:
    from odoo.addons.fastapi.bridge import InnerRequest

__all__ = [
    "EXAMPLE",
    "HEADER",
    "MAX_LENGTH",
    "METHODS",
    "fingerprint",
    "fingerprint_inner",
    "parse_key",
]

#: Name of the request header.
HEADER = "Idempotency-Key"
#: Methods whose requests have a key. By definition (RFC 9110, section 9.2.2), the
#: others change nothing, or can be repeated.
METHODS = frozenset({"POST", "PATCH"})
#: Characters of the longest key.
MAX_LENGTH = 255
#: A key for documentation and error messages.
EXAMPLE = "8e03978e-40d5-43dd-bc93-6894a57f9324"

#: ``sf-string`` of RFC 9651, section 3.3.3.
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
#: Visible ASCII characters without ``" , ; \``.
_TOKEN = re.compile(r"[!#-+\-.-:<-\[\]-~]+")
#: Characters of a refused key that the client reads again.
_SHOWN = 50
_CHUNK_SIZE = 64 * 1024  # bytes


def parse_key(value: str) -> str:
    """Return the key in a header.

    :raises HTTPException: 400, it is not a key
    """
    value = value.strip(" \t")
    quoted = _STRING.fullmatch(value)
    if quoted:
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    else:
        key = value if _TOKEN.fullmatch(value) else ""
    if not 0 < len(key) <= MAX_LENGTH:
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        raise HTTPException(
            400,
            f"This is not an {HEADER}: {shown!r}. Send 1 to {MAX_LENGTH} visible ASCII "
            f'characters in quotation marks, such as "{EXAMPLE}". Without the marks, '
            'it may have no space and none of " , ; \\.',
        )
    return key


def fingerprint_inner(inner: InnerRequest) -> str:
    """Return the fingerprint of a tool call, see :func:`fingerprint`."""
    scope = inner.scope
    content_type = dict(scope["headers"]).get(b"content-type", b"")
    return fingerprint(
        scope["method"],
        scope["path"],
        scope["query_string"].decode("latin-1"),
        content_type.decode("latin-1"),
        io.BytesIO(inner.body),
    )


def fingerprint(
    method: str, path: str, query: str, content_type: str, body: IO[bytes]
) -> str:
    """Return what requests with the same key must have in common.

    Clients that send a form again separate its parts by another boundary, which
    therefore does not count.

    :param body: a file; its position does not change
    :return: a hash, as hexadecimal digits
    """
    media_type, _separator, parameters = content_type.partition(";")
    delimiter = b""
    if media_type.strip().lower().startswith("multipart/"):
        found = re.search(r'boundary="?([^";,]+)', parameters, re.IGNORECASE)
        if found:
            delimiter = b"--" + found[1].strip().encode("latin-1", "replace")
            content_type = media_type + parameters[: found.start()]
            content_type += parameters[found.end() :]
    head = "\0".join((method, path, query, content_type, ""))
    result = hashlib.sha256(head.encode("utf-8", "surrogateescape"))
    position = body.tell()
    body.seek(0)
    is_start = True  # of a line, where a delimiter may be
    try:
        while (
            chunk := body.readline(_CHUNK_SIZE) if delimiter else body.read(_CHUNK_SIZE)
        ):
            if delimiter and is_start:
                is_delimiter = chunk.startswith(delimiter)
                # else a line of a value could look like a delimiter
                result.update(b"1" if is_delimiter else b"0")
                chunk = chunk.removeprefix(delimiter)
            is_start = chunk.endswith(b"\n")
            result.update(chunk)
    finally:
        body.seek(position)
    return result.hexdigest()
