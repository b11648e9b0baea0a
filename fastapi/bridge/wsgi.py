# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``WsgiApp``: runs an ASGI app as a WSGI application, with a body that can stream."""

from __future__ import annotations

import io
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from a2wsgi.asgi import StatusStringMapping

from .exchange import Exchange, is_event_stream
from .headers import end_to_end_headers
from .loops import borrow_loop, explain_foreign_loop
from .request_errors import RequestErrors, original_exception
from .request_state import STATE_KEY, RequestState
from .scope import build_scope, build_websocket_scope
from .websocket import WebSocketExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping

    from starlette.types import ASGIApp, Scope

    from .loops import Loop
    from .websocket_protocol import WebSocketLimits

__all__ = ["ResponseBody", "StreamedBody", "WsgiApp"]

_logger = logging.getLogger(__name__)


class WsgiApp:
    """A WSGI application that runs an ASGI app on the calling thread.

    ``start_response`` gets an exception of the app as ``exc_info``, together with the
    app's response to it.

    :param app: ASGI application
    :param root_path: mount point: empty, or segments that each start with ``/``
    :param state: what the lifespan of the app has yielded, for ``request.state``
    :param name: name of the endpoint, for the log
    """

    def __init__(
        self,
        app: ASGIApp,
        root_path: str = "",
        state: dict[str, Any] | None = None,
        name: str = "",
    ) -> None:
        self.app = app
        self.root_path = root_path
        self.state = state or {}
        self.name = name

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> ResponseBody:
        """Run the app for one request.

        :param environ: WSGI environ, which may have a :class:`RequestState`. Its
            ``PATH_INFO`` starts with ``root_path``, and ``wsgi.input`` ends after the
            body.
        :raises werkzeug.exceptions.BadRequest: see :func:`~.scope.build_scope`
        """
        scope = build_scope(environ, self.root_path)
        state, errors = self._prepare(scope, environ)
        tasks: list[Any] = []
        state.tasks = tasks
        handled = True
        body = b""
        with ExitStack() as stack:
            loop = stack.enter_context(borrow_loop())
            request_body = environ.get("wsgi.input") or io.BytesIO()
            exchange = Exchange(self.app, scope, request_body, loop, environ)
            errors.exchange = exchange
            try:
                body = exchange.run()
            except Exception as err:
                errors.record(original_exception(err))
                handled = errors.responded
                body = exchange.collected()
            if errors.is_replayed:  # even if a middleware has swallowed it
                handled = False
            exc = errors.exception
            if exc is not None:
                explain_foreign_loop(exc)
            exc_info = (type(exc), exc, errors.traceback) if exc is not None else None
            exc = None  # its traceback refers to this frame
            if not exchange.streaming:
                errors.release()
            if not handled:
                _disconnect(exchange, loop)
                _drop(tasks)
                start_response(StatusStringMapping[500], [], exc_info)
                exc_info = None
                return ResponseBody((), handled=False, scope=scope)
            start_response(
                StatusStringMapping[exchange.status],
                end_to_end_headers(exchange.headers),
                exc_info,
            )
            exc_info = None
            if exchange.streaming:
                return StreamedBody(
                    self, exchange, errors, loop, stack.pop_all(), tasks
                )
        return ResponseBody((body,), _take(tasks), application=self, scope=scope)

    def connect(
        self, environ: dict[str, Any], limits: WebSocketLimits
    ) -> WebSocketExchange:
        """Run the app for a handshake, until it accepts or refuses the WebSocket.

        The caller looks at ``exception`` and ``accepted``. If the connection is
        accepted, the caller calls ``serve`` or ``abort`` on the same thread.

        :param environ: see :meth:`__call__`; the body is not read
        :raises werkzeug.exceptions.BadRequest: see :func:`~.scope.build_scope`
        """
        scope = build_websocket_scope(environ, self.root_path)
        _state, errors = self._prepare(scope, environ)
        with ExitStack() as stack:
            loop = stack.enter_context(borrow_loop())
            exchange = WebSocketExchange(self.app, scope, loop, limits, environ)
            errors.exchange = exchange
            try:
                exchange.connect()
            except Exception as err:
                errors.record(original_exception(err))
                exchange.handled = errors.responded
            exc = errors.exception
            if exc is not None:
                explain_foreign_loop(exc)
                exchange.exception = exc.with_traceback(errors.traceback)
                if errors.is_replayed or exchange.accepted:
                    exchange.handled = False
            exc = None
            if exchange.accepted:
                exchange.stack = stack.pop_all()
                if exchange.exception is not None:
                    exchange.abort()
            else:
                errors.release()
        return exchange

    def _prepare(
        self, scope: MutableMapping[str, Any], environ: dict[str, Any]
    ) -> tuple[RequestState, RequestErrors]:
        """Put the state of the request into its scope."""
        scope["state"] = self.state.copy()
        state = scope[STATE_KEY] = environ.get(STATE_KEY) or RequestState()
        # not ``self``, which would keep the lifespan alive, see ``_take``
        state.app = self.app
        state.name = self.name
        state.errors = RequestErrors(state.injected)
        return state, state.errors


