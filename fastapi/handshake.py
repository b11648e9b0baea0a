# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Checks the handshake of a WebSocket (RFC 6455, section 4.2.1).

Browsers let any page open a WebSocket to any site, and send the cookies of that site.
So the ``Origin`` is checked here: CORS does not apply.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import odoo

from .exceptions import WebSocketRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from odoo.http import Response

__all__ = [
    "VERSION",
    "check_handshake",
    "check_origin",
    "clean_origin",
    "get_environ",
    "is_known_origin",
    "is_upgrade",
    "keep_refusal",
]

#: The version of the protocol that RFC 6455 describes.
VERSION = "13"
#: Bytes of a decoded ``Sec-WebSocket-Key``.
KEY_LENGTH = 16
#: Attribute of a response whose body will be sent.
_KEPT = "_fastapi_kept"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
#: Scheme, host and port (RFC 6454, section 6.2), in lower case.
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:\[[0-9a-f:.]+\]|[\w.~-]+)(?::[0-9]{1,5})?"
)


def is_upgrade(environ: Mapping[str, Any]) -> bool:
    """Return whether a client asks for a WebSocket."""
    upgrade: str = environ.get("HTTP_UPGRADE", "")
    # a server joins headers that come twice
    return bool(upgrade) and "websocket" in map(str.strip, upgrade.lower().split(","))


def clean_origin(text: str) -> str | None:
    """Return a normalized origin, None if the text is not an origin.

    :param text: for example ``https://Shop.example:443``, or ``*``
    """
    if text == "*":
        return text
    origin = text.lower()
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return None
    return origin.removesuffix(_DEFAULT_PORTS.get(found["scheme"], "/"))


def check_handshake(environ: Mapping[str, Any]) -> None:
    """Refuse a request that can't become a WebSocket.

    :param environ: WSGI environ
    :raises WebSocketRefused: with a sentence that says what is wrong
    """
    if environ["REQUEST_METHOD"] != "GET":
        raise WebSocketRefused(405, "A WebSocket is opened with GET.", {"Allow": "GET"})
    options = environ.get("HTTP_CONNECTION", "").lower().split(",")
    if "upgrade" not in map(str.strip, options):
        raise WebSocketRefused(
            400,
            "The header Connection does not name Upgrade. A proxy has to pass on both "
            "headers of a WebSocket: Connection and Upgrade.",
        )
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != VERSION:
        raise WebSocketRefused(
            426,
            f"This server speaks version {VERSION} of the WebSocket protocol.",
            # by RFC 9110, 426 needs the header Upgrade, but a server of WSGI sets it
            {"Sec-WebSocket-Version": VERSION},
        )
    if not _is_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")):
        raise WebSocketRefused(
            400, "Sec-WebSocket-Key has to be 16 bytes, encoded as Base64."
        )
    length = environ.get("CONTENT_LENGTH") or "0"
    if length != "0" or environ.get("HTTP_TRANSFER_ENCODING"):
        raise WebSocketRefused(400, "A request for a WebSocket can't have a body.")
    if environ.get("socket") is None:
        raise WebSocketRefused(
            503,
            "This process of the server has no WebSockets. The proxy in front of Odoo "
            "has to send requests with the header Upgrade: websocket to the evented "
            "server (gevent_port).",
        )
    upgrade = environ["HTTP_UPGRADE"]
    if odoo.evented:
        upgrade = upgrade.lower()
    if upgrade != "websocket":
        # odoo.service.server.RequestHandler only knows this spelling, and would close
        # the connection
        raise WebSocketRefused(
            400, "This server needs the header Upgrade: websocket, once, in lower case."
        )


def is_known_origin(
    origin: str | None, own: str, allowed: Collection[str] = ()
) -> bool:
    """Return whether an origin is this site, or one that is allowed by its name.

    :param origin: header ``Origin``, None without one
    :param own: scheme and host of the URL that the client has called
    :param allowed: normalized origins
    """
    # "null" and several origins are not valid
    cleaned = clean_origin(origin or "")
    return cleaned is not None and (cleaned == clean_origin(own) or cleaned in allowed)


def check_origin(origin: str | None, own: str, allowed: Collection[str]) -> bool:
    """Refuse pages of sites that may not open a WebSocket.

    :param origin: header ``Origin``, None without one: the client is no browser
    :param own: scheme and host of the URL that the client has called
    :param allowed: normalized origins, ``*`` for all
    :return: whether the origin is known by name; if not, any page may have sent it
    :raises WebSocketRefused: 403
    """
    if origin is None or is_known_origin(origin, own, allowed):
        return True
    if "*" in allowed:
        return False
    raise WebSocketRefused(
        403,
        f"Pages of {origin} may not open a WebSocket here. An administrator can add "
        "this origin to the endpoint.",
    )


def keep_refusal(response: Response, httprequest: Any) -> Response:
    """Send the body of a response that refuses a WebSocket; return the response.

    Odoo's threaded server drops it, and sends the headers only
    (``odoo.service.server.RequestHandler.end_headers``). Clients then wait for the
    body, or report that they got no valid response.

    :param response: a response of Odoo, not a stream
    :param httprequest: the request, of Odoo
    """
    environ = get_environ(httprequest)
    sock = environ.get("socket")
    # the same test as in RequestHandler, which reads the first header if there are two
    upgrade = environ.get("HTTP_UPGRADE", "").partition(",")[0]
    if upgrade != "websocket" or sock is None or odoo.evented:
        return response
    if _KEPT not in vars(response):
        body = response.get_data()
        vars(response)[_KEPT] = True
        # it closes the connection, and drops the header that says so if it is spelled
        # in the usual way
        response.headers["connection"] = "close"
        response.call_on_close(partial(_send, sock, body))
    return response


def get_environ(httprequest: Any) -> dict[str, Any]:
    """Return the whole WSGI environ of a request of Odoo."""
    # odoo.http.HTTPRequest hides the body and the server's keys of the environ (19.0,
    # HTTPREQUEST_ATTRIBUTES); tests over HTTP fail if that changes
    environ: dict[str, Any] = httprequest._HTTPRequest__wrapped.environ
    return environ


def _send(sock: Any, body: bytes) -> None:
    with suppress(OSError):  # the client has gone
        sock.sendall(body)


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_LENGTH
    except ValueError:
        return False
