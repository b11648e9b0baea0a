# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stored responses: what is kept of a response, and how it is sent again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fastapi import HTTPException, Request, Response

__all__ = [
    "REPLAYED_HEADER",
    "StoredResponse",
    "dump_headers",
    "respond_empty",
]

#: Header that marks a stored response, as in Stripe's API.
REPLAYED_HEADER = "Idempotent-Replayed"
#: Lower-case names of headers that belong to one delivery of a response, or to one
#: client: cookies, CORS, limits, what proxies and servers add. A stored response is
#: sent with those of the current request. A hyphen at the end marks a prefix.
_CURRENT = frozenset(
    """
    access-control- age alt-svc date ratelimit ratelimit- server set-cookie traceparent
    tracestate via x-ratelimit- x-request-id
    """.split()
)
_CURRENT_PREFIXES = tuple(name for name in _CURRENT if name.endswith("-"))
#: Headers of the connection, which the server sets itself.
_NEVER = frozenset(
    """
    connection content-length keep-alive proxy-connection te trailer transfer-encoding
    upgrade
    """.split()
)


class StoredResponse(HTTPException):
    """Ends a request whose key has a response already.

    The dispatcher rolls the request back and sends the stored response. The app sees an
    ``HTTPException``, so that its middleware can add headers as usual.

    :param status: status code of the stored response
    :param headers: its headers, as :func:`dump_headers` returns them
    :param body: its body
    """

    #: For observers (``odoo.addons.fastapi.observers``).
    is_error = False

    def __init__(self, status: int, headers: str, body: bytes) -> None:
        super().__init__(status, "The response that is stored for the Idempotency-Key")
        self.stored_headers: list[tuple[str, str]] = [
            (name, value) for name, value in json.loads(headers)
        ]
        self.stored_body = body

    def make_headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the headers to send.

        :param pairs: headers of the current response of the app; some are taken over
        """
        current = [(name, value) for name, value in pairs if _is_current(name)]
        return [*self.stored_headers, *current, (REPLAYED_HEADER, "true")]


def dump_headers(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the headers to store, as JSON."""
    return json.dumps(
        [
            (name, value)
            for name, value in pairs
            if name.lower() not in _NEVER and not _is_current(name)
        ]
    )


def _is_current(name: str) -> bool:
    name = name.lower()
    return name in _CURRENT or name.startswith(_CURRENT_PREFIXES)


def respond_empty(request: Request, exc: Any) -> Response:
    """Return a response for the middleware of the app; the client gets the stored one.

    This is the exception handler of :class:`StoredResponse`.
    """
    return Response(status_code=exc.status_code)
