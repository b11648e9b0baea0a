# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the dispatcher does for a WebSocket before and after the app accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odoo.sql_db import Cursor

from .auth.session import check_site_of_endpoint
from .callers import make_recheck
from .exceptions import WebSocketRefused
from .follow_up import leave_request
from .handshake import check_origin, get_environ
from .websockets import Connection, open_websockets

if TYPE_CHECKING:
    from odoo.sql_db import BaseCursor

    from .bridge import RequestState
    from .bridge.websocket import WebSocketExchange
    from .request_cycle import RequestCycle

__all__ = ["check_client", "check_cursor", "keep_websocket", "start_websocket"]

#: Detail of the 503 for a WebSocket in an ``HttpCase``, which has no commits.
_TEST_CURSOR = (
    "The app accepts this WebSocket, but a test on Odoo's test cursor can't go on: "
    "nothing is committed. Use the client of FastAPITransactionCase "
    "(websocket_connect), or a server of its own."
)


def check_client(request: Any, app: Any) -> None:
    """Refuse a client that may not open a WebSocket, before the app runs.

    Sets ``from_unknown_site`` of the dispatcher.

    :param request: request of Odoo
    :param app: the ``serving.EndpointWsgiApp`` of the endpoint, or an override's app
    :raises WebSocketRefused: the origin is not allowed, or a limit is reached
    :raises HTTPException: 403, only pages of known sites may use the session
    """
    if not hasattr(app, "connect"):  # the app of an override
        raise WebSocketRefused(403, "This API has no WebSockets.")
    env, httprequest = request.env, request.httprequest
    request.dispatcher.from_unknown_site = not check_origin(
        httprequest.headers.get("Origin"),
        f"{httprequest.scheme}://{httprequest.host}",
        app.origins,
    )
    check_site_of_endpoint()
    open_websockets.check_room(env.cr.dbname, app)


def keep_websocket(
    exchange: WebSocketExchange,
    app: Any,
    cycle: RequestCycle,
    request: Any,
    state: RequestState,
) -> None:
    """Keep a WebSocket that the app has accepted, until the commit.

    Finds out who has opened it, and how to check that again.

    :param exchange: the WebSocket
    :param app: the ``serving.EndpointWsgiApp`` of the endpoint
    :param cycle: the attempt
    :param request: request of Odoo
    :param state: state of the attempt
    :raises WebSocketRefused: a limit is reached
    :raises Exception: the app has swallowed a database error
    """
    connection = Connection(exchange, app, request.env.registry)
    cycle.accept(connection)
    connection.recheck = make_recheck(state, exchange.scope)
    caller = state.caller
    if caller is None:
        user = request.env["ir.http"]._get_authenticated_user()
        connection.caller = user.id or request.httprequest.remote_addr
    else:
        connection.caller = caller.user_id or ("partner", caller.partner_id)
    open_websockets.add(connection)


def check_cursor(cr: BaseCursor) -> None:
    """Refuse a WebSocket that can't go on, as its transaction is never committed.

    :param cr: cursor of the request
    :raises WebSocketRefused: a test on Odoo's test cursor opens a WebSocket
    """
    if not isinstance(cr, Cursor):
        raise WebSocketRefused(503, _TEST_CURSOR)


def start_websocket(connection: Connection, httprequest: Any) -> None:
    """Let the app of a WebSocket go on. The server has sent the 101.

    :param connection: the WebSocket, which is committed
    :param httprequest: the request, of Odoo
    """
    connection.exchange.context.run(leave_request)
    open_websockets.start(connection)
    # the server may have read the first frames together with the handshake
    environ = get_environ(httprequest)
    try:
        connection.exchange.serve(environ["socket"], environ["wsgi.input"])
    except BaseException:
        open_websockets.remove(connection)
        connection.exchange.abort()
        raise