class ResponseBody:
    """The body of a response, as the iterable of WSGI.

    :param chunks: the whole body
    :param tasks: background tasks, not started
    :param handled: whether the app made the response. If not, the response is an empty
        500, and the caller has to handle the exception.
    :param application: the application, which streams and tasks keep alive until they
        have ended
    :param scope: ASGI scope of the request, for the log
    """

    streaming = False

    def __init__(
        self,
        chunks: Iterable[bytes],
        tasks: list[Any] | None = None,
        handled: bool = True,
        application: WsgiApp | None = None,
        scope: MutableMapping[str, Any] | None = None,
    ) -> None:
        self.scope = scope
        self._chunks = chunks
        self._tasks = [] if tasks is None else tasks
        self.handled = handled
        self.application = application

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """End the response; :class:`StreamedBody` overrides it."""

    def tasks(self) -> list[Any]:
        """Return the background tasks (``app.tasks.TaskRun``), also after ``close``."""
        tasks = _take(self._tasks)
        for task in tasks:
            task.application = self.application
        return tasks


class StreamedBody(ResponseBody):
    """The body of a response that the app makes while it is sent.

    It keeps an event loop until it is closed, by the thread that iterates.
    """

    streaming = True
    scope: Scope

    def __init__(
        self,
        application: WsgiApp,
        exchange: Exchange,
        errors: RequestErrors,
        loop: Loop,
        stack: ExitStack,
        tasks: list[Any],
    ) -> None:
        super().__init__(
            exchange.chunks(), tasks, application=application, scope=exchange.scope
        )
        self._exchange = exchange
        self._errors = errors
        self._known = errors.exception
        self._loop = loop
        self._stack = stack
        #: Whether the body has server-sent events.
        self.is_event_stream = is_event_stream(exchange.headers)
        #: Whether the app has ended by itself, without an exception.
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except RuntimeError as err:
            explain_foreign_loop(err)
            raise
        exc = self._errors.exception
        if exc is not None and exc is not self._known:
            raise exc  # swallowed by a middleware
        self.complete = True

    def watch(
        self, on_wait: Callable[[], None], after_call: Callable[[], None]
    ) -> None:
        """Set functions to call while the stream is sent.

        :param on_wait: called on the stream's thread when the app starts to wait
        :param after_call: called on another thread after that has run code of the app
        """
        self._exchange.on_wait = on_wait
        self._exchange.on_call = after_call

    def cut(self, reason: str) -> None:
        """Let the iteration raise ``StreamCut``, see :meth:`Exchange.cut`."""
        self._exchange.cut(reason)

    def close(self) -> None:
        """End the app as after a disconnect, if it still runs.

        This closes its generators and tears down its dependencies.
        """
        stack, self._stack = self._stack, ExitStack()
        with stack:
            self._exchange.on_wait = None
            if not self.complete:
                _disconnect(self._exchange, self._loop)
                _drop(self._tasks)
            else:
                self._exchange.close()
        self._errors.release()
        if not self._tasks:
            # The exception that ends a sync iterator has frames that refer to this
            # object, and anyio keeps it in a reference cycle (Python 3.12).
            self.application = None


def _disconnect(exchange: Exchange, loop: Loop) -> None:
    """Run an app to its end after its client has disconnected."""
    loop.discard_on_return = True
    try:
        exchange.disconnect()
    except Exception as exc:  # usually because of the disconnect
        _logger.debug("An app raised %r after its client had disconnected", exc)
    finally:
        exchange.close()


def _take(tasks: list[Any]) -> list[Any]:
    """Empty a list of tasks, and return them.

    Reference cycles (of ``BaseHTTPMiddleware`` and ``contextlib``) may keep the scope
    alive, and so the list with the uploads of its tasks.
    """
    taken = tasks.copy()
    tasks.clear()
    return taken


def _drop(tasks: list[Any]) -> None:
    """Close the files of tasks that will not run."""
    for task in _take(tasks):
        task.close()
