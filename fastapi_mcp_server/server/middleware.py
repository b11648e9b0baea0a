# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``McpServer``: the outermost middleware of an app, which serves agents."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.middleware import Middleware

from odoo.addons.fastapi.bridge import get_state
from odoo.addons.fastapi.handshake import is_known_origin

from ..tools import collect_tools
from .access import get_scopes
from .authorization import MCP_PATH, ProtectedResource
from .identification import add_hidden_route
from .quiet import install_filter

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .call import Offer

__all__ = [
    "CurrentOffer",
    "McpServer",
    "McpSettings",
    "add_mcp_server",
    "get_current_offer",
    "move_outermost",
]

_logger = logging.getLogger(__name__)

#: Attribute of ``app.state``: the :class:`CurrentOffer`.
_ATTRIBUTE = "odoo_mcp_offer"


@dataclass(frozen=True)
class McpSettings:
    """The settings of an MCP server, from its endpoint.

    :param name: name of the endpoint
    :param root_path: its root path
    :param instructions: what agents have to know about the API
    :param only_reads: whether tools that write are left out
    :param max_result: bytes of the longest text of a result
    :param origins: normalized origins of other sites whose pages may connect, ``*`` for
        all
    """

    name: str
    root_path: str
    instructions: str | None
    only_reads: bool
    max_result: int
    origins: frozenset[str]


class CurrentOffer:
    """What the MCP server of an app offers now.

    It is made again when the routes of the app have changed.
    """

    def __init__(self, settings: McpSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._offer: Offer | None = None
        self._document: object = None

    def get(self, app: FastAPI) -> Offer:
        """Return what the MCP server offers now.

        :param app: the app, prepared
        """
        offer = self._offer
        # a new document means that the routes have changed
        if offer is None or app.openapi_schema is not self._document:
            with self._lock:
                offer = self._offer
                if offer is None or app.openapi_schema is not self._document:
                    offer = self._offer = self._make(app)
                    self._document = app.openapi_schema
        return offer

    def _make(self, app: FastAPI) -> Offer:
        # Odoo loads the addon in each of its processes, most of them without an MCP
        # server. The import of the SDK takes a second: as long as that of FastAPI.
        from .call import Offer
        from .handlers import make_server

        settings = self.settings
        tools = collect_tools(app, settings.root_path)
        for label, reason in tools.refused:
            _logger.warning(
                "%s: %s is not for agents: %s", settings.name, label, reason
            )
        if settings.only_reads:
            reads = {name: tool for name, tool in tools.tools.items() if tool.read_only}
            tools = replace(tools, tools=reads)
        return Offer(
            tools=tools,
            server=make_server(
                tools, settings.name, app.version, settings.instructions
            ),
            max_result=settings.max_result,
            root_path=settings.root_path,
            protected_resource=ProtectedResource.find(
                app,
                name=settings.name,
                root_path=settings.root_path,
                scopes=[scope for call in tools.calls for scope in get_scopes(call)],
            ),
        )


class McpServer:
    """Middleware that responds to messages of agents.

    Other requests are passed on, also those for the same path: the app responds with a
    405, and its middleware for CORS responds to preflight requests of browsers.

    :param app: the next middleware, or the app
    :param offer: what it offers
    """

    def __init__(self, app: ASGIApp, offer: CurrentOffer) -> None:
        self.app = app
        self.offer = offer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or get_route_path(scope) != MCP_PATH
            or get_state(scope) is None
        ):
            await self.app(scope, receive, send)
            return
        origin = self._find_foreign_origin(scope)
        if origin is not None:
            await _refuse_origin(origin, send)
            return
        chunks = []
        more = True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        offer = self.offer.get(scope["app"])
        await offer.respond(self.app, scope, receive, send, b"".join(chunks))

    def _find_foreign_origin(self, scope: Scope) -> str | None:
        """Return the origin of the request, None if its pages may connect.

        The protocol requires this check. The rules are those of WebSockets
        (``fastapi.handshake``): pages of this site and of the origins of the
        endpoint may connect. Other programs send no origin. The middleware for CORS is
        not enough: it lets all requests pass, and only keeps pages from reading the
        response.
        """
        headers = Headers(raw=scope["headers"])
        origin = headers.get("origin")
        own = f"{scope['scheme']}://{headers.get('host', '')}"
        origins = self.offer.settings.origins
        if origin is None or "*" in origins or is_known_origin(origin, own, origins):
            return None
        return origin


async def _refuse_origin(origin: str, send: Send) -> None:
    from mcp_types import INVALID_REQUEST

    text = (
        f"Pages of {origin} may not call this MCP server. An administrator can add "
        "this origin to those of WebSockets of the endpoint."
    )
    error = {"code": INVALID_REQUEST, "message": text}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def add_mcp_server(app: FastAPI, settings: McpSettings) -> None:
    """Add an MCP server to an app, as the outermost middleware.

    :param app: has its dependency overrides
    """
    install_filter()
    offer = CurrentOffer(settings)
    setattr(app.state, _ATTRIBUTE, offer)
    add_hidden_route(app)
    app.user_middleware.insert(0, Middleware(McpServer, offer=offer))


def move_outermost(app: FastAPI) -> None:
    """Move the middleware around that of other addons.

    The order in which Odoo loads addons is different after one was installed.

    :param app: the app, with all its middleware
    """
    middleware = sorted(app.user_middleware, key=_is_of_others)
    if middleware[0] is not app.user_middleware[0]:
        app.user_middleware[:] = middleware
        if app.middleware_stack is not None:
            app.middleware_stack = app.build_middleware_stack()


def _is_of_others(middleware: Any) -> bool:
    return middleware.cls is not McpServer


def get_current_offer(app: FastAPI) -> CurrentOffer | None:
    """Return what an app offers to agents, None if it has no MCP server."""
    offer: CurrentOffer | None = getattr(app.state, _ATTRIBUTE, None)
    return offer
