# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Collects what is known about a call while Odoo serves it.

::

    ir.http._authenticate     makes the Capture, in the first attempt
    the app                   Capture.ran, built, failed: the observer of the dispatcher
    FastApiDispatcher._serve  Capture.dispatched: what overrides of dispatch have left
    commit                    Capture.commit
    (the response is sent)    Capture.end: puts it into the queue of the writer

This is done for each request, so it only keeps what is there. The thread of the writer
makes texts of it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odoo.sql_db import Cursor
from odoo.tools.misc import real_time

from odoo.addons.fastapi.app.error_log import place_of
from odoo.addons.fastapi.bridge.request_state import STATE_KEY
from odoo.addons.fastapi.exceptions import StreamCut

from .error_bodies import add_request_id
from .error_texts import describe_exception
from .request_ids import HEADER, get_request_id, request_id_ctx
from .routes import get_route
from .writer import begin_test_call, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope

    from odoo.http import Response

    from odoo.addons.fastapi.auth import Caller
    from odoo.addons.fastapi.bridge import InnerRequest

    from .settings import LogSettings

__all__ = ["CAPTURE", "Capture"]

#: Headers by which pages of other sites may read a response, and another header.
_ALLOW = "access-control-allow-origin"
_EXPOSE = "access-control-expose-headers"
_LOWERED = HEADER.lower()

#: Stored as the name of an agent that does not give one.
UNKNOWN_AGENT = "unknown"

#: Attribute of the request of Odoo: its ``Capture``, or None. Assignments don't use
#: this constant, because ``setattr`` is slower.
CAPTURE = "_fastapi_capture"


