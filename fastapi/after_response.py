# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs streams and background tasks of a request after Odoo has committed it.

Both continue in the environment of the handler. But when Odoo has the response, it
commits the request and closes the cursor (``odoo.http.Request._serve_db``). So:

- The cursor of a stream is kept open. It has no connection until the stream uses it
  (``resting_cursors``).
- The cursor of tasks is reopened when they run.

``test_after_response`` fails if ``odoo.sql_db.Cursor`` (19.0) no longer allows that.

Servers call ``close`` of a response at its end, with one exception: werkzeug (3.1,
``WSGIRequestHandler.run_wsgi``) first reads further data of the client, and drops the
response if the client has reset the connection. So the classes with a ``close`` also
close themselves when they are deleted.
"""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg2

import odoo
from odoo.http import _request_stack
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import Cursor

from .app.error_log import describe_error
from .bridge import forget_tracebacks
from .connections import CONNECTION_TIMEOUT, get_stop, wait_for_connection
from .context import odoo_env_ctx
from .exceptions import AfterCommitError, StreamCut
from .resting_cursors import may_rest, rest, wake
from .transaction_errors import remember_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.types import Scope

    from odoo.api import Environment

    from .app.tasks import TaskRun
    from .bridge import StreamedBody

    T = TypeVar("T")

__all__ = [
    "DeferredTasks",
    "FollowUpTransactions",
    "StreamBody",
    "reopen",
]

_logger = logging.getLogger(__name__)

#: Exceptions that end a thread at any time.
_END_OF_THREAD: tuple[type[BaseException], ...] = ()
if odoo.evented:
    from greenlet import GreenletExit

    _END_OF_THREAD = (GreenletExit,)


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

        :raises AbortedTransactionError: a handler has swallowed a database error
        """
        self._cr.commit()  # pylint: disable=invalid-commit  # its own cursor
        self._give_invalidations()
        self._signal_changes()

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

    def run_tasks(self, tasks: Sequence[TaskRun]) -> None:
        """Run each task in a separate transaction, then close the cursor.

        A task that raises any exception is rolled back and logged. After a conflict
        with another transaction, it is replayed like a request. If there is no
        connection in time, the task is logged, and the next one tries only once.

        Ctrl-C ends the thread that it reaches. In the evented server it only ends the
        task, because a ``KeyboardInterrupt`` of the task itself looks the same there.
        """
        left = list(tasks)
        timeout = CONNECTION_TIMEOUT
        try:
            while left:
                task = left.pop(0)
                ran = task.context.run(self._run_task, task, timeout)
                timeout = CONNECTION_TIMEOUT if ran else 0
        finally:
            for task in left:
                self._log("did not run: the thread ends", task)
            try:
                for task in tasks:
                    task.close()
            finally:
                self.close()

    def _run_task(self, task: TaskRun, timeout: float) -> bool:
        """Run a task; return False if there is no connection for it."""
        if _request_stack.top is not None:
            _request_stack.pop()  # the request is over
        token = odoo_env_ctx.set(self.env)
        try:
            if self._cr.closed:  # by Odoo, or the previous task lost the connection
                try:
                    reopen(self.env, timeout)
                except Exception:  # log each task that does not run
                    self._log("did not run: there is no connection for it", task)
                    return False
            self._run_in_transaction(task)
        finally:
            odoo_env_ctx.reset(token)
        return True

    def _run_in_transaction(self, task: TaskRun) -> None:
        try:
            self.run(task)
        except BaseException as exc:
            if self.committed:
                self._log("is saved, but failed after that", task)
            else:
                self._log("failed, and is rolled back", task)
            forget_tracebacks(exc)
            if isinstance(exc, _END_OF_THREAD) or (
                isinstance(exc, KeyboardInterrupt)
                and threading.current_thread() is threading.main_thread()
            ):
                raise

    def _log(self, event: str, task: TaskRun) -> None:
        """Log what happened to a task, with the exception that is being handled."""
        exc: Any = sys.exc_info()[1]
        if isinstance(exc, AfterCommitError):
            exc = exc.__cause__
        _logger.error(
            "%s %s: %s\nIt was called as %s.",
            task,
            event,
            describe_error(exc, self.scope),
            task.describe(),
            exc_info=exc,
        )


