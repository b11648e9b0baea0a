# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counts requests in PostgreSQL, on a connection of its own.

A request takes one statement, whatever the number of its rates. It is prepared, and
committed at once: on the cursors of Odoo's pool it would take four times as long. The
table is not logged, so a hit writes nothing to the disk; a crash of PostgreSQL loses
the counts. The clock is that of the database. Concurrent requests wait for each other
on the row of their caller, so all of them are counted.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.sql_db import connection_info_for

from .counters import TIMEOUT, Counter, Hit
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odoo.api import Environment

__all__ = ["CursorCounter", "PostgresCounter"]

#: Parameters: keys, amounts, and lengths of the windows in seconds. The rows come in
#: the order of the keys, so that concurrent statements lock them in the same order.
#: ``excluded.start`` is now, except while the statement has waited for the row.
_HIT = """
    INSERT INTO fastapi_rate_count AS known (
        key, amount, seconds, start, previous, current, refused
    )
    SELECT key, amount, seconds, extract(epoch FROM clock_timestamp()), 0, 1, false
    FROM unnest({keys}, {amounts}, {seconds}) AS hit (key, amount, seconds)
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        start = CASE
            WHEN {age} < known.seconds THEN known.start
            WHEN {age} < 2 * known.seconds THEN known.start + known.seconds
            ELSE excluded.start
        END,
        previous = CASE
            WHEN {age} < known.seconds THEN known.previous
            WHEN {age} < 2 * known.seconds THEN known.current
            ELSE 0
        END,
        current = CASE
            WHEN {age} < known.seconds THEN
                known.current + ({used} < known.amount)::int
            WHEN {age} < 2 * known.seconds THEN ({used_next} < known.amount)::int
            ELSE 1
        END,
        refused = CASE
            WHEN {age} < known.seconds THEN {used} >= known.amount
            WHEN {age} < 2 * known.seconds THEN {used_next} >= known.amount
            ELSE false
        END
    RETURNING key, previous, current,
        extract(epoch FROM clock_timestamp()) - start, refused
"""
_EXPRESSIONS = {
    "age": "(excluded.start - known.start)",
    # see window.Window; the age is below 0 if the statement has waited for the row
    "used": "floor(known.previous * least(1, 1 - (excluded.start - known.start)"
    " / known.seconds)) + known.current",
    # the current window has become the previous one
    "used_next": "floor(known.current * (2 - (excluded.start - known.start)"
    " / known.seconds))",
}
_PREPARE = "PREPARE fastapi_rate_hit (text[], int[], float8[]) AS " + _HIT.format(
    keys="$1", amounts="$2", seconds="$3", **_EXPRESSIONS
)
_EXECUTE = "EXECUTE fastapi_rate_hit (%s, %s, %s)"
_PLAIN = _HIT.format(
    keys="%s::text[]", amounts="%s::int[]", seconds="%s::float8[]", **_EXPRESSIONS
)
#: Takes back a hit, because another rate has refused the request. If a new window has
#: begun in the meantime, the request stays counted.
_TAKE_BACK = """
    UPDATE fastapi_rate_count SET current = current - 1
    WHERE key = ANY(%s) AND current > 0
"""
_CLEAR = "DELETE FROM fastapi_rate_count WHERE key = %s"


class _SqlCounter(Counter):
    """Counts in the table ``fastapi_rate_count``."""

    name = "PostgreSQL"

    def _count(self, cr: Any, query: str, hits: Sequence[Hit]) -> list[Window]:
        """Count a request.

        :param cr: cursor, of psycopg2 or of Odoo
        :param query: the statement, as text or prepared
        """
        keys = [hit.key for hit in hits]
        amounts = [hit.rate.amount for hit in hits]
        seconds = [float(hit.rate.seconds) for hit in hits]
        cr.execute(query, (keys, amounts, seconds))
        counts = {key: count for key, *count in cr.fetchall()}
        allowed = [key for key in keys if not counts[key][-1]]
        if allowed and len(allowed) < len(keys):
            cr.execute(_TAKE_BACK, (allowed,))
            for key in allowed:
                counts[key][1] -= 1
        return [
            Window(amount, width, *counts[key])
            for key, amount, width in zip(keys, amounts, seconds, strict=True)
        ]


class PostgresCounter(_SqlCounter):
    """Counts on a connection that this process keeps.

    :param dbname: name of the database
    """

    def __init__(self, dbname: str) -> None:
        super().__init__()
        self._dbname = dbname
        self._lock = threading.Lock()
        self._connection: Any = None

    def _hit(self, hits: Sequence[Hit]) -> list[Window]:
        return self._run(lambda cr: self._count(cr, _EXECUTE, hits))

    def clear(self, hit: Hit) -> None:
        self._run(lambda cr: cr.execute(_CLEAR, (hit.key,)))

    def _run(self, work: Any) -> Any:
        if not self._lock.acquire(timeout=TIMEOUT):
            raise TimeoutError("the connection is in use")
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.cursor() as cr:
                return work(cr)
        except psycopg2.Error:
            self._close()
            raise
        finally:
            self._lock.release()

    def _connect(self) -> Any:
        _dbname, info = connection_info_for(self._dbname)
        connection = psycopg2.connect(**info, connect_timeout=2)
        try:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(f"SET statement_timeout = '{TIMEOUT}s'; {_PREPARE}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg2.Error):
                connection.close()


class CursorCounter(_SqlCounter):
    """Counts on the cursor of a test, whose transaction is rolled back."""

    def __init__(self, env: Environment) -> None:
        super().__init__()
        self._cr = env.cr

    def _hit(self, hits: Sequence[Hit]) -> list[Window]:
        with self._cr.savepoint(flush=False):
            return self._count(self._cr, _PLAIN, hits)

    def clear(self, hit: Hit) -> None:
        self._cr.execute(_CLEAR, (hit.key,))
