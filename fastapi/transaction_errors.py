# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Detects database errors that a handler has swallowed.

After a failed query PostgreSQL refuses all others, and a commit silently becomes a
rollback. If a handler catches the error and continues, as GraphQL libraries do for
their resolvers, the client would get a 200 although nothing is saved. So
:func:`get_swallowed_error` is called before each commit. If the cause was a conflict
with another transaction, Odoo replays the request, and if it was a write on a replica,
Odoo runs the request on the primary database. Any other cause is a 500.

psycopg2 knows whether a transaction is aborted, but not why. So the cursor of a request
gets a class that remembers its last error (:func:`remember_errors`).

The class also refuses queries on the shared loop, where a query would block all other
connections, and says so if the transaction of an environment is over. A WebSocket
handler that uses its environment after ``accept`` does one of the two.

``test_swallowed_errors`` fails if ``odoo.sql_db.Cursor`` or the cursor of Odoo's tests
(19.0) no longer runs each query through ``execute``.
"""

from __future__ import annotations

import functools
import sys
from asyncio import _get_running_loop
from threading import get_ident
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.errors import (
    DeadlockDetected,
    ReadOnlySqlTransaction,
    SerializationFailure,
)
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from odoo.exceptions import ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .bridge.loops import is_shared
from .bridge.shared_loop import shared_threads
from .exceptions import AbortedTransactionError, NoTransactionError

if TYPE_CHECKING:
    from odoo.sql_db import BaseCursor

__all__ = [
    "AbortedTransactionError",
    "get_swallowed_error",
    "is_lost",
    "must_run_again",
    "raise_swallowed_error",
    "remember_errors",
]

#: Addons whose lines the log does not name as the cause.
_FRAMEWORK = ("odoo.addons.base.", "odoo.addons.fastapi.")

#: Errors after which the same request may succeed.
_AGAIN = (DeadlockDetected, ReadOnlySqlTransaction, SerializationFailure)

#: How to work with records where there is no transaction.
USE_TX_RUN = (
    "Write the work as a function `def work(env)`, and call it with "
    "`await tx.run(work)`. `tx` is the dependency "
    "`odoo.addons.fastapi.dependencies.transactions`."
)
ON_SHARED_LOOP = f"A query here would block all other connections. {USE_TX_RUN}"
IS_OVER = f"The transaction of this environment is over. {USE_TX_RUN}"


class _RememberingCursor:
    """Mixed into the class of the cursor of a request."""

    #: Type and description of the last error. The exception would keep its frames.
    _fastapi_error: tuple[type[Exception], str] | None = None

    def commit(self: Any) -> None:  # pylint: disable=missing-return
        if _is_on_shared_loop():
            raise NoTransactionError(ON_SHARED_LOOP)
        self.flush()
        raise_swallowed_error(self)
        super().commit()  # type: ignore[misc]

    def close(self: Any) -> None:  # pylint: disable=missing-return
        """Close the cursor, also if its connection is closed at the same moment.

        A stopping server closes all connections while requests end
        (``odoo.service.server.ThreadedServer.stop``). Odoo would send an error of this
        method instead of the response of the request, even after a commit
        (``odoo.http.Request._serve_db``).
        """
        try:
            super().close()  # type: ignore[misc]
        except psycopg2.Error:
            if not self._cnx.closed:
                raise
            self._closed = True


def _is_on_shared_loop() -> bool:
    # each query calls this, and asking for the loop calls the operating system
    if get_ident() not in shared_threads:
        return False
    return is_shared(_get_running_loop())


@functools.cache
def _get_class(cursor_class: type[BaseCursor]) -> type[BaseCursor]:
    execute_query = cursor_class.execute

    def execute(self: Any, *args: Any, **kwargs: Any) -> None:
        if _is_on_shared_loop():
            raise NoTransactionError(ON_SHARED_LOOP)
        try:
            execute_query(self, *args, **kwargs)
        except psycopg2.errors.InFailedSqlTransaction:
            raise  # an earlier error is the cause
        except psycopg2.Error as exc:
            if isinstance(exc, psycopg2.InterfaceError) and self._closed:
                raise psycopg2.InterfaceError(IS_OVER) from exc
            line = _get_line(sys._getframe(1))
            text = f"{type(exc).__name__}: {str(exc).strip()} ({line})"
            self._fastapi_error = type(exc), text
            raise

    bases = (_RememberingCursor, cursor_class)
    return type(cursor_class.__name__, bases, {"execute": execute})


def remember_errors(cr: Any) -> None:
    """Make a cursor remember why its transaction is aborted, until it is closed."""
    if not isinstance(cr, _RememberingCursor):
        cr.__class__ = _get_class(cr.__class__)
    cr._fastapi_error = None


def is_lost(cr: Any) -> bool:
    """Return whether a cursor has lost its connection without being closed.

    Odoo silently skips the commit of such a cursor (``odoo.service.model.retrying``).
    """
    return cr.closed and not cr._closed


def get_swallowed_error(cr: Any) -> Exception | None:
    """Return the error to raise instead of a commit, None if the commit can work.

    :param cr: a cursor, which may have lost its connection
    """
    if cr.closed:
        if is_lost(cr):
            return psycopg2.OperationalError("The connection to the database is lost")
        return None
    if cr._cnx.get_transaction_status() != TRANSACTION_STATUS_INERROR:
        return None
    error_type, cause = _get_last_error(cr)
    if issubclass(error_type, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
        return ConcurrencyError(f"A handler has swallowed {cause}")
    if cr.readonly and issubclass(error_type, ReadOnlySqlTransaction):
        # Odoo runs the request again on the primary database
        return ReadOnlySqlTransaction(f"A handler has swallowed {cause}")
    return AbortedTransactionError(
        f"Nothing can be saved, because a database error was swallowed: {cause}"
    )


def must_run_again(cr: Any) -> bool:
    """Return whether Odoo must run a request again, whatever its handler raised.

    That is so after a conflict with another transaction, and after a write on a
    replica. It isn't after ``LockNotAvailable``: a handler that asks for a lock with
    ``NOWAIT`` has a response for it.

    :param cr: a cursor whose swallowed error is known
    """
    error_type, _cause = _get_last_error(cr)
    return not cr.closed and issubclass(error_type, _AGAIN)


def _get_last_error(cr: Any) -> tuple[type[Exception], str]:
    return getattr(cr, "_fastapi_error", None) or (Exception, "an unknown one")


def raise_swallowed_error(cr: Any) -> None:
    """Raise what :func:`get_swallowed_error` returns, if anything."""
    error = get_swallowed_error(cr)
    if error is not None:
        raise error


def _get_line(frame: Any) -> str:
    """Return the innermost line of an addon that has run a query."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("odoo.addons.") and not module.startswith(_FRAMEWORK):
            code = frame.f_code
            return f"{code.co_filename}, line {frame.f_lineno}, in {code.co_name}"
        frame = frame.f_back
    return "in Odoo"
