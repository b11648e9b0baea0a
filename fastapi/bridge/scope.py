# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Builds the ASGI scope of a WSGI request, with ``a2wsgi``.

This module adds the mount point, and refuses or repairs values that ``a2wsgi`` does not
check.
"""

import re
from collections.abc import MutableMapping
from ipaddress import IPv6Address
from typing import Any, cast
from urllib.parse import quote, unquote_to_bytes

from a2wsgi.asgi import build_scope as a2wsgi_build_scope
from werkzeug.exceptions import BadRequest

__all__ = ["build_scope", "build_websocket_scope", "get_forwarded_prefix", "wsgi_path"]

Scope = MutableMapping[str, Any]

#: Host and port (RFC 3986, 3.2.2). The name may be empty, but not a part of it, which
#: has at most 63 characters (RFC 1035). It may have underscores, like names of
#: containers.
_HOST = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]"
    r"|(?:(?:[a-z0-9_~!$&'()*+,;=-]|%[0-9a-f]{2}){1,63}(?:\.|(?=:|$)))*)"
    r"(?::(?P<port>[0-9]{0,5}))?",
    re.ASCII | re.IGNORECASE,
)
#: Most characters of a host name (RFC 1035).
MAX_NAME_LENGTH = 253
#: A decoded path without dot segments: letters and digits of any alphabet, and other
#: characters of ``pchar`` (RFC 3986).
_PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[\w.~!$&'()*+,;=:@-]+)*")
#: All ASCII characters. A query string keeps them.
_ASCII = "".join(map(chr, range(128)))


def wsgi_path(environ: dict[str, Any]) -> str:
    """Return the path of a WSGI environ. Bytes that are not UTF-8 are replaced."""
    return environ["PATH_INFO"].encode("latin-1").decode(errors="replace")


def get_forwarded_prefix(header: str) -> str:
    """Return the prefix that a reverse proxy has removed, as ``SCRIPT_NAME``.

    It becomes part of URLs, and proxies may forward the header of a client. So it must
    be a path: ``//host`` and ``/\\host`` lead browsers to another host.

    :param header: value of ``X-Forwarded-Prefix``, of which the last item counts: that
        of the nearest proxy
    :return: the decoded path without a trailing slash; empty if it is not valid
    """
    prefix = header.rpartition(",")[2].strip(" \t").rstrip("/")
    encoded = unquote_to_bytes(prefix.encode("latin-1"))
    try:
        return encoded.decode("latin-1") if _PREFIX.fullmatch(encoded.decode()) else ""
    except UnicodeDecodeError:
        return ""


def _is_host(value: str) -> bool:
    """Return whether a ``Host`` header is valid for the URLs of an app."""
    try:
        if not value.isascii():
            # some clients send other alphabets without encoding them
            name, separator, port = value.encode("latin-1").decode().partition(":")
            if len(name) > MAX_NAME_LENGTH:
                return False
            name = name.encode("idna").decode()
            if ":" in name:  # of a colon of another width
                return False
            value = f"{name}{separator}{port}"
        match = _HOST.fullmatch(value)
        if match is None:
            return False
        if match["ipv6"]:
            IPv6Address(match["ipv6"])
    except ValueError:
        return False
    return int(match["port"] or 0) <= 65535


def build_scope(environ: dict[str, Any], root_path: str) -> Scope:
    """Return the ASGI scope of a request to an app mounted at ``root_path``.

    ``root_path`` of the scope is ``SCRIPT_NAME`` (the prefix of a reverse proxy) with
    the mount point. ``path`` starts with it, as in the ASGI specification.

    :param environ: WSGI environ whose ``PATH_INFO`` starts with ``root_path``
    :param root_path: mount point, with a leading and without a trailing slash
    :raises werkzeug.exceptions.BadRequest: the path is not UTF-8 or has a NUL, or the
        ``Host`` header is not a valid host
    """
    script_name = environ.get("SCRIPT_NAME", "")
    mount = root_path.encode().decode("latin-1")  # WSGI strings are latin-1
    environ = {
        **environ,
        "SCRIPT_NAME": script_name + mount,
        "PATH_INFO": environ["PATH_INFO"][len(mount) :],
    }
    if "\0" in environ["PATH_INFO"]:
        # PostgreSQL refuses it, and so does StaticFiles of older versions of Starlette
        raise BadRequest("The path of the URL holds a NUL character.")
    host = environ.get("HTTP_HOST", "")
    if not _is_host(host):
        raise BadRequest(f"The Host header names no host: {host}")
    port = environ["SERVER_PORT"]
    if not (port.isascii() and port.isdigit()):
        # ProxyFix reads it from X-Forwarded-Host, which may end with a colon
        https = environ["wsgi.url_scheme"] == "https"
        environ["SERVER_PORT"] = "443" if https else "80"
    if environ["wsgi.url_scheme"] not in ("http", "https"):
        # X-Forwarded-Proto could make URLs such as javascript://
        environ["wsgi.url_scheme"] = "http"
    query = environ.get("QUERY_STRING", "")
    if not query.isascii():
        # a2wsgi.asgi.build_scope would fail to encode it as ASCII
        environ["QUERY_STRING"] = quote(query.encode("latin-1"), safe=_ASCII)
    try:
        scope: Any = a2wsgi_build_scope(cast(Any, environ))
    except UnicodeDecodeError as err:
        raise BadRequest("The path of the URL is not encoded as UTF-8.") from err
    # Whitespace around a value does not belong to it (RFC 9110, section 5.5), but
    # http.server keeps it at the end.
    scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
    scope["state"] = {}
    return scope


def build_websocket_scope(environ: dict[str, Any], root_path: str) -> Scope:
    """Return the ASGI scope of a handshake, see :func:`build_scope`."""
    scope = build_scope(environ, root_path)
    del scope["method"]
    offered = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "").split(",")
    scope.update(
        type="websocket",
        scheme="wss" if scope["scheme"] == "https" else "ws",
        subprotocols=[name.strip() for name in offered if name.strip()],
        extensions={"websocket.http.response": {}},
    )
    return scope
