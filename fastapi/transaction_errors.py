# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Errors of the database that a handler has swallowed.

After a failed query PostgreSQL refuses all others, and makes a rollback of a commit,
without a word. A handler that goes on after ``except Exception``, as GraphQL libraries
do for their resolvers, would be answered 200 with nothing saved. So what ends a
transaction asks :func:`get_swallowed_error` before, and an aborted one is no success:
Odoo replays the request if the cause was a conflict with another transaction, and every
other cause is a 500.

psycopg2 knows that a transaction is aborted, at no cost, but not why. So the cursor of
a request remembers its last error (:func:`remember_errors`): the instance gets a class
of its own. ``test_transaction_errors`` fails if ``odoo.sql_db.Cursor`` or its stand-in
for tests (19.0) no longer runs each query through ``execute``.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from odoo.exceptions import ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .exceptions import AbortedTransactionError

if TYPE_CHECKING:
    from odoo.sql_db import BaseCursor

__all__ = [
    "AbortedTransactionError",
    "get_swallowed_error",
    "is_lost",
    "remember_errors",
]

#: Addons whose lines say nothing of a cause.
_FRAMEWORK = ("odoo.addons.base.", "odoo.addons.fastapi.")


class _SqlError(NamedTuple):
    """The error of a query; not the exception, which would keep all its frames."""

    kind: type[Exception]
    message: str
    line: str

    def __str__(self) -> str:
        return f"{self.kind.__name__}: {self.message} ({self.line})"


class _RememberingCursor:
    """Mixed into the class of a cursor that remembers its last error."""

    #: Why the transaction is aborted, if it is.
    _fastapi_error: _SqlError | None = None

    def commit(self: Any) -> None:  # pylint: disable=missing-return
        self.flush()
        error = get_swallowed_error(self)
        if error is not None:
            raise error
        super().commit()


@functools.cache
def _get_class(cursor_class: type[BaseCursor]) -> type[BaseCursor]:
    execute_query = cursor_class.execute

    def execute(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            execute_query(self, *args, **kwargs)
        except psycopg2.errors.InFailedSqlTransaction:
            raise  # the cause was before
        except psycopg2.Error as exc:
            line = _get_line(sys._getframe(1))
            self._fastapi_error = _SqlError(type(exc), str(exc).strip(), line)
            raise

    bases = (_RememberingCursor, cursor_class)
    return type(cursor_class.__name__, bases, {"execute": execute})


def remember_errors(cr: Any) -> None:
    """Have a cursor remember why its transaction is aborted, until it is closed."""
    if not isinstance(cr, _RememberingCursor):
        cr.__class__ = _get_class(type(cr))
    cr._fastapi_error = None


def is_lost(cr: Any) -> bool:
    """Return whether a cursor has lost its connection, and nobody has closed it.

    Odoo commits no such cursor, without a word (``odoo.service.model.retrying``).
    """
    return cr.closed and not cr._closed


def get_swallowed_error(cr: Any) -> Exception | None:
    """Return what is to be raised instead of a commit, None if all is well.

    :param cr: a cursor that is not closed, but may have lost its connection
    """
    if cr.closed:
        if is_lost(cr):
            return psycopg2.OperationalError("The connection to the database is lost")
        return None
    if cr._cnx.get_transaction_status() != TRANSACTION_STATUS_INERROR:
        return None
    cause = getattr(cr, "_fastapi_error", None)
    if cause is not None and issubclass(cause.kind, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
        return ConcurrencyError(f"A handler has swallowed {cause}")
    return AbortedTransactionError(
        "Nothing can be saved, as an error of the database was swallowed: "
        f"{cause or 'an unknown one'}"
    )


def _get_line(frame: Any) -> str:
    """Return the line of an addon that has caused a query."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("odoo.addons.") and not module.startswith(_FRAMEWORK):
            code = frame.f_code
            return f"{code.co_filename}, line {frame.f_lineno}, in {code.co_name}"
        frame = frame.f_back
    return "in Odoo"
