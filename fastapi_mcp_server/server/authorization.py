# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tells clients without a valid token where to get one.

The 401 of an MCP server has the URL of its protected resource metadata (RFC 9728).
``controllers`` serves the metadata, which names the authorization servers that issue
tokens for the MCP server::

    POST /api/mcp                                         401, resource_metadata="…"
    GET /.well-known/oauth-protected-resource/api/mcp     authorization_servers: […]
    the client logs the user in at one of them, and asks for a token
    POST /api/mcp, with the token                         200

The ways to authenticate know these servers (``Way.authorization_servers``). If there is
none, there is no metadata, and the 401 stays as it is: no server issues API keys.

A token that lacks a scope gets an HTTP response with the status 403, so that the client
asks for another token. Any other 403 becomes the result of the tool.
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
#: Path of the metadata; the path of the MCP server follows.
WELL_KNOWN = "/.well-known/oauth-protected-resource"

RawHeaders = Sequence[tuple[bytes, bytes]]

#: A quoted string, or the scheme ``Bearer`` of a challenge in ``WWW-Authenticate``.
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
        """Return the MCP server of an app, None if no server issues tokens for it.

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
        """Return the protected resource metadata.

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

        The challenge ``Bearer`` gets the URL of the metadata, and the scopes that the
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
        # FastAPI's Security accepts names that a header can't have
        return list(dict.fromkeys(filter(SCOPE.fullmatch, found)))


def get_base_url(scope: Scope, root_path: str = "") -> str:
    """Return the URL of Odoo as the client sees it, without a slash at its end.

    It includes the prefix that a reverse proxy has removed.

    :param scope: made by the bridge, which has checked the host
    :param root_path: root path of the endpoint, with which the ``root_path`` of the
        scope ends
    """
    host = Headers(scope=scope).get("host") or ":".join(map(str, scope["server"]))
    # some clients send non-ASCII letters as they are
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
    """Return the parameters of a challenge. Their values must not have quotes."""
    texts = (f'{name}="{value}"' for name, value in parameters.items())
    return ", ".join(texts).encode("ascii")
