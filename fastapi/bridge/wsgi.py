# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An ASGI app as a WSGI application."""

from __future__ import annotations

import io
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from a2wsgi.asgi import StatusStringMapping

from .exchange import Exchange
from .loops import borrow_loop, discard_on_return, explain_foreign_loop
from .request_errors import RequestErrors, original_exception
from .request_state import STATE_KEY, RequestState
from .scope import build_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .exchange import ASGIApp
    from .loops import Loop
    from .scope import Scope

__all__ = ["ResponseBody", "WsgiApp", "StreamedBody"]

_logger = logging.getLogger(__name__)


#: Headers that are for one connection, which is the server's business (RFC 9110,
#: 7.6.1). WSGI forbids them (PEP 3333): they would go out beside the server's own.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def end_to_end_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return the headers of an app that go to the client, as WSGI has them."""
    pairs = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in HOP_BY_HOP
    ]
    if len(pairs) == len(headers):
        return pairs
    named = {
        option.strip()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.lower().decode("latin-1").split(",")
    }
    return [(name, value) for name, value in pairs if name.lower() not in named]


class WsgiApp:
    """A WSGI application that runs an ASGI app on the calling thread.

    An exception of the app is not lost: ``start_response`` gets it as ``exc_info``,
    as WSGI has it for an answer that replaces another one. The answer beside it is the
    app's own, or a plain 500 where the app has none.

    :param app: ASGI application
    :param root_path: where it is mounted, ``""`` or ``/`` and at least one segment
    :param state: what the app's lifespan has yielded, for ``request.state``
    :param name: of the endpoint, for the log
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
        """Answer one request.

        :param environ: WSGI environ, ``PATH_INFO`` below ``root_path``; its
            ``wsgi.input`` holds the whole body and ends by itself. It may have a
            :class:`RequestState`.
        :raises werkzeug.exceptions.BadRequest: see :func:`~.scope.build_scope`
        """
        scope = build_scope(environ, self.root_path)
        scope["state"] = self.state.copy()
        state = scope[STATE_KEY] = environ.get(STATE_KEY) or RequestState()
        # not ``self``, which keeps the lifespan: the scope may live on, see ``_take``
        state.app = self.app
        state.name = self.name
        failure = state.errors = RequestErrors(state.injected)
        tasks: list[Any] = []
        state.tasks = tasks
        answered = True
        body = b""
        with ExitStack() as stack:
            loop = stack.enter_context(borrow_loop())
            request_body = environ.get("wsgi.input") or io.BytesIO()
            exchange = Exchange(self.app, scope, request_body, loop, environ)
            failure.exchange = exchange
            try:
                body = exchange.run()
            except Exception as err:
                failure.note(original_exception(err))
                answered = failure.responded
                body = exchange.collected()
            if failure.is_replayed:  # even if a middleware has swallowed it
                answered = False
            exc = failure.exception
            if exc is not None:
                explain_foreign_loop(exc)
            exc_info = (type(exc), exc, failure.traceback) if exc is not None else None
            exc = None  # its traceback keeps this frame
            if not exchange.streaming:
                failure.release()
            if not answered:
                _disconnect(exchange, loop)
                _drop(tasks)
                start_response(StatusStringMapping[500], [], exc_info)
                exc_info = None
                return ResponseBody((), answered=False, scope=scope)
            start_response(
                StatusStringMapping[exchange.status],
                end_to_end_headers(exchange.headers),
                exc_info,
            )
            exc_info = None
            if exchange.streaming:
                return StreamedBody(
                    self, exchange, failure, loop, stack.pop_all(), tasks, scope
                )
        return ResponseBody((body,), _take(tasks), application=self, scope=scope)


class ResponseBody:
    """The body of a response, as the iterable that WSGI wants.

    :param chunks: the whole of it
    :param tasks: background tasks that wait to be run
    :param answered: whether the app made the response; if not, it is a plain 500 that
        stands in for whatever Odoo makes of the exception
    :param application: whose answer it is. Whoever has it can stop it when nobody has
        it any more: streams and tasks keep it until they are over.
    :param scope: ASGI scope of the request, for the log
    """

    streaming = False

    def __init__(
        self,
        chunks: Iterable[bytes],
        tasks: list[Any] | None = None,
        answered: bool = True,
        application: WsgiApp | None = None,
        scope: Scope | None = None,
    ) -> None:
        self.scope = scope
        self._chunks = chunks
        self._tasks = [] if tasks is None else tasks
        self.answered = answered
        self._application = application

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Say that nothing more of the body is wanted."""

    def tasks(self) -> list[Any]:
        """Return the background tasks as functions, each for the context that it has.

        They may be called after ``close``; a function raises what its task raises.
        """
        tasks = _take(self._tasks)
        for task in tasks:
            task.application = self._application
        return tasks


class StreamedBody(ResponseBody):
    """The body of a response that is made while it is sent.

    Holds an event loop until it is closed; must be closed by the thread that iterates.

    :param application: whose answer it is
    :param exchange: with the first chunk waiting
    :param failure: what goes wrong while the stream goes on
    :param loop: the loop of the exchange
    :param stack: gives the loop back
    :param tasks: background tasks that wait to be run
    :param scope: ASGI scope of the request, for the log
    """

    streaming = True

    def __init__(
        self,
        application: WsgiApp,
        exchange: Exchange,
        failure: RequestErrors,
        loop: Loop,
        stack: ExitStack,
        tasks: list[Any],
        scope: Scope,
    ) -> None:
        super().__init__(exchange.chunks(), tasks, application=application, scope=scope)
        self._exchange = exchange
        self._failure = failure
        self._known = failure.exception
        self._loop = loop
        self._stack = stack
        #: Whether the app has ended on its own, and without an exception.
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except RuntimeError as err:
            explain_foreign_loop(err)
            raise
        exc = self._failure.exception
        if exc is not None and exc is not self._known:
            raise exc  # swallowed by a middleware
        self.complete = True

    def watch(
        self, on_wait: Callable[[], None], after_call: Callable[[], None]
    ) -> None:
        """Have functions called while the stream goes on.

        :param on_wait: called when the app waits for something, on the stream's thread
        :param after_call: called on another thread that has run something of the app
        """
        self._exchange.on_wait = on_wait
        self._exchange.on_call = after_call

    def close(self) -> None:
        """End the app if it has not ended: the client has gone.

        Its generators are closed, and the teardown of its dependencies is run.
        """
        stack, self._stack = self._stack, ExitStack()
        with stack:
            self._exchange.on_wait = None
            if not self.complete:
                _disconnect(self._exchange, self._loop)
                _drop(self._tasks)
            else:
                self._exchange.close()
        self._failure.release()


def _disconnect(exchange: Exchange, loop: Loop) -> None:
    """Run an app to its end for which nobody waits any more."""
    discard_on_return(loop)
    try:
        exchange.disconnect()
    except Exception as exc:  # an answer to the disconnection, most often
        _logger.debug("After its client had gone, an app raised %r", exc)
    finally:
        exchange.close()


def _take(tasks: list[Any]) -> list[Any]:
    """Take all tasks out of the list that the scope has.

    The scope may live on, in a cycle of references that ``BaseHTTPMiddleware`` makes,
    or ``contextlib`` of an exception and its frames, and would keep their uploads open.
    """
    taken = tasks.copy()
    tasks.clear()
    return taken


def _drop(tasks: list[Any]) -> None:
    """Close what is open for tasks that will not run."""
    for task in _take(tasks):
        task.close()
