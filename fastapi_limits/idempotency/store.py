# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The rows of keys: who carries a request out, who waits, and who gets the response.

The row of a key is inserted in the transaction of the request, and gets the response
before the commit. So it exists if the work of the request does, and only then. A unique
index makes sure that there is one.

Odoo's transactions are ``REPEATABLE READ``. One that has waited for another does not
see what that one has committed. But if the other one has inserted the same key, an
``INSERT … ON CONFLICT`` fails with a serialization failure. Then the request is rolled
back, and the response is read in a new transaction.

An advisory lock of PostgreSQL, held until the transaction ends, tells whether another
request with the key is running, without waiting for it. It only decides who waits, for
how long, and how many may. The unique index would also hold without it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg2
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError

from odoo.exceptions import ConcurrencyError
from odoo.tools import config

from .keys import HEADER
from .responses import StoredResponse

if TYPE_CHECKING:
    from odoo.sql_db import BaseCursor

__all__ = ["WAITING_FOR_A_KEY", "Claim", "KeyedRequest", "claim"]

#: Requests that may wait for the same key at a time, on all servers together.
WAITING_FOR_A_KEY = 2
#: At most this share of the connections of a process waits for keys.
CONNECTIONS_SHARE = 0.25
#: Seconds after which a client may try again while another request is running.
RETRY_AFTER = 2
#: The same while the addon is being uninstalled.
RETRY_AFTER_UNINSTALL = 10
#: The largest ``lock_timeout`` of PostgreSQL, in milliseconds.
_MAX_LOCK_TIMEOUT = 2**31 - 1

_waiting = threading.BoundedSemaphore(
    max(1, int(config["db_maxconn"] * CONNECTIONS_SHARE))
)

#: Inserts the row of a key, or renews an expired one, if no other transaction does.
#: Returns its id, or nothing.
_INSERT = """
    INSERT INTO fastapi_idempotency_key AS known (
        endpoint_id, digest, key, caller, method, path, fingerprint, date, expires
    )
    SELECT %(endpoint_id)s, %(digest)s, %(key)s, %(caller)s, %(method)s, %(path)s,
           %(fingerprint)s, now() AT TIME ZONE 'UTC',
           now() AT TIME ZONE 'UTC' + %(hours)s * interval '1 hour'
     WHERE pg_try_advisory_xact_lock(%(lock)s)
        ON CONFLICT (endpoint_id, digest) DO UPDATE
       SET key = EXCLUDED.key, caller = EXCLUDED.caller, method = EXCLUDED.method,
           path = EXCLUDED.path, fingerprint = EXCLUDED.fingerprint,
           date = EXCLUDED.date, expires = EXCLUDED.expires,
           status = NULL, headers = NULL, body = NULL
     WHERE known.expires <= now() AT TIME ZONE 'UTC'
 RETURNING id
"""
_READ = """
    SELECT fingerprint, status, headers, body
      FROM fastapi_idempotency_key
     WHERE endpoint_id = %(endpoint_id)s AND digest = %(digest)s
       AND expires > now() AT TIME ZONE 'UTC'
"""
_STORE = """
    UPDATE fastapi_idempotency_key
       SET status = %s, headers = %s, body = %s
     WHERE id = %s
"""
_DROP = "DELETE FROM fastapi_idempotency_key WHERE id = %s"


@dataclass(frozen=True)
class KeyedRequest:
    """A request with a key."""

    endpoint_id: int
    key: str
    #: Who calls; the same key of another caller is another key.
    caller: str
    method: str
    path: str
    fingerprint: str
    #: Hours for which the response is kept.
    hours: int

    def params(self) -> dict[str, Any]:
        """Return the parameters of the queries."""
        digest = hashlib.sha256(f"{self.caller}\0{self.key}".encode()).hexdigest()
        return {**vars(self), "digest": digest, "lock": _lock_id(self, digest, 0)}


class Claim:
    """The row of a request that is carried out.

    A handler that rolls back by itself removes it. If the handler then commits by
    itself, the row is inserted again, in the same transaction. This goes on until the
    claim has ended, so :meth:`end` or :meth:`drop` one whose response is not stored.

    :param row_id: its id
    """

    def __init__(self, cr: BaseCursor, request: KeyedRequest, row_id: int) -> None:
        self._cr, self._request, self._row_id = cr, request, row_id
        #: Whether the handler is running, until one of the methods below.
        self._is_running = True
        self._watch()

    def end(self) -> None:
        """Let rollbacks remove the row, because the request has failed."""
        self._is_running = False

    def store(self, status: int, headers: str, body: bytes) -> None:
        """Store the response of the request.

        :param headers: see ``dump_headers``
        :raises ConcurrencyError: the handler has rolled back, and since then another
            request has the key; see also ``psycopg2.errors.SerializationFailure``
        :raises HTTPException: 503, the addon is being uninstalled
        """
        self.end()
        values = [status, headers, psycopg2.Binary(body)]
        with _needs_table(self._cr):
            self._cr.execute(_STORE, [*values, self._row_id], log_exceptions=False)
            if not self._cr.rowcount:
                self._insert_again()
                self._cr.execute(_STORE, [*values, self._row_id])

    def drop(self) -> None:
        """Remove the row, although the request is carried out.

        :raises HTTPException: 503, the addon is being uninstalled
        """
        self.end()
        with _needs_table(self._cr):
            self._cr.execute(_DROP, [self._row_id], log_exceptions=False)

    def _watch(self) -> None:
        # Odoo empties its queue of hooks when they run, so each one adds the next
        self._cr.prerollback.add(lambda: self._cr.postrollback.add(self._rolled_back))

    def _rolled_back(self) -> None:
        if self._is_running:
            self._cr.precommit.add(self._insert_before_commit)
            self._watch()

    def _insert_before_commit(self) -> None:
        # the hook stays in Odoo's queue when ``store`` has inserted the row, and
        # inserting it twice looks like a conflict
        if self._is_running:
            self._insert_again()

    def _insert_again(self) -> None:
        """Insert the row again.

        :raises ConcurrencyError: another request has the key
        """
        self._cr.execute(_INSERT, self._request.params(), log_exceptions=False)
        row = self._cr.fetchone()
        if row is None:
            raise ConcurrencyError(f"Another request has the {HEADER}")
        self._row_id = row[0]


