# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cursors without a connection to the database, until somebody uses them.

A stream that waits would keep its connection from all others. So its cursor rests
meanwhile: it gives its connection back, and takes one when it is asked for anything
that needs it. The environment, its records and whatever else has the cursor notice
nothing. What they read after that is of another transaction, so nothing of the one
before is kept in the caches.

A cursor may rest if nothing is lost by that. It may not once it has written or holds a
lock: that is for a commit to end.

The instance changes its class meanwhile, and loses the attributes of
``odoo.sql_db.Cursor`` (19.0) that hold the connection: ``_cnx`` and ``_obj``.
``test_resting_cursors`` fails if that is not enough any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

from odoo.sql_db import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["may_rest", "rest"]

#: Attributes of a cursor that are those of its connection.
_OF_CONNECTION = ("_cnx", "_obj", "_Cursor__pool")

_KEEPS_NOTHING = """
    SELECT pg_current_xact_id_if_assigned() IS NULL
       AND NOT EXISTS (
           SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
       )
"""


def may_rest(cr: Any) -> bool:
    """Return whether a cursor has only read, and all it has read is fetched.

    Some advisory locks outlive the transaction: a cursor that has one may not rest.
    """
    if not isinstance(cr, Cursor) or isinstance(cr, _RestingCursor) or cr.closed:
        return False
    transaction = cr.transaction
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
        with cr._cnx.cursor() as probe:  # not one of the queries that Odoo counts
            probe.execute(_KEEPS_NOTHING)
            return probe.fetchone()[0]
    except psycopg2.Error:  # the connection is lost: the next query says so
        return False


def rest(cr: Any, open_cursor: Callable[[], Cursor]) -> None:
    """Give the connection of a cursor back until it is used.

    :param cr: for which ``may_rest`` is true
    :param open_cursor: returns another cursor, of which it takes the connection
    """
    awake_class = type(cr)
    Cursor.close(cr)  # rolls back
    del cr._cnx  # its close has deleted _obj
    cr._closed = False
    cr._open_cursor = open_cursor
    cr._awake_class = awake_class
    cr.__class__ = _RestingCursor


class _RestingCursor(Cursor):
    """What a cursor is while it rests."""

    closed = False
    readonly = False

    def __getattr__(self, name: str) -> Any:
        # the connection, or what Cursor has of psycopg2's cursor
        self._wake_up()
        return getattr(self, name)

    def __del__(self) -> None:
        """There is nothing to close."""

    def _wake_up(self) -> None:
        fresh = self._open_cursor()
        for name in _OF_CONNECTION:
            vars(self)[name] = vars(fresh)[name]
        fresh._closed = True  # or it would give the connection back when it is deleted
        self._get_up()

    def _get_up(self) -> None:
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
            self._wake_up()  # they may want the connection
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
        self._get_up()
