# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Collects what is known about a call while Odoo serves it.

::

    ir.http._authenticate     makes the Capture in the first attempt
    the app                   Capture.ran, built, failed: the observer of the dispatcher
    FastApiDispatcher._serve  Capture.dispatched: what overrides of dispatch have left
    commit                    Capture.commit
    (the response is sent)    Capture.end: puts it into the queue of the writer

This is done for each request, so it only keeps what is there. The thread of the writer
makes texts of it.
"""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from odoo.sql_db import Cursor
from odoo.tools.misc import real_time

from odoo.addons.fastapi.app.error_log import place_of
from odoo.addons.fastapi.bridge.request_state import STATE_KEY
from odoo.addons.fastapi.exceptions import StreamCut

from .error_bodies import add_request_id
from .error_texts import describe_exception
from .request_ids import HEADER, get_request_id, install_filter, request_id_ctx
from .routes import get_route
from .writer import begin_test_call, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope

    from odoo.http import Response

    from odoo.addons.fastapi.auth import Caller

    from .settings import LogSettings

__all__ = ["CAPTURE", "Capture"]

#: Headers by which pages of other sites may read a response, and another header.
_ALLOW = "access-control-allow-origin"
_EXPOSE = "access-control-expose-headers"
_LOWERED = HEADER.lower()

#: Attribute of the request of Odoo: its ``Capture``, or None.
CAPTURE = "_fastapi_capture"


class Capture:
    """One call, from its authentication to the end of the response.

    :param request: request of Odoo, which is not kept
    :param settings: the log of its endpoint
    """

    route: str = ""
    #: Values of the parameters of its path, by name.
    path_params: Mapping[str, Any] = MappingProxyType({})
    caller: Caller | None = None
    #: Id of the user who is logged in to Odoo.
    session_uid: int | None = None
    attempts: int = 0
    status: int = 0
    error: str | None = None
    error_place: str | None = None
    queries: int = 0
    sql_seconds: float = 0.0
    request_start: bytes = b""
    request_size: int = 0
    response_headers: list[tuple[str, str]] | None = None
    response_start: bytes = b""
    response_size: int = 0
    #: Seconds from the start of the request to the end of the response.
    seconds: float = 0.0
    #: Whether a stream has failed, after its status was sent.
    stream_failed: bool = False

    #: How much of bodies is stored, in bytes.
    _body_size = 0
    #: Whether the response is final and has not ended.
    _is_final = False
    #: The response whose end is noticed, until it is final.
    _watched: Response | None = None

    def __init__(self, request: Any, settings: LogSettings) -> None:
        thread: Any = threading.current_thread()
        #: When Odoo got the request, in seconds since 1970.
        self.start: float = thread.perf_t0
        self.settings = settings
        cr = request.env.cr
        self.dbname: str = cr.dbname
        # without the objects of the server (odoo.http.HTTPRequest)
        self.environ: dict[str, Any] = request.httprequest.environ
        self.request_id = get_request_id(self.environ)
        #: Whether a test has to write the call, because nothing is committed.
        self.in_test = not isinstance(cr, Cursor)
        self._dispatcher: Any = request.dispatcher
        self._dispatcher.observers.append(self)
        if settings.level == "bodies":
            self._body_size = request.env["fastapi.request.log"]._get_body_size()
        if self.in_test:
            begin_test_call()
        request_id_ctx.set(self.request_id)
        install_filter()

    @property
    def is_stored(self) -> bool:
        """Whether the call becomes a row of the log."""
        level = self.settings.level
        return level != "errors" or self.status >= 400 or self.stream_failed

    # Observer of the dispatcher (odoo.addons.fastapi.observers)

    def ran(self, scope: Scope, exc: BaseException | None) -> None:
        self.route = get_route(scope)
        self.path_params = scope.get("path_params", self.path_params)
        caller = scope[STATE_KEY].caller
        # the app does not know the caller when it responds to an error from outside
        if caller is not None:
            self.caller = caller
        if exc is not None:
            self._note_error(exc)
        if scope["type"] == "http":
            # a header of a response takes 30 times as long
            self.response_headers = headers = self._dispatcher.headers
            self._add_headers(headers)

    def _add_headers(self, headers: list[tuple[str, str]]) -> None:
        """Add the request id to the headers of the app, and replace the app's own."""
        names = dict(headers)  # in lower case, as ASGI demands
        if _LOWERED in names:
            headers[:] = [pair for pair in headers if pair[0] != _LOWERED]
        headers.append((HEADER, self.request_id))
        # several of these are joined
        if "HTTP_ORIGIN" in self.environ and _ALLOW in names:
            headers.append((_EXPOSE, HEADER))

    def built(self, response: Response) -> None:
        self._watched = response
        response.call_on_close(self.end)
        dispatcher, body_size = self._dispatcher, self._body_size
        if self.response_headers is None:  # not those of the app
            self.status = response.status_code
            response.headers[HEADER] = self.request_id
            self.response_headers = response.headers.to_wsgi_list()
        else:
            self.status = int(dispatcher.status[:3])
            self.response_headers = dispatcher.headers  # may be those of an override
        body = dispatcher.body
        if body is not None and body.size:
            self.request_size = body.size
            if body_size:
                self.request_start = body.replay().read(body_size)
        if "HTTP_COOKIE" in self.environ and self.caller is None:
            self.session_uid = dispatcher.request.session.uid
        self._note_body(response)
        if self.in_test:  # Odoo's test cursor does not commit
            self._note_queries()
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
        if self.status == 500:
            add_request_id(response, self.request_id)
            self.response_headers = response.headers.to_wsgi_list()  # another length
            self._note_body(response)
        self.commit()

    def _note_error(self, exc: BaseException) -> None:
        if not getattr(exc, "is_error", True):
            return
        if exc.__traceback__ is not None or self.error is None:
            self.error = describe_exception(exc)
            self.error_place = place_of(exc)

    # Hooks of ir.http

    def begin_attempt(self) -> None:
        """Called before each attempt at the request."""
        self.attempts += 1
        self.error = self.error_place = self.response_headers = None

    def commit(self) -> None:
        """The response is final: the request is committed, or rolled back.

        From now on, only the response refers to this object. Servers close it at its
        end, with one exception: werkzeug drops that of a client that is gone, see
        ``odoo.addons.fastapi.after_response``.
        """
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is None:
            return
        # not this list, which the dispatcher may be going through
        dispatcher.observers = [x for x in dispatcher.observers if x is not self]
        setattr(dispatcher.request, CAPTURE, None)
        self._is_final = True
        self._watched = None  # it refers to this object
        self._note_queries()
        if self.status == 101:
            self.end()  # the WebSocket goes on

    def _note_queries(self) -> None:
        # before the server logs the request, see odoo.netsvc.PerfFilter
        thread: Any = threading.current_thread()
        self.queries = getattr(thread, "query_count", 0)
        self.sql_seconds = getattr(thread, "query_time", 0.0)

    def end(self) -> None:
        """The response has been sent, or the client is gone."""
        if self._is_final or (self.in_test and not self.seconds):
            self._is_final = False
            self.seconds = real_time() - self.start
            request_id_ctx.set(None)
            put(self)

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
            raise
        except Exception as exc:
            cause = exc.__cause__ or exc  # see StreamBody
            capture.stream_failed = True
            capture.error = describe_exception(cause)
            capture.error_place = place_of(cause)
            raise
        except GeneratorExit:
            capture.error = "The client has disconnected."
            raise

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
