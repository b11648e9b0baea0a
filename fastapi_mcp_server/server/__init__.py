# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The MCP server of an app: an ASGI middleware around it.

Agents send messages of the Model Context Protocol to ``POST <root path>/mcp``. One
HTTP request has one message, and is one transaction::

    OutermostMiddleware               of the addon fastapi
        McpServer                     (middleware) reads the message
            the SDK's server          checks it, calls a handler, makes the response
                handlers              tools/call, tools/list, resources/read, …
                    InnerRequest      a request to a route of the app
        the app's own middleware
            its routes                with their dependencies
                the hidden route      finds out who calls (identification)

A tool call becomes a request to the route of the tool. So authentication, dependencies,
validation, access rights, rates, the transaction, its replay, and background tasks work
as in any request. The same holds for resources and prompts. Every other message becomes
a request to a hidden route, which finds out who calls, and what this caller may see.

*The official SDK implements the protocol.* It checks messages and headers, and knows
all revisions and the format of their results. There are no sessions: the SDK's session
manager is stateless, so any worker can handle any request. Each request has a session
manager of its own, because the manager's tasks have to run on the event loop of the
request. Only the registered handlers are kept from one request to the next.

*Own code does what the SDK can't do below Odoo.* After 15 seconds, the SDK would start
an event stream while a handler is still running, and Odoo would commit the transaction
at that time. It would also leave a task on the event loop that never ends
(``sse_starlette``). So the SDK only makes plain responses here, and ``progress`` makes
an event stream if the route streams. The SDK's session manager logs each request;
``quiet`` keeps that out of the log.

An import points up this list:

``quiet``           keeps what the SDK logs of each request out of Odoo's log
``messages``        what the client has sent
``access``          what a caller may call
``authorization``   tells clients without a valid token where to get one
``identification``  the hidden route
``texts``           errors of routes as messages for agents
``results``         responses of routes as results of tools, resources and prompts
``headers``         which headers the inner request and the client get
``progress``        a stream of a route as an event stream
``call``            handles one message: its inner request, its response
``handlers``        the SDK's server
``middleware``      passes requests for the MCP server to it
"""

from .authorization import MCP_PATH
from .middleware import (
    CurrentOffer,
    McpServer,
    McpSettings,
    add_mcp_server,
    get_current_offer,
    move_outermost,
)

__all__ = [
    "MCP_PATH",
    "CurrentOffer",
    "McpServer",
    "McpSettings",
    "add_mcp_server",
    "get_current_offer",
    "move_outermost",
]
