# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Transactions after the one of a request, in the environment of its handlers.

When Odoo has the response, it commits the request and closes the cursor
(``odoo.http.Request._serve_db``). ``test_after_response`` fails if
``odoo.sql_db.Cursor`` (19.0) no longer allows to keep that cursor open, or to reopen
it.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import _request_stack
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import Cursor

from .connections import CONNECTION_TIMEOUT, wait_for_connection
from .exceptions import AfterCommitError
from .resting_cursors import may_rest, rest, wake
from .transaction_errors import remember_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    T = TypeVar("T")

__all__ = ["FollowUpTransactions", "leave_request", "reopen", "run_afterwards"]

_logger = logging.getLogger(__name__)

#: Key in the data of ``postrollback``, which a commit clears before it calls hooks.
_UNCOMMITTED = "fastapi.uncommitted"


class FollowUpTransactions:
    """Transactions after Odoo's transaction of a request, in the same environment.

    :param env: environment of the handlers
    :param scope: ASGI scope of the request, for the log
    """

    def __init__(self, env: Environment, scope: Scope | None = None) -> None:
        self.env = env
        self.scope = scope
        self._cr: Any = env.cr
        self._invalidated: set[str] = set()
        self._registry_invalidated = False
        #: Whether the last call of :meth:`run` is committed.
        self.committed = False

    def hold(self) -> None:
        """Keep the cursor open when Odoo closes it, except after an exception."""

        def close() -> None:
            if sys.exc_info()[1] is not None:
                self.close()

        if isinstance(self._cr, Cursor) and self._cr.readonly:
            rest(self._cr, self._open_cursor)  # the next connection may write
        self.rest()
        self._cr.close = close

    def rest(self) -> None:
        """If the cursor has only read, give its connection back until it is used."""
        if may_rest(self._cr):
            rest(self._cr, self._open_cursor)

    def _open_cursor(self) -> Cursor:
        """Return a new cursor, and adopt a new registry if there is one."""
        transaction = self.env.transaction
        fresh = wait_for_connection(transaction.registry.cursor, CONNECTION_TIMEOUT)
        try:
            registry = Registry(fresh.dbname).check_signaling(fresh)
            if registry is not transaction.registry:
                transaction.reset()
        except BaseException:
            fresh.close()
            raise
        return fresh

    def take_invalidations(self) -> None:
        """Take over the names of caches that the calling thread has invalidated.

        The registry stores them by thread, and a stream may use several threads.
        """
        registry = self.env.registry
        self._invalidated |= registry.cache_invalidated
        registry.cache_invalidated.clear()
        self._registry_invalidated |= registry.registry_invalidated
        registry.registry_invalidated = False

    def _give_invalidations(self) -> None:
        registry = self.env.registry
        registry.cache_invalidated.update(self._invalidated)
        self._invalidated.clear()
        if self._registry_invalidated:
            registry.registry_invalidated, self._registry_invalidated = True, False

    def close(self) -> None:
        """Close the cursor, and roll back uncommitted changes."""
        vars(self._cr).pop("close", None)
        self._cr.close()

    def commit(self) -> None:
        """Commit, and tell the other processes which caches are invalid.

        :raises AfterCommitError: it is committed, and something failed after that, such
            as a hook of ``postcommit``. The cause may be a conflict, after which Odoo
            would replay the request.
        :raises AbortedTransactionError: a handler has swallowed a database error
        """
        data = self._cr.postrollback.data
        data[_UNCOMMITTED] = True
        try:
            self._cr.commit()  # pylint: disable=invalid-commit  # its own cursor
            self._give_invalidations()
            self._signal_changes()
        except Exception as exc:
            if _UNCOMMITTED in data:
                raise
            raise AfterCommitError(None) from exc

    def _signal_changes(self) -> None:
        """Tell the other processes which caches are invalid.

        This needs a second connection. If there is none, give the first one back while
        waiting, so that requests do not wait for each other.
        """
        try:
            self.env.registry.signal_changes()
        except psycopg2.Error:
            rest(self._cr, self._open_cursor)
            wait_for_connection(self.env.registry.signal_changes, CONNECTION_TIMEOUT)

    def rollback(self) -> None:
        """Roll back changes since the last commit, also in caches."""
        if not self._cr.closed:
            # PostgreSQL has already rolled back a lost connection
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                self._cr.rollback()
        self.env.transaction.reset()
        self._give_invalidations()
        self.env.registry.reset_changes()

    def run(self, call: Callable[[], T]) -> T:
        """Call a function in a transaction, commit, and return its result.

        After a conflict with another transaction, the function is called again. The
        first exception after the commit must not cause that.

        :raises AfterCommitError: it is committed, and something failed after that
        :raises BaseException: the function raised it, and is rolled back
        """
        self.committed = False
        results: list[T] = []

        def attempt() -> None:
            self._cr.postcommit.add(self._set_committed)
            try:
                results[:] = [call()]
            finally:
                self.committed = False  # the function may have committed, and goes on
            try:
                self._cr.commit()  # pylint: disable=invalid-commit  # its own cursor
                self.committed = True
                self._signal_changes()
            except Exception as exc:
                if self.committed:
                    raise AfterCommitError(results[0]) from exc
                raise

        try:
            retrying(attempt, self.env)
        except BaseException:
            if not self.committed:
                self.rollback()
            raise
        return results[0]

    def _set_committed(self) -> None:
        self.committed = True


def reopen(env: Environment, timeout: float = 0) -> None:
    """Reopen the closed cursor of an environment.

    :param timeout: seconds to wait for a connection
    :raises psycopg2.Error: there is no connection in time
    """
    fresh = wait_for_connection(env.registry.cursor, timeout)
    rest(env.cr, lambda: fresh)
    wake(env.cr, fresh)
    remember_errors(env.cr)


def leave_request() -> None:
    """Let ``odoo.http.request`` be unset in the current context."""
    while _request_stack.top is not None:
        _request_stack.pop()


def run_afterwards(
    env: Environment,
    work: Callable[[Environment], object],
    failure: str,
    lock_timeout: str = "0",
) -> None:
    """Call a function after the transaction of a request, committed or rolled back.

    The function gets a transaction of its own. It is ``READ COMMITTED``, so that
    concurrent calls don't conflict.

    :param env: environment of the request
    :param work: called with the environment of the superuser. If it fails, that is only
        logged, because the client has its response
    :param failure: start of the log entry
    :param lock_timeout: how long a statement may wait for a lock, such as ``1s``; ``0``
        for no limit
    """
    run = partial(_run_afterwards, env.registry, work, failure, lock_timeout)
    # only one runs: a rollback clears postcommit, a commit clears postrollback
    env.cr.postrollback.add(run)
    env.cr.postcommit.add(run)


def _run_afterwards(
    registry: Registry,
    work: Callable[[Environment], object],
    failure: str,
    lock_timeout: str,
) -> None:
    try:
        with registry.cursor() as cr:
            if isinstance(cr, Cursor):  # not a test's cursor, which is in a transaction
                cr.execute(
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
                    "SET LOCAL lock_timeout = %s",
                    [lock_timeout],
                )
            work(Environment(cr, SUPERUSER_ID, {}))
    except Exception as err:
        _logger.warning("%s: %s", failure, err)
