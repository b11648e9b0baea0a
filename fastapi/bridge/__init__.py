# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bridge from WSGI, which Odoo speaks, to ASGI, which FastAPI speaks.

Pure Python: nothing here knows the ORM. One request passes through it like this::

    WSGI environ ── scope ──> ASGI scope ─┐
    wsgi.input ──── body ───> receive() ──┼─> exchange: the app, run on the calling
    start_response, iterable <── send() ──┘   thread by a loop of ``loops``

``wsgi`` ties these together as a WSGI application. ``routes`` and ``failures``
prepare the FastAPI app once, when it is built, so that a request need not.
"""

from ..exceptions import NoRoomError
from .body import RequestBody
from ..exceptions import StreamCut
from .request_state import STATE_KEY, RequestState, get_state
from .request_errors import forget_tracebacks, original_exception
from ..exceptions import StartTimeoutError
from .lifespan import Lifespan
from .loops import stop_loops
from .scope import get_forwarded_prefix, wsgi_path
from .wsgi import ResponseBody, WsgiApp, StreamedBody

__all__ = [
    "STATE_KEY",
    "ResponseBody",
    "WsgiApp",
    "Lifespan",
    "NoRoomError",
    "RequestBody",
    "RequestState",
    "StartTimeoutError",
    "StreamedBody",
    "StreamCut",
    "forget_tracebacks",
    "get_forwarded_prefix",
    "get_state",
    "original_exception",
    "stop_loops",
    "wsgi_path",
]