def claim(
    cr: BaseCursor, request: KeyedRequest, get_wait: Callable[[], float]
) -> Claim:
    """Return the row for the response of a request, which is now carried out.

    While another request with the key is running, this waits.

    :param get_wait: returns the most seconds to wait
    :raises StoredResponse: the key has a response
    :raises HTTPException: 409, another request is still running, or has ended without a
        response; 503, the addon is being uninstalled
    :raises RequestValidationError: 422, the key belongs to another request
    """
    params = request.params()
    with _needs_table(cr):
        row_id = _insert(cr, params)
        if row_id is None:
            _raise_response(cr, params)
            with _place_to_wait(cr, request, params):
                _wait_for_lock(cr, params["lock"], get_wait())
            row_id = _insert(cr, params)
        if row_id is None:
            _raise_response(cr, params)
            # the response has just been removed, as it is too old
            raise ConcurrencyError(f"The {HEADER} has expired in the meantime")
    return Claim(cr, request, row_id)


@contextmanager
def _needs_table(cr: BaseCursor) -> Iterator[None]:
    """Respond with a 503 if the table is gone, because the addon is being uninstalled.

    Without the table, the request can't be carried out exactly once.

    :raises HTTPException: 503
    """
    try:
        yield
    except psycopg2.errors.UndefinedTable as err:
        cr.rollback()
        raise HTTPException(
            503,
            f"Requests with an {HEADER} can't be carried out at the moment. Try again "
            "later.",
            {"Retry-After": str(RETRY_AFTER_UNINSTALL)},
        ) from err


def _insert(cr: BaseCursor, params: dict[str, Any]) -> int | None:
    """Return the id of a new row, None if the key has one, or is locked.

    :raises StoredResponse: the row was committed after this transaction had begun; see
        also :func:`_raise_response`
    """
    try:
        cr.execute(_INSERT, params, log_exceptions=False)
    except psycopg2.errors.SerializationFailure:
        cr.rollback()
        _raise_response(cr, params)
        raise
    row = cr.fetchone()
    return row[0] if row else None


def _raise_response(cr: BaseCursor, params: dict[str, Any]) -> None:
    """Raise the stored response, or why there is none; return if there is no row."""
    cr.execute(_READ, params, log_exceptions=False)
    row = cr.fetchone()
    if row is None:
        return
    fingerprint, status, headers, body = row
    if fingerprint != params["fingerprint"]:
        error = {
            "type": "idempotency_key_reused",
            "loc": ("header", HEADER),
            "msg": f"The {HEADER} was sent with another request before: other method, "
            "path, query, type or body. Take a new key for each request; repeat the "
            "key only with a repetition of the same request.",
            "input": params["key"],
        }
        raise RequestValidationError([error])
    if status is None:
        raise HTTPException(
            409,
            f"The first request with this {HEADER} has saved a part of its work, and "
            "has no response. It is not carried out again. Look at what it has done, "
            "and take a new key.",
        )
    raise StoredResponse(status, headers, bytes(body))


@contextmanager
def _place_to_wait(
    cr: BaseCursor, request: KeyedRequest, params: dict[str, Any]
) -> Iterator[None]:
    """Take one of the places to wait, which limit threads and connections.

    :raises HTTPException: 409, they are all taken
    """
    if not _waiting.acquire(blocking=False):
        raise _in_progress()
    try:
        for number in range(1, WAITING_FOR_A_KEY + 1):
            lock = _lock_id(request, params["digest"], number)
            # until the transaction ends
            cr.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
            if cr.fetchone()[0]:
                break
        else:
            raise _in_progress()
        yield
    finally:
        _waiting.release()


def _wait_for_lock(cr: BaseCursor, lock: int, wait: float) -> None:
    """Wait until the other request with the key has ended.

    :raises HTTPException: 409, it takes too long
    """
    cr.execute(
        "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
        [f"{max(1, min(int(wait * 1000), _MAX_LOCK_TIMEOUT))}ms"],
    )
    before = cr.fetchone()[0]
    try:
        cr.execute("SELECT pg_advisory_xact_lock(%s)", [lock], log_exceptions=False)
    except psycopg2.errors.LockNotAvailable:
        cr.rollback()
        raise _in_progress() from None
    cr.execute("SELECT set_config('lock_timeout', %s, true)", [before])


def _in_progress() -> HTTPException:
    return HTTPException(
        409,
        f"Another request with this {HEADER} is still running. Repeat this one later "
        "to get its response.",
        {"Retry-After": str(RETRY_AFTER)},
    )


def _lock_id(request: KeyedRequest, digest: str, number: int) -> int:
    """Return the number of an advisory lock.

    :param number: 0 for the request itself, others for places to wait
    """
    name = f"fastapi_limits {request.endpoint_id} {digest} {number}"
    found = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(found[:8], "big", signed=True)
