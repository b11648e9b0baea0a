# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tells clients without a valid token where to get one.

The 401 of an MCP server names the URL of a document (RFC 9728), which ``controllers``
serves. The document names the OAuth servers that issue tokens for the MCP server::

    POST /api/mcp                                         401, resource_metadata="…"
    GET /.well-known/oauth-protected-resource/api/mcp     authorization_servers: […]
    the client logs the user in at one of them, and asks for a token
    POST /api/mcp, with the token                         200

The ways to authenticate know these servers (``Way.authorization_servers``). Without
one, there is no document, and the 401 stays as it is: an API key is a bearer token that
no server issues.

A token that lacks a scope gets a 403 of HTTP, by which clients ask for a better token.
Any other 403 is the result of a tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import Scope

from odoo.addons.fastapi.app.openapi import quote_path
from odoo.addons.fastapi.auth import Caller, Way
from odoo.addons.fastapi.auth.overrides import find_ways
from odoo.addons.fastapi.auth.requirements import SCOPE

__all__ = ["MCP_PATH", "WELL_KNOWN", "ProtectedResource", "get_base_url"]

#: Path of the MCP server below the root path of its endpoint.
MCP_PATH = "/mcp"
#: Path of the documents; the path of the resource follows.
WELL_KNOWN = "/.well-known/oauth-protected-resource"

RawHeaders = Sequence[tuple[bytes, bytes]]

#: A quoted text, or the scheme of a challenge in ``WWW-Authenticate``.
_BEARER = re.compile(
    rb'"(?:\\.|[^"\\])*"|(?:^|(?<=,))\s*(?P<scheme>bearer)(?=[\s,]|$)', re.IGNORECASE
)
_SCOPE = re.compile(rb'\bscope="[^"]*"')
_INSUFFICIENT = re.compile(rb'\berror="insufficient_scope"')


@dataclass(frozen=True)
class ProtectedResource:
    """The MCP server of an endpoint.

    :param name: name of the endpoint
    :param path: path of the MCP server, not quoted
    :param ways: the ways of the endpoint that have authorization servers
    :param scopes: the scopes that tools require
    """

    name: str
    path: str
    ways: tuple[Way, ...]
    scopes: tuple[str, ...] = ()

    @classmethod
    def find(
        cls, app: FastAPI, *, name: str, root_path: str, scopes: Iterable[str]
    ) -> ProtectedResource | None:
        """Return the MCP server of an app, None if no OAuth server has tokens for it.

        :param name: name of the endpoint
        :param root_path: root path of the endpoint
        :param scopes: the scopes that tools require
        """
        ways = find_ways(app.dependency_overrides)
        ways = tuple(way for way in ways if way.authorization_servers)
        if not ways:
            return None
        return cls(name, f"{root_path}{MCP_PATH}", ways, tuple(scopes))

    def make_metadata(self, base_url: str) -> dict[str, Any]:
        """Return the document.

        :param base_url: URL of Odoo for the client, see :func:`get_base_url`
        """
        servers = (server for way in self.ways for server in way.authorization_servers)
        metadata = {
            "resource": f"{base_url}{quote_path(self.path)}",
            "resource_name": self.name,
            "authorization_servers": list(dict.fromkeys(servers)),
            "bearer_methods_supported": ["header"],
        }
        scopes = self._get_client_scopes(self.scopes)
        # a client that reads an empty list would ask for no scope
        return {**metadata, "scopes_supported": scopes} if scopes else metadata

    def must_log_in(
        self, status: int, headers: RawHeaders, caller: Caller | None
    ) -> bool:
        """Return whether the response tells the client to get a token with more scopes.

        Only clients with a token can do that; others need an error that they can read.

        :param status: status of the response to the call of a tool
        :param headers: its headers
        :param caller: who has called, if known
        """
        return (
            status == 403
            and caller is not None
            and any(caller.method == way.name for way in self.ways)
            and any(
                name.lower() == b"www-authenticate" and _INSUFFICIENT.search(value)
                for name, value in headers
            )
        )

    def challenge(
        self, headers: RawHeaders, base_url: str, scopes: Iterable[str] | None = None
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of a 401, or of a 403 for a scope, with more parameters.

        The challenge ``Bearer`` gets the URL of the document, and the scopes that the
        client should ask for. The challenge is added if the response has none.

        :param base_url: URL of Odoo for the client, see :func:`get_base_url`
        :param scopes: scopes that the call of a tool requires; default: those of all
        """
        url = f"{base_url}{WELL_KNOWN}{quote_path(self.path)}"
        added = {"resource_metadata": url}
        names = self._get_client_scopes(self.scopes if scopes is None else scopes)
        if names:
            added["scope"] = " ".join(names)
        result = []
        done = False
        for name, value in headers:
            if name.lower() == b"www-authenticate" and not done:
                value, done = _extend(value, added)
            result.append((name, value))
        if not done:
            result.append((b"www-authenticate", b"Bearer " + _format(added)))
        return result

    def _get_client_scopes(self, scopes: Iterable[str]) -> list[str]:
        scopes = sorted(set(scopes))
        found = (name for way in self.ways for name in way.get_client_scopes(scopes))
        # FastAPI's Security accepts others, which a header can't have
        return list(dict.fromkeys(filter(SCOPE.fullmatch, found)))


def get_base_url(scope: Scope, root_path: str = "") -> str:
    """Return the URL of Odoo as the client sees it, without a slash at its end.

    It has the prefix that a reverse proxy has removed.

    :param scope: scope of a request, of the bridge, which has checked the host
    :param root_path: root path of the endpoint, the end of the scope's
    """
    host = Headers(scope=scope).get("host") or ":".join(map(str, scope["server"]))
    # some clients send the letters of other alphabets as they are
    host = quote(host.encode("latin-1"), "[]:!$&'()*+,;=~%")
    prefix = scope["root_path"].removesuffix(root_path)
    return f"{scope['scheme']}://{host}{quote_path(prefix)}"


def _extend(value: bytes, added: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return a value of ``WWW-Authenticate`` with more parameters of ``Bearer``.

    :return: the value, and whether it has this challenge
    """
    for match in _BEARER.finditer(value):
        if not match["scheme"]:
            continue
        start, rest = value[: match.end()], value[match.end() :]
        if "scope" in added:
            rest, replaced = _SCOPE.subn(_format({"scope": added["scope"]}), rest, 1)
            if replaced:
                added = {name: added[name] for name in added if name != "scope"}
        has_parameters = rest.strip() and not rest.lstrip().startswith(b",")
        separator = b"," if has_parameters else b""
        return start + b" " + _format(added) + separator + rest, True
    return value, False


def _format(parameters: Mapping[str, str]) -> bytes:
    """Return parameters of a challenge; their values have no quotes."""
    texts = (f'{name}="{value}"' for name, value in parameters.items())
    return ", ".join(texts).encode("ascii")
