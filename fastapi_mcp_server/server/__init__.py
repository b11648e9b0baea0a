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

The call of a tool becomes a request to its route. So authentication, dependencies,
validation, access rights, rates, the transaction, its replay, and background tasks are
those of any request. Every other message becomes a request to a hidden route, which
finds out who calls, and what this caller may see.

*The protocol is that of the official SDK.* It checks messages and headers, knows all
revisions, and what each one's results look like. Sessions are not issued: the SDK's
session manager is stateless, so each worker can handle each request. Each request has a
session manager of its own, because its tasks have to run on the event loop of the
request. Nothing but the registered handlers is kept from one request to the next.

*Own code is what the SDK can't do below Odoo.* It opens a stream of events after 15
seconds, while a handler still runs, and a stream is committed when it starts. It also
leaves a task on the event loop that never ends (``sse_starlette``). So it only
makes plain responses here, and ``progress`` makes a stream of them if the route
streams. Its manager logs each request; ``quiet`` keeps that out of the log.

An import points up this list:

``quiet``           keeps what the SDK logs of each request out of Odoo's log
``messages``        what the client has sent
``access``          what a caller may call
``authorization``   tells clients without a valid token where to get one
``identification``  the hidden route
``texts``           responses of routes as texts for agents
``results``         and as results of tools, resources and prompts
``headers``         which headers the inner request and the client get
``progress``        a stream of a route as a stream of events
``call``            one message: its inner request, its response
``handlers``        the SDK's server
``middleware``      decides which requests are for the MCP server
"""

from .middleware import (
    McpOffer,
    McpServer,
    McpSettings,
    add_mcp_server,
    get_mcp_server,
    move_outermost,
)

__all__ = [
    "McpOffer",
    "McpServer",
    "McpSettings",
    "add_mcp_server",
    "get_mcp_server",
    "move_outermost",
]