# slots are faster than a dict
@dataclass(slots=True, init=False, repr=False, eq=False)
class Capture:
    """One call, from its authentication to the end of the response.

    :param request: request of Odoo, which is not kept
    :param settings: the log of its endpoint
    """

    settings: LogSettings
    #: When Odoo got the request, in seconds since 1970.
    start: float
    #: WSGI environ, without the objects of the server (odoo.http.HTTPRequest).
    environ: dict[str, Any]
    request_id: str
    route: str
    #: Values of the parameters of its path, by name.
    path_params: Mapping[str, Any] | None
    #: Method of the route that a tool has called, None for other requests.
    method: str | None
    #: Status of the response of that route, 0 for other requests.
    inner_status: int
    #: The client that has called the tool.
    agent: str | None
    caller: Caller | None
    #: Id of the user who is logged in to Odoo.
    session_uid: int | None
    attempts: int
    status: int
    error: str | None
    error_place: str | None
    queries: int
    sql_seconds: float
    request_start: bytes
    request_size: int
    response_headers: list[tuple[str, str]] | None
    response_start: bytes
    response_size: int
    #: Seconds from the start of the request to the end of the response.
    seconds: float
    #: Whether a stream has failed, after its status was sent.
    stream_failed: bool
    #: Whether a test has to write the call, because nothing is committed.
    in_test: bool
    #: Bytes that are counted for it in the queue, see ``writer.SAMPLE``.
    counted_size: int

    _dispatcher: Any
    #: The thread of the request, which counts its queries.
    _thread: Any
    #: The inner request of a tool call.
    _inner: InnerRequest | None
    #: How much of bodies is stored, in bytes.
    _body_size: int
    #: Whether the response is final and has not ended.
    _is_final: bool
    #: The response whose end is noticed, until it is final.
    _watched: Response | None

    def __init__(self, request: Any, settings: LogSettings) -> None:
        self._is_final = False  # first, for ``__del__``
        self.settings = settings
        self._thread = thread = threading.current_thread()
        self.start = thread.perf_t0  # type: ignore[attr-defined]  # Odoo's
        self.environ = environ = request.httprequest.environ
        self.request_id = request_id = get_request_id(environ)
        self._dispatcher = dispatcher = request.dispatcher
        self.path_params = self.method = self.agent = self.caller = None
        self.session_uid = self.error = self.error_place = None
        self.response_headers = self._inner = self._watched = None
        self.route = ""
        self.request_start = self.response_start = b""
        self.inner_status = self.status = self.request_size = self.response_size = 0
        self.queries = self.counted_size = self._body_size = 0
        self.seconds = self.sql_seconds = 0.0
        self.attempts = 1
        self.stream_failed = self.in_test = False
        if settings.level == "bodies":
            self._body_size = request.env["fastapi.request.log"]._get_body_size()
        if not isinstance(request.env.cr, Cursor):
            self.in_test = True
            begin_test_call()
        dispatcher.observers.append(self)
        request_id_ctx.set(request_id)

    @property
    def is_stored(self) -> bool:
        """Whether the call becomes a row of the log."""
        level = self.settings.level
        return level != "errors" or self.final_status >= 400 or self.stream_failed

    @property
    def final_status(self) -> int:
        """Status of the call. The response to a tool call may have another one."""
        return self.status if self.status >= 400 else self.inner_status or self.status

    def get_size(self) -> int:
        """Return about how many bytes the call holds."""
        texts = [value for value in self.environ.values() if type(value) is str]
        for pair in self.response_headers or ():
            texts += pair
        size = len("".join(texts))  # faster than the sum of the lengths
        return size + len(self.request_start) + len(self.response_start)

    # Observer of the dispatcher (odoo.addons.fastapi.observers)

    def ran(self, scope: Scope, exc: BaseException | None) -> None:
        self.route = get_route(scope, self.settings.root_path)
        self.path_params = scope.get("path_params")
        state = scope[STATE_KEY]
        if state.inner is not None:
            self._inner = state.inner
        caller = state.caller
        # the app does not know the caller when it responds to an error from outside
        if caller is not None:
            self.caller = caller
        if exc is not None:
            self._note_error(exc)
        if scope["type"] == "http":
            # a header of a response takes 30 times as long
            self.response_headers = headers = self._dispatcher.headers
            for name, _value in headers:  # in lower case, as ASGI demands
                if name == _LOWERED:  # the app's own is replaced
                    headers[:] = [pair for pair in headers if pair[0] != _LOWERED]
                    break
            headers.append((HEADER, self.request_id))
            if "HTTP_ORIGIN" in self.environ and self._is_shared(headers):
                headers.append((_EXPOSE, HEADER))  # several of these are joined

    def _is_shared(self, headers: list[tuple[str, str]]) -> bool:
        """Return whether pages of another site may read the response."""
        # Odoo adds its own headers to the response, by ``cors`` of the routing
        future = self._dispatcher.request.future_response.headers
        return _ALLOW in dict(headers) or _ALLOW in future

    def built(self, response: Response) -> None:
        self._watched = response
        response.call_on_close(self.end)
        dispatcher, body_size = self._dispatcher, self._body_size
        if self.response_headers is None:  # not those of the app
            response.headers[HEADER] = self.request_id
            self.response_headers = response.headers.to_wsgi_list()
        else:
            self.response_headers = dispatcher.headers  # may be those of an override
        body = dispatcher.body
        if body is not None and body.size:
            self.request_size = body.size
            if body_size:
                self.request_start = body.replay().read(body_size)
        if "HTTP_COOKIE" in self.environ and self.caller is None:
            self.session_uid = dispatcher.request.session.uid
        # most have one chunk
        chunks: Any = response.response
        if type(chunks) is list and len(chunks) == 1 and type(chunks[0]) is bytes:
            self.response_size = len(chunks[0])
            if body_size:
                self.response_start = chunks[0][:body_size]
        else:
            self._note_body(response)
        if self.in_test:  # Odoo's test cursor does not commit
            thread = self._thread
            self.queries, self.sql_seconds = thread.query_count, thread.query_time
        else:
            dispatcher.request.env.cr.postcommit.add(self.commit)

    def _note_body(self, response: Response) -> None:
        chunks: Any = response.response
        if type(chunks) is list or type(chunks) is tuple:
            self.response_size = sum(map(len, chunks))
            if self._body_size:
                self.response_start = response.get_data()[: self._body_size]
        elif not isinstance(chunks, _SentBody):
            response.response = _SentBody(chunks, self, self._body_size)

    def dispatched(self, response: Response) -> None:
        if self._watched is not response:  # of an override of dispatch
            self.response_headers, self.response_size = None, 0
            self.response_start = b""
            self.built(response)
        self.status = response.status_code

    def failed(self, exc: BaseException, response: Response) -> None:
        self._note_error(exc)
        if self._watched is not response:  # not of the app
            self.response_headers = None
            self.built(response)
        self.status = response.status_code
        if self.status == 500:
            add_request_id(response, self.request_id)
            self.response_headers = response.headers.to_wsgi_list()  # another length
            self._note_body(response)
        # the dispatcher is iterating over this list
        self._dispatcher.observers = self._dispatcher.observers.copy()
        self.commit()

    def _note_error(self, exc: BaseException) -> None:
        if not getattr(exc, "is_error", True):
            return
        if exc.__traceback__ is not None or self.error is None:
            self.error = describe_exception(exc)
            self.error_place = place_of(exc)

    def note_failed_stream(self, exc: BaseException) -> None:
        """Called when the body of a stream raises an exception, which ends it."""
        self.stream_failed = True
        self.error = describe_exception(exc)
        self.error_place = place_of(exc)
        self.end()

    # Hooks of ir.http

    def begin_again(self) -> None:
        """Called before the second attempt at the request, and all further ones."""
        self.attempts += 1
        self.error = self.error_place = self.response_headers = self._inner = None

    def commit(self) -> None:
        """The response is final: the request is committed, or rolled back.

        From now on, only the response refers to this object. Servers close it at its
        end, with one exception: werkzeug drops that of a client that is gone, see
        ``odoo.addons.fastapi.after_response``.
        """
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is None:
            return
        dispatcher.observers.remove(self)
        dispatcher.request._fastapi_capture = None
        self._is_final = True
        self._watched = None  # it refers to this object
        # before the server logs the request, see odoo.netsvc.PerfFilter
        thread = self._thread
        self.queries = getattr(thread, "query_count", 0)
        self.sql_seconds = getattr(thread, "query_time", 0.0)
        if self.status == 101:
            self.end()  # the WebSocket goes on

    def end(self) -> None:
        """The response has been sent, or the client is gone."""
        if self._is_final or (self.in_test and not self.seconds):
            self._is_final = False
            self.seconds = real_time() - self.start
            if self._inner is not None:
                self._note_inner(self._inner)
                self._inner = None  # it refers to the request
            self._thread = None
            request_id_ctx.set(None)
            put(self)

    def _note_inner(self, inner: InnerRequest) -> None:
        """Store the data of the route that a tool has called."""
        self.agent = inner.agent or UNKNOWN_AGENT
        if inner.status:
            self.inner_status = inner.status
            self.method = inner.scope["method"]
            self.route = get_route(inner.scope, self.settings.root_path)
            self.path_params = inner.scope.get("path_params", self.path_params)

    def __del__(self) -> None:
        if self._is_final:
            self.end()


class _SentBody:
    """The body of a stream: counts what is sent, and keeps the start.

    :param chunks: the body, with or without ``close``
    :param room: how much is kept, in bytes
    """

    def __init__(self, chunks: Any, capture: Capture, room: int) -> None:
        self._chunks = chunks
        self._capture = capture
        self._room = room

    def __iter__(self) -> Iterator[bytes]:
        capture = self._capture
        room = self._room
        try:
            for chunk in self._chunks:
                capture.response_size += len(chunk)
                if room > 0:
                    capture.response_start += chunk[:room]
                    room -= len(chunk)
                yield chunk
        except StreamCut as cut:
            capture.error = describe_exception(cut)
            # werkzeug may not close it if the client is gone, and frames of the
            # exception may keep it alive until the garbage collection
            capture.end()
            raise
        except Exception as exc:
            capture.note_failed_stream(exc.__cause__ or exc)  # see StreamBody
            raise
        except GeneratorExit:
            capture.error = "The client has disconnected."
            raise

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
