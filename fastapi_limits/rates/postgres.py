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
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.sql_db import connection_info_for

from .counters import TIMEOUT, Counter, Hit
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odoo.api import Environment

__all__ = ["CursorCounter", "PostgresCounter"]

_get_key = attrgetter("key")

#: :func:`_make_query` fills in ``{rows}``. ``excluded.start`` is now, except while the
#: statement has waited for the row.
_HIT = """
    INSERT INTO fastapi_rate_count AS known (
        key, amount, seconds, start, previous, current, refused
    )
    VALUES {rows}
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
        date_part('epoch', clock_timestamp()) - start, refused
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
#: A row: key, number of requests, and length of the window in seconds.
_ROW = (
    "({}::text, {}::int, {}::float8, "
    "date_part('epoch', clock_timestamp()), 0, 1, false)"
)


def _make_query(placeholders: Sequence[str]) -> str:
    """Return the statement that counts a request.

    :param placeholders: three for each rate
    """
    rows = [
        _ROW.format(*placeholders[index : index + 3])
        for index in range(0, len(placeholders), 3)
    ]
    return _HIT.format(rows=", ".join(rows), **_EXPRESSIONS)


#: Takes back a hit, because another rate has refused the request. If a new window has
#: begun in the meantime, the request stays counted. The rows are locked in the order of
#: :data:`_HIT`; an UPDATE alone locks them in any order, which can be a deadlock.
_TAKE_BACK = """
    UPDATE fastapi_rate_count AS known SET current = known.current - 1
    FROM (
        SELECT key FROM fastapi_rate_count
        WHERE key = ANY(%s)
        ORDER BY key COLLATE "C"
        FOR UPDATE
    ) AS locked
    WHERE known.key = locked.key AND known.current > 0
"""
_CLEAR = "DELETE FROM fastapi_rate_count WHERE key = %s"


def _sort(hits: Sequence[Hit]) -> Sequence[Hit]:
    """Return hits in the order of their keys.

    Then concurrent statements can't deadlock.
    """
    return sorted(hits, key=_get_key) if len(hits) > 1 else hits


class _SqlCounter(Counter):
    """Counts in the table ``fastapi_rate_count``."""

    name = "PostgreSQL"

    def _read(self, cr: Any, hits: Sequence[Hit]) -> list[Window]:
        """Return the windows that the statement has counted.

        :param cr: cursor, of psycopg2 or of Odoo
        :param hits: one for each row of the result
        """
        counts = {key: count for key, *count in cr.fetchall()}
        if len(hits) > 1:  # else it is not counted if it is refused
            allowed = [key for key, count in counts.items() if not count[-1]]
            if len(allowed) < len(hits):
                self._take_back(cr, allowed, counts)
        return [Window(rate.amount, rate.seconds, *counts[key]) for key, rate in hits]

    def _take_back(
        self, cr: Any, keys: Sequence[str], counts: dict[str, list[Any]]
    ) -> None:
        if keys:
            cr.execute(_TAKE_BACK, (list(keys),))
        for key in keys:
            counts[key][1] -= 1


class PostgresCounter(_SqlCounter):
    """Counts on a connection that this process keeps.

    :param dbname: name of the database
    """

    def __init__(self, dbname: str) -> None:
        super().__init__()
        self._dbname = dbname
        self._lock = threading.Lock()
        self._connection: Any = None
        self._cr: Any = None
        #: Names of the statements that the connection has prepared, by their number of
        #: rates.
        self._prepared: dict[int, str] = {}

    def _hit(self, hits: Sequence[Hit]) -> list[Window]:
        return self._run(self._count, hits)

    def _count(self, cr: Any, hits: Sequence[Hit]) -> list[Window]:
        name = self._prepare(cr, len(hits))
        # Psycopg2 would take longer to convert the values than to send the statement.
        # The keys are hashes.
        values = [
            f"'{key}', {rate.amount}, {rate.seconds}" for key, rate in _sort(hits)
        ]
        # pylint: disable-next=sql-injection
        cr.execute(f"EXECUTE {name} ({', '.join(values)})")
        return self._read(cr, hits)

    def _prepare(self, cr: Any, rates: int) -> str:
        """Return the name of the prepared statement for a number of rates."""
        name = self._prepared.get(rates)
        if name is None:
            query = _make_query([f"${number + 1}" for number in range(3 * rates)])
            name = f"fastapi_rate_hit_{rates}"
            # it has no values, but $1, …; pylint: disable-next=sql-injection
            cr.execute(f"PREPARE {name} AS {query}")
            self._prepared[rates] = name
        return name

    def clear(self, hit: Hit) -> None:
        self._run(lambda cr: cr.execute(_CLEAR, (hit.key,)))

    def _run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        if not self._lock.acquire(timeout=TIMEOUT):
            raise TimeoutError("the connection is in use")
        try:
            return work(self._cr or self._connect(), *arguments)
        except psycopg2.Error:
            self._close()
            raise
        finally:
            self._lock.release()

    def _connect(self) -> Any:
        """Connect to the database, and return the cursor."""
        _dbname, info = connection_info_for(self._dbname)
        self._connection = psycopg2.connect(**info, connect_timeout=2)
        self._connection.autocommit = True
        self._cr = self._connection.cursor()
        self._cr.execute(
            "SET statement_timeout = %s; SET plan_cache_mode = force_generic_plan",
            (f"{TIMEOUT}s",),
        )
        return self._cr

    def _close(self) -> None:
        connection, self._connection, self._cr = self._connection, None, None
        self._prepared.clear()
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
            query = _make_query(["%s"] * 3 * len(hits))
            values = [(key, rate.amount, rate.seconds) for key, rate in _sort(hits)]
            self._cr.execute(query, list(chain.from_iterable(values)))
            return self._read(self._cr, hits)

    def clear(self, hit: Hit) -> None:
        self._cr.execute(_CLEAR, (hit.key,))
