# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bridge from WSGI, which Odoo speaks, to ASGI, which FastAPI speaks.

Pure Python: nothing here knows the ORM. One request passes through it like this::

    WSGI environ ── scope ──> ASGI scope ─┐
    wsgi.input ──── body ───> receive() ──┼─> exchange: the app, run on the calling
    start_response, iterable <── send() ──┘   thread by a loop of ``loops``

``wsgi`` ties these together as a WSGI application. ``routes`` and ``failures``
prepare the FastAPI app once, when it is built, so that a request need not.
"""

from .body import NoRoomError, RequestBody
from .exchange import StreamCut
from .failures import (
    EXCEPTION_KEY,
    FLUSH_KEY,
    HANDLE_ERROR_KEY,
    TRANSACTION_ERRORS,
    forget_tracebacks,
    original_exception,
)
from .lifespan import Lifespan, StartTimeoutError
from .loops import stop_loops
from .scope import get_forwarded_prefix, wsgi_path
from .wsgi import Answer, AsgiApplication, Stream

__all__ = [
    "EXCEPTION_KEY",
    "FLUSH_KEY",
    "HANDLE_ERROR_KEY",
    "TRANSACTION_ERRORS",
    "Answer",
    "AsgiApplication",
    "Lifespan",
    "NoRoomError",
    "RequestBody",
    "StartTimeoutError",
    "Stream",
    "StreamCut",
    "forget_tracebacks",
    "get_forwarded_prefix",
    "original_exception",
    "stop_loops",
    "wsgi_path",
]
