# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bridge from WSGI (Odoo) to ASGI (FastAPI). It can run any ASGI app.

A request passes through it like this::

    WSGI environ ── scope ──> ASGI scope ─┐
    wsgi.input ──── body ───> receive() ──┼─> exchange: runs the app on the calling
    start_response, iterable <── send() ──┘   thread, with a loop of ``loops``

``wsgi`` combines these modules. No module imports Odoo. The package ``app`` prepares
FastAPI apps for the bridge.
"""

from .body import RequestBody
from .inner_request import IDENTIFICATION_KEY, InnerRequest
from .lifespan import Lifespan
from .loops import stop_loops
from .request_errors import forget_tracebacks, original_exception
from .request_state import STATE_KEY, RequestState, get_state
from .scope import get_forwarded_prefix, wsgi_path
from .shared_calls import on_shared_loop
from .shared_loop import get_shared_loop
from .websocket import WebSocketExchange, WebSocketLimits
from .wsgi import ResponseBody, StreamedBody, WsgiApp

__all__ = [
    "IDENTIFICATION_KEY",
    "STATE_KEY",
    "InnerRequest",
    "Lifespan",
    "RequestBody",
    "RequestState",
    "ResponseBody",
    "StreamedBody",
    "WebSocketExchange",
    "WebSocketLimits",
    "WsgiApp",
    "forget_tracebacks",
    "get_forwarded_prefix",
    "get_shared_loop",
    "get_state",
    "on_shared_loop",
    "original_exception",
    "stop_loops",
    "wsgi_path",
]
