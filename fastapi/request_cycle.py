# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Decides whether a request is committed, and prepares what runs after the commit.

Odoo opens the transaction, and runs each attempt at the request in ``retrying``, which
commits it, or replays it after a conflict. ``FastAPITransactionCase`` does the same
with savepoints::

    odoo.service.model.retrying
    +-> the app                            bridge.WsgiApp, or an override's app
    |   +-> RequestCycle.flush             after the handler and its teardown
    +-> RequestCycle.respond               see the table
    +-> RequestCycle.accept                a WebSocket, which goes on after the commit
    +-> RequestCycle.start_stream          a stream is committed before its first byte
    +-> commit, or roll back
    (then, while the response is sent: after_response.StreamBody, DeferredTasks)

================================== ============== =====================================
the app                            response       the transaction is
================================== ============== =====================================
returns a response                 the app's      committed; then the tasks run
raises CommittedHTTPException      the app's      committed, if it can be flushed
raises another exception           the app's      rolled back
raises one of TRANSACTION_ERRORS   none           rolled back, and replayed by Odoo or
                                                  responded to afterwards
swallows a database error          none           likewise, with that error
swallows a conflict, then raises   none           rolled back, and replayed
another exception
responds to an injected exception  the app's      already over
accepts a WebSocket                101            committed; then the app goes on
================================== ============== =====================================
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.http import Response
from odoo.sql_db import Cursor

from .after_response import DeferredTasks, StreamBody
from .app.wrapped import TRANSACTION_ERRORS
from .bridge import StreamedBody, forget_tracebacks
from .callers import make_recheck
from .exceptions import CommittedHTTPException
from .follow_up import FollowUpTransactions
from .transaction_errors import (
    get_swallowed_error,
    must_run_again,
    remember_errors,
)
from .watch import EventStream, open_connections
from .websockets import open_websockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odoo.api import Environment

    from .bridge import RequestState, ResponseBody
    from .websockets import Connection

__all__ = ["RequestCycle", "build_response", "collect"]

#: Exceptions that do not report the error that the handler has swallowed.
_NOT_THE_CAUSE = (CommittedHTTPException, psycopg2.errors.InFailedSqlTransaction)


class RequestCycle:
    """The outcome of one attempt at a request.

    :param env: environment of the handlers
    :param request: request of Odoo, for the generator of a stream
    :param transactions: class of the transactions after the response
    """

    #: The app's response to an exception that rolls the request back.
    error_response: Response | None = None
    #: A stream that is not committed yet.
    stream: StreamBody | None = None
    #: The same, if it has server-sent events of an endpoint.
    _events: EventStream | None = None
    #: A WebSocket that is accepted, but not committed yet.
    connection: Connection | None = None

    _flush_failed = False

    def __init__(
        self,
        env: Environment,
        request: Any,
        transactions: type[FollowUpTransactions] = FollowUpTransactions,
    ) -> None:
        self._env = env
        self._request = request
        self._transactions = transactions
        # pending computations at the commit run as this user; auth.run_as sets another
        env.transaction.default_env = env
        remember_errors(env.cr)

    def flush(self) -> None:
        """Flush pending changes while the app can still respond to an error."""
        cr, transaction = self._env.cr, self._env.transaction
        if not (transaction.field_dirty or transaction.tocompute or cr.precommit):
            return
        # ``respond`` raises swallowed errors, and reports a lost connection
        if not cr.closed and get_swallowed_error(cr) is None:
            self._flush_failed = True
            cr.flush()
            self._flush_failed = False

    def respond(
        self,
        body: ResponseBody,
        state: RequestState,
        exc: BaseException | None,
        build: Callable[[Iterable[bytes]], Response],
    ) -> Response | None:
        """Return the app's response if the transaction has to be committed.

        :param body: what the app returned
        :param state: state of this attempt
        :param exc: exception that the app raised
        :param build: makes the response from its chunks, a list or a stream
        :return: None if the caller must raise ``exc``; see ``error_response``
        :raises Exception: the handler has swallowed a database error
        """
        error = get_swallowed_error(self._env.cr)
        if error is not None and self._is_not_the_cause(exc):
            body.close()
            raise error
        if exc is not None:
            committed = isinstance(exc, CommittedHTTPException) and body.handled
            if not committed or self._flush_failed:
                if isinstance(exc, TRANSACTION_ERRORS) or not body.handled:
                    body.close()
                else:
                    self.error_response = build(collect(body))
                return None
            forget_tracebacks(exc)
        env = state.caller_env or self._env
        state.caller_env = None  # the scope may outlive the request
        if not isinstance(body, StreamedBody):
            response = build(collect(body))
            tasks = body.tasks()
            if tasks:
                transactions = self._transactions(env, body.scope)
                response.call_on_close(DeferredTasks(transactions, tasks).close)
            return response
        transactions = self._transactions(env, body.scope)
        stream = StreamBody(body, transactions, self._request)
        # not in tests, where it belongs to no endpoint, or has the cursor of the test
        if (
            body.is_event_stream
            and hasattr(body.application, "endpoint_id")
            and isinstance(self._env.cr, Cursor)
        ):
            recheck = make_recheck(state, body.scope)
            self._events = EventStream(body, self._env.registry, recheck)
        try:
            response = build(stream)
        except BaseException:  # a refused header, for example
            stream.close()
            raise
        self.stream = stream
        return response

    def _is_not_the_cause(self, exc: BaseException | None) -> bool:
        """Return whether a swallowed error counts, instead of what the app raised.

        A handler that catches everything often raises an ``HTTPException`` after a
        conflict, too.
        """
        if exc is None or isinstance(exc, _NOT_THE_CAUSE):
            return True
        if isinstance(exc, TRANSACTION_ERRORS) or not isinstance(exc, Exception):
            return False
        return must_run_again(self._env.cr)

    def accept(self, connection: Connection) -> None:
        """Keep a WebSocket that the app has accepted, until the commit.

        :raises Exception: the app has swallowed a database error
        """
        self.connection = connection
        error = get_swallowed_error(self._env.cr)
        if error is not None:
            raise error

    def start_connection(self) -> Connection:
        """Return the WebSocket, which is committed; ``close`` leaves it open now."""
        connection, self.connection = self.connection, None
        assert connection is not None
        return connection

    def start_stream(self) -> None:
        """Commit the request if its response is a stream."""
        stream, self.stream = self.stream, None
        if stream is None:
            return
        stream.start()
        events, self._events = self._events, None
        if events is not None:
            stream.on_close = partial(open_connections.remove, events)
            open_connections.add(events)

    def close(self) -> None:
        """Close a stream or a WebSocket that is not committed."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        self.close_connection()

    def close_connection(self) -> None:
        """Close a WebSocket that is not committed."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            open_websockets.remove(connection)
            connection.exchange.abort()


def collect(body: ResponseBody) -> list[bytes]:
    """Return the whole body of a response, and close it."""
    with closing(body):
        return list(body)


def build_response(
    status: str, headers: Iterable[tuple[str, str]], chunks: Iterable[bytes] | bytes
) -> Response:
    """Return a response of Odoo with the headers of the app, unchanged."""
    pairs = list(headers)  # werkzeug checks each one when it makes its Headers
    typed = any(name.lower() == "content-type" for name, _value in pairs)
    response = Response(chunks, status=status, headers=pairs)
    if not typed:
        response.headers.remove("Content-Type")  # werkzeug's default
    return response