class DeferredTasks:
    """The background tasks of a response that is not a stream.

    ``close`` runs them. Without a call of ``close``, they only run after a commit, as
    Odoo also drops the responses of attempts that it replays.

    :param transactions: the transactions in which they run
    """

    def __init__(
        self, transactions: FollowUpTransactions, tasks: list[TaskRun]
    ) -> None:
        self._transactions = transactions
        self._tasks = tasks
        self._committed = False
        get_stop()  # the thread of the request has to register it
        cr = transactions.env.cr
        if not isinstance(cr, Cursor):  # a test's cursor can't be reopened
            transactions.hold()
        cr.postcommit.add(self._set_committed)

    def _set_committed(self) -> None:
        self._committed = True

    def close(self) -> None:
        """Run the tasks, once."""
        tasks, self._tasks = self._tasks, []
        if tasks:
            self._transactions.run_tasks(tasks)

    def __del__(self) -> None:
        if self._committed:
            self.close()


def _get_cut(exc: BaseException) -> StreamCut | None:
    """Return an intended cut, also out of the task group that sends events."""
    members: tuple[BaseException, ...]
    while len(members := getattr(exc, "exceptions", ())) == 1:
        exc = members[0]
    return exc if isinstance(exc, StreamCut) else None


class StreamBody:
    """The body of a streamed response. Its generator runs while it is sent.

    :param body: the stream of the app
    :param transactions: the transactions in which it continues
    :param request: request of Odoo, which gets its environment back
    """

    def __init__(
        self, body: StreamedBody, transactions: FollowUpTransactions, request: Any
    ) -> None:
        self._body = body
        self._transactions = transactions
        self._request = request
        self._tasks: list[TaskRun] = []
        self._started = False
        self._committed = False
        self._closed = False

    def start(self) -> None:
        """Commit the handler's changes. The stream has its own transaction."""
        try:
            self._transactions.commit()
            self._transactions.hold()
        except BaseException:
            self.close()
            raise
        self._started = True

    def __iter__(self) -> Iterator[bytes]:
        self._request.env = self._transactions.env  # Odoo has removed it
        self._body.watch(self._wait, self._transactions.take_invalidations)
        try:
            yield from self._body
            self._transactions.commit()
            self._committed = True
        except Exception as exc:
            if (cut := _get_cut(exc)) is not None:
                _logger.debug("A stream is cut off: %s", cut)
                self.close()
                raise cut from None
            _logger.exception(
                "A stream failed, and is cut off: %s",
                describe_error(exc, self._transactions.scope),
            )
            forget_tracebacks(exc)
            self.close()  # the exception keeps a reference to this object
            # The server treats this like a disconnected client, and logs nothing more
            # (werkzeug.serving.WSGIRequestHandler.run_wsgi).
            raise ConnectionAbortedError("The stream failed.") from exc
        self._tasks = self._body.tasks()

    def _wait(self) -> None:
        """Called whenever the stream waits for something."""
        self._transactions.rest()
        # odoo.service.server.ThreadedServer.process_limit restarts the server if a
        # request takes too long, but a stream may take longer
        thread: Any = threading.current_thread()
        thread.start_time = None

    def close(self) -> None:
        """End the stream at any point, and run its tasks if it is complete."""
        if self._closed:
            return
        self._closed = True
        try:
            self._body.close()
        finally:
            if self._started:  # otherwise Odoo ends the transaction
                self._end_transactions()

    def _end_transactions(self) -> None:
        self._request.env = None
        try:
            if not self._committed:
                self._transactions.rollback()
        finally:
            self._transactions.run_tasks(self._tasks)  # and close

    def __del__(self) -> None:
        self.close()


def reopen(env: Environment, timeout: float = 0) -> None:
    """Reopen the closed cursor of an environment.

    :param timeout: seconds to wait for a connection
    :raises psycopg2.Error: there is no connection in time
    """
    fresh = wait_for_connection(env.registry.cursor, timeout)
    rest(env.cr, lambda: fresh)
    wake(env.cr, fresh)
    remember_errors(env.cr)
