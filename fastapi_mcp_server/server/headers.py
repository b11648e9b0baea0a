# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Headers of the inner request, and of the response to the client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..tools import RouteCall, ToolRequest
from .messages import ClientMessage

__all__ = ["get_implied_key", "make_request_headers", "merge_response_headers"]

RawHeaders = list[tuple[bytes, bytes]]

_KEY = b"idempotency-key"
#: Headers of the client's request that are about its own body, its connection, or the
#: response that it gets.
_NOT_PASSED = frozenset(
    {
        *(b"accept", b"accept-encoding", b"connection", b"expect", b"keep-alive"),
        *(b"last-event-id", b"origin-trial", b"range", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", _KEY),
    }
)
_PREFIXES_NOT_PASSED = (b"content-", b"if-", b"mcp-")
#: Headers of the inner response that are about its body. A reverse proxy would replace
#: the body because of ``X-Accel-Redirect`` and ``X-Sendfile``.
_OF_BODY = frozenset(
    {
        *(b"accept-ranges", b"age", b"cache-control", b"connection", b"digest"),
        *(b"etag", b"expires", b"keep-alive", b"last-modified", b"location"),
        *(b"pragma", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"x-accel-redirect", b"x-sendfile"),
    }
)
_ACCEPT = (b"accept", b"application/json, text/*;q=0.9, */*;q=0.8")


def make_request_headers(
    outer: Iterable[tuple[bytes, bytes]],
    message: ClientMessage,
    request: ToolRequest,
    call: RouteCall | None,
) -> RawHeaders:
    """Return the headers of the inner request.

    Headers of the client are passed on, for example ``Authorization`` and
    ``Accept-Language``, except for those about its own body and connection.

    :param outer: headers of the client's request
    :param request: the request for the call
    :param call: what the client calls, None for the hidden route
    """
    outer = list(outer)
    implied_key = get_implied_key(outer, message, request, call)
    headers = [
        (name, value)
        for name, value in outer
        if name not in _NOT_PASSED and not name.startswith(_PREFIXES_NOT_PASSED)
    ]
    own = list(request.headers)
    if call is not None and call.takes_key:
        sent = next((value for name, value in outer if name == _KEY), None)
        if sent is not None:
            own = [pair for pair in own if pair[0] != _KEY]
            headers.append((_KEY, sent))
        elif implied_key is not None:
            # a string with its quotation marks, see RFC 9651
            escaped = implied_key.replace("\\", "\\\\").replace('"', '\\"')
            headers.append((_KEY, f'"{escaped}"'.encode()))
    replaced = {name for name, _value in own if name != b"cookie"}
    headers = [pair for pair in headers if pair[0] not in replaced]
    cookies = [value for name, value in (*headers, *own) if name == b"cookie"]
    headers = [pair for pair in (*headers, *own) if pair[0] != b"cookie"]
    if cookies:
        headers.append((b"cookie", b"; ".join(cookies)))
    if b"accept" not in replaced:
        headers.append(_ACCEPT)
    headers.append((b"content-length", str(len(request.body)).encode()))
    return headers


def get_implied_key(
    outer: Iterable[tuple[bytes, bytes]],
    message: ClientMessage,
    request: ToolRequest,
    call: RouteCall | None,
) -> str | None:
    """Return the ``Idempotency-Key`` if it is the id of the message.

    The client may not have meant its id as a key. A stream can't have one.

    :param outer: see :func:`make_request_headers`
    """
    if call is None or not call.takes_key or call.streams:
        return None
    if any(name == _KEY for name, _value in (*outer, *request.headers)):
        return None
    return message.idempotency_key


def merge_response_headers(
    own: Sequence[tuple[bytes, bytes]],
    inner: Sequence[tuple[bytes, bytes]],
    is_refusal: bool,
) -> RawHeaders:
    """Return the headers of the response to the client.

    Headers of the inner response that are not about its body are passed on, for example
    those of CORS, rates and cookies.

    :param own: headers of the response itself
    :param is_refusal: whether the client gets the status of the inner response
    """
    names = {name.lower() for name, _value in own}
    passed = [
        (name, value)
        for name, value in inner
        if (lower := name.lower()) not in _OF_BODY
        and not lower.startswith(b"content-")
        and lower not in names
        and (is_refusal or lower != b"www-authenticate")
    ]
    return [*own, *passed]
