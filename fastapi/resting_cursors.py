# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Cursors that have no connection to the database until they are used.

A waiting stream must not occupy a connection that other requests need. So its cursor
rests: it gives its connection back to the pool, and takes another one when it is used.
The environment and its records keep the cursor, but read values again, because the next
transaction may see other ones.

A cursor may rest if it has only read. If it has written or holds a lock, it must be
committed first.

While a cursor rests, placeholders replace the attributes of ``odoo.sql_db.Cursor``
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
    """Return whether a cursor has only read, and has fetched all rows.

    A cursor with an advisory lock may not rest: some of these locks outlive the
    transaction.
    """
    if not isinstance(cr, Cursor) or cr.closed or isinstance(cr._cnx, _Absent):
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
    """Roll a cursor back, and take its connection away until it is used again.

    This also reopens a closed cursor, and one that has lost its connection.

    :param open_cursor: returns a new cursor, whose connection this one takes over
    """
    lost = is_lost(cr)
    if not lost:
        # not ``cr.close``, which ``FollowUpTransactions.hold`` replaces; that of a
        # request also works if the connection is lost at this moment
        type(cr).close(cr)
    for name in _OF_CONNECTION:
        vars(cr)[name] = _Absent(cr, name, open_cursor)
    cr._closed = False
    if lost:
        cr.rollback()


def wake(cr: Any, fresh: Any) -> None:
    """Give a resting cursor the connection of a new one."""
    for name in _OF_CONNECTION:
        vars(cr)[name] = vars(fresh)[name]
    fresh._closed = True  # otherwise its deletion gives the connection back


class _Absent:
    """Placeholder for an attribute of a resting cursor.

    Commit, rollback and close do nothing. Everything else wakes the cursor.
    """

    closed = False
    readonly = False

    def __init__(self, cr: Any, name: str, open_cursor: Callable[[], Cursor]) -> None:
        self._cr = cr
        self._name = name
        self._open_cursor = open_cursor

    def __getattr__(self, attribute: str) -> Any:
        wake(self._cr, self._open_cursor())
        return getattr(vars(self._cr)[self._name], attribute)

    def get_transaction_status(self) -> int:
        return TRANSACTION_STATUS_IDLE

    def commit(self) -> None:
        pass

    rollback = close = commit

    def give_back(self, *_args: Any, **_options: Any) -> None:
        """Drop the references to the cursor, which is being closed."""
        for name in _OF_CONNECTION:
            vars(self._cr).pop(name, None)
