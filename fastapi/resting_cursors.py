# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cursors that have no connection to the database until they are used.

A stream that waits must not keep a connection from other requests. So its cursor rests:
it gives its connection back, and takes another one when it needs it. The environment
and its records keep the cursor. They read again, as the next transaction may see other
values.

A cursor may rest if it has only read. If it has written or holds a lock, it must be
committed first.

A resting cursor has another class, and lacks the attributes of ``odoo.sql_db.Cursor``
(19.0) that hold the connection. ``test_resting_cursors`` fails if that stops working.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

from odoo.sql_db import Cursor

from .transaction_errors import is_lost

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["may_rest", "rest", "wake"]

#: Attributes of a cursor that belong to its connection.
_OF_CONNECTION = ("_cnx", "_obj", "_Cursor__pool")

_HAS_ONLY_READ = """
    SELECT pg_current_xact_id_if_assigned() IS NULL
       AND NOT EXISTS (
           SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
       )
"""


def may_rest(cr: Any) -> bool:
    """Return whether a cursor has only read, and has fetched all that it read.

    A cursor with an advisory lock may not rest: some outlive the transaction.
    """
    if not isinstance(cr, Cursor) or isinstance(cr, _RestingCursor) or cr.closed:
        return False
    transaction: Any = cr.transaction
    if (
        any(transaction.field_dirty.values())
        or any(transaction.tocompute.values())
        or cr.precommit
        or cr.postcommit
        or cr.prerollback
        or cr.postrollback
    ):
        return False
    status = cr._cnx.get_transaction_status()
    if status not in (TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS):
        return False
    if cr._obj.description is not None and cr._obj.rownumber < cr._obj.rowcount:
        return False
    try:
        with cr._cnx.cursor() as probe:  # Odoo does not count this query
            probe.execute(_HAS_ONLY_READ)
            return bool(probe.fetchone()[0])
    except psycopg2.Error:  # a lost connection; the next query reports it
        return False


def rest(cr: Any, open_cursor: Callable[[], Cursor]) -> None:
    """Take the connection from a cursor until it is used; roll back what is pending.

    A closed cursor is open again then, and one that has lost its connection gets a new
    one.

    :param open_cursor: returns a new cursor, whose connection this one takes
    """
    lost = is_lost(cr)
    if not lost:
        Cursor.close(cr)
    for name in ("_cnx", "_obj"):
        vars(cr).pop(name, None)
    cr._closed = False
    cr._open_cursor = open_cursor
    cr._awake_class = type(cr)
    cr.__class__ = _RestingCursor
    if lost:
        cr.rollback()


def wake(cr: Any) -> None:
    """Give a resting cursor a connection."""
    if isinstance(cr, _RestingCursor):
        cr._wake_up()


class _RestingCursor(Cursor):
    """The class of a cursor while it rests."""

    _open_cursor: Callable[[], Cursor]
    closed = False
    readonly = False

    def __getattr__(self, name: str) -> Any:
        # an attribute of the connection, or of psycopg2's cursor
        self._wake_up()
        return getattr(self, name)

    def __del__(self) -> None:
        """There is nothing to close."""

    def _wake_up(self) -> None:
        fresh: Any = self._open_cursor()
        for name in _OF_CONNECTION:
            vars(self)[name] = vars(fresh)[name]
        fresh._closed = True  # or it gives the connection back when it is deleted
        self._restore_class()

    def _restore_class(self) -> None:
        del vars(self)["_open_cursor"]
        self.__class__ = vars(self).pop("_awake_class")

    def commit(self) -> None:
        self.flush()
        if type(self) is not _RestingCursor:  # there was something to write
            return self.commit()
        self.clear()
        self._now = None
        self.prerollback.clear()
        self.postrollback.clear()
        self.postcommit.run()

    def rollback(self) -> None:
        if self.prerollback or self.postrollback:
            self._wake_up()  # they may use the connection
            return self.rollback()
        self.clear()
        self.postcommit.clear()
        self._now = None

    def _close(self, leak: bool = False) -> None:
        self.cache.clear()
        self.rollback()
        if type(self) is not _RestingCursor:
            return self._close(leak)
        self._closed = True
        self._restore_class()
