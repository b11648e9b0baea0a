# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The ASGI scope of a WSGI request.

``a2wsgi`` builds it; what is left to do here is to say where the app is mounted, and
to refuse or repair what a client may send and ``a2wsgi`` takes for granted.
"""

from collections.abc import MutableMapping
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import quote, urlsplit

from a2wsgi.asgi import build_scope as a2wsgi_build_scope
from werkzeug.exceptions import BadRequest

__all__ = ["build_scope", "wsgi_path"]

Scope = MutableMapping[str, Any]

#: Every ASCII character: they pass the query string as they came.
_ASCII = "".join(map(chr, range(128)))


def wsgi_path(environ: dict[str, Any]) -> str:
    """Return the path of a WSGI environ as text; what is not UTF-8 is replaced."""
    return environ["PATH_INFO"].encode("latin-1").decode(errors="replace")


def _is_host(value: str) -> bool:
    """Return whether a ``Host`` header is one that the app's URLs can be made of."""
    try:
        parts = urlsplit(f"//{value}")
        if "[" in value or "]" in value:
            # urlsplit of Python 3.10 takes anything between them
            IPv6Address(value[1:].partition("]")[0])
        return parts.netloc == value and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False


def build_scope(environ: dict[str, Any], root_path: str) -> Scope:
    """Return the ASGI scope of a request to an app mounted at ``root_path``.

    ``SCRIPT_NAME`` (the prefix of a reverse proxy) and the mount point together
    become the scope's ``root_path``; ``path`` contains it, as ASGI wants.

    :param environ: WSGI environ whose ``PATH_INFO`` starts with ``root_path``
    :param root_path: mount point, with a leading and without a trailing slash
    :return: the scope, with a ``state`` of its own
    :raises werkzeug.exceptions.BadRequest: the path is not UTF-8 or holds a NUL, or
        the ``Host`` header is none
    """
    script_name = environ.get("SCRIPT_NAME", "")
    mount = root_path.encode().decode("latin-1")  # WSGI strings are latin-1
    environ = {
        **environ,
        "SCRIPT_NAME": script_name + mount,
        "PATH_INFO": environ["PATH_INFO"][len(mount) :],
    }
    if "\0" in environ["PATH_INFO"]:
        # PostgreSQL fails at it, and StaticFiles of older versions of Starlette
        raise BadRequest("The path of the URL holds a NUL character.")
    host = environ.get("HTTP_HOST", "")
    if not _is_host(host):
        raise BadRequest(f"The Host header names no host: {host}")
    port = environ["SERVER_PORT"]
    if not (port.isascii() and port.isdigit()):
        # werkzeug's ProxyFix takes it from X-Forwarded-Host, which may end in a colon
        https = environ["wsgi.url_scheme"] == "https"
        environ["SERVER_PORT"] = "443" if https else "80"
    query = environ.get("QUERY_STRING", "")
    if not query.isascii():
        # a2wsgi.asgi.build_scope encodes as ASCII and raises
        environ["QUERY_STRING"] = quote(query.encode("latin-1"), safe=_ASCII)
    try:
        scope: Scope = a2wsgi_build_scope(environ)
    except UnicodeDecodeError as err:
        raise BadRequest("The path of the URL is not encoded as UTF-8.") from err
    scope["state"] = {}
    return scope
