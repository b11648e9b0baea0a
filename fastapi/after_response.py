# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request does after Odoo has committed it: its stream and its background tasks.

Both continue in the environment of the handler. Odoo commits the request and closes its
cursor when it has the response (``odoo.http.Request._serve_db``), so:

- The cursor of a stream is kept open. It has no connection until the stream uses it
  (``resting_cursors``).
- The cursor of tasks is opened again when they run.

``test_after_response`` fails if ``odoo.sql_db.Cursor`` (19.0) no longer allows that.

Servers call ``close`` of the response at its end. One does not: werkzeug (3.1,
``WSGIRequestHandler.run_wsgi``) first reads what the client has sent in addition, and
drops the response if the client has reset the connection. So the classes with a
``close`` also close themselves when they are deleted.
"""

from __future__ import annotations

import functools
import logging
import random
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg2

import odoo
from odoo.http import _request_stack
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.service.server import CommonServer
from odoo.sql_db import Cursor

from .app.error_log import describe_error
from .bridge import forget_tracebacks
from .context import odoo_env_ctx
from .exceptions import StreamCut
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
    "CONNECTION_TIMEOUT",
    "DeferredTasks",
    "FollowUpTransactions",
    "StreamBody",
    "reopen",
]

_logger = logging.getLogger(__name__)

#: Seconds that streams and tasks wait for a connection to the database.
CONNECTION_TIMEOUT = 60
#: Seconds between two attempts to get one, at first and at most.
PAUSES = 0.02, 0.5

#: Ends a thread, whatever it does.
_END_OF_THREAD: tuple[type[BaseException], ...] = ()
if odoo.evented:
    from greenlet import GreenletExit

    _END_OF_THREAD = (GreenletExit,)


class FollowUpTransactions:
    """The transactions of a request after Odoo's, in the same environment.

    :param env: environment of the handlers
    :param scope: ASGI scope of the request, for the log
    """

    def __init__(self, env: Environment, scope: Scope | None = None) -> None:
        self.env = env
        self.scope = scope
        self._cr: Any = env.cr
        self._invalidated: set[str] = set()
        self._registry_invalidated = False

    def hold(self) -> None:
        """Keep the cursor open when Odoo closes it, unless after an exception."""

        def close() -> None:
            if sys.exc_info()[1] is not None:
                self.close()

        if isinstance(self._cr, Cursor) and self._cr.readonly:
            rest(self._cr, self._open_cursor)  # the next connection may write
        self.rest()
        self._cr.close = close

    def rest(self) -> None:
        """Give the connection back until the cursor is used, if it has only read."""
        if may_rest(self._cr):
            rest(self._cr, self._open_cursor)

    def _open_cursor(self) -> Cursor:
        """Return a new cursor; the registry may be another one by now."""
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
        """Take over the caches that the calling thread has invalidated.

        The registry keeps them by thread, and a stream may use several.
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
        """Close the cursor; what is not committed is rolled back."""
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

        That takes a second connection. If there is none, give the first one back while
        waiting: requests must not wait for each other.
        """
        try:
            self.env.registry.signal_changes()
        except psycopg2.Error:
            rest(self._cr, self._open_cursor)
            wait_for_connection(self.env.registry.signal_changes, CONNECTION_TIMEOUT)

    def rollback(self) -> None:
        """Roll back what was done since the last commit, in caches too."""
        if not self._cr.closed:
            # a lost connection is rolled back already
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                self._cr.rollback()
        self.env.transaction.reset()
        self._give_invalidations()
        self.env.registry.reset_changes()

    def run_tasks(self, tasks: Sequence[TaskRun]) -> None:
        """Run each task in a transaction of its own, then close the cursor.

        A task that fails is rolled back and logged, whatever it raises. After a
        conflict with another transaction it is run again, like a request. If there is
        no connection in time, the task is logged, and the next one tries once.

        Ctrl-C ends the thread that it reaches. In the evented server it ends the task
        only: a ``KeyboardInterrupt`` of the task itself looks the same there.
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
            if self._cr.closed:  # by Odoo, or the task before has lost the connection
                try:
                    reopen(self.env, timeout)
                except Exception:  # any: each task that does not run is logged
                    self._log("did not run: there is no connection for it", task)
                    return False
            self._run_in_transaction(task)
        finally:
            odoo_env_ctx.reset(token)
        return True

    def _run_in_transaction(self, task: TaskRun) -> None:
        committed = False

        def run() -> None:
            nonlocal committed
            task()
            self._cr.commit()  # pylint: disable=invalid-commit
            committed = True
            self._signal_changes()

        try:
            retrying(run, self.env)
        except BaseException as exc:
            if committed:
                self._log("is saved, but failed after that", task)
            else:
                self._log("failed, and is rolled back", task)
                self.rollback()
            forget_tracebacks(exc)
            if isinstance(exc, _END_OF_THREAD) or (
                isinstance(exc, KeyboardInterrupt)
                and threading.current_thread() is threading.main_thread()
            ):
                raise

    def _log(self, event: str, task: TaskRun) -> None:
        """Log what happened to a task, with the exception that is being handled."""
        exc: Any = sys.exc_info()[1]
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

    ``close`` runs them. If it is not called, they run only after a commit: Odoo also
    drops the responses of attempts that it replays.

    :param transactions: the transactions to run them in
    """

    def __init__(
        self, transactions: FollowUpTransactions, tasks: list[TaskRun]
    ) -> None:
        self._transactions = transactions
        self._tasks = tasks
        self._committed = False
        _get_stop()  # registered by the thread of the request, not later
        cr = transactions.env.cr
        if not isinstance(cr, Cursor):  # of a test: it can't be opened again
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


class StreamBody:
    """The body of a streamed response: its generator runs while it is sent.

    :param body: the stream of the app
    :param transactions: the transactions that it continues in
    :param request: request of Odoo; gets its environment back, for the generator
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
        """Commit the handler's work; the stream has a transaction of its own."""
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
        except StreamCut as cut:
            _logger.debug("A stream is cut off: %s", cut)
            self.close()
            raise
        except Exception as exc:
            _logger.exception(
                "A stream failed, and is cut off: %s",
                describe_error(exc, self._transactions.scope),
            )
            forget_tracebacks(exc)
            self.close()  # the exception keeps a reference to this object
            # The server takes it for a disconnected client, and logs nothing more
            # (werkzeug.serving.WSGIRequestHandler.run_wsgi).
            raise ConnectionAbortedError("The stream failed.") from exc
        self._tasks = self._body.tasks()

    def _wait(self) -> None:
        """Called whenever the stream waits for something."""
        self._transactions.rest()
        # odoo.service.server.ThreadedServer.process_limit restarts the server if a
        # request takes too long; a stream may take longer
        thread: Any = threading.current_thread()
        thread.start_time = None

    def close(self) -> None:
        """End the stream, wherever it is, and run its tasks if it is complete."""
        if self._closed:
            return
        self._closed = True
        try:
            self._body.close()
        finally:
            if self._started:  # or else Odoo ends the transaction
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


def wait_for_connection(call: Callable[[], T], timeout: float) -> T:
    """Call a function that needs a connection of Odoo's pool, and return its result.

    :param call: called again while the pool is full, or PostgreSQL is down
    :param timeout: seconds to try; the server's stop ends it earlier
    :raises psycopg2.Error: there is no connection in time
    """
    deadline = time.monotonic() + timeout
    pause, longest = PAUSES
    while True:
        try:
            return call()
        except psycopg2.Error as exc:  # the pool resets connections, so any error
            left = deadline - time.monotonic()
            if pause == PAUSES[0] and left > 0:
                _logger.info(
                    "No connection to the database, waiting for %d seconds at most: %s",
                    timeout,
                    exc,
                )
            # at random, so that waiting threads do not try all at once
            if left <= 0 or _get_stop().wait(min(left, random.uniform(0, pause))):
                raise
        pause = min(2 * pause, longest)


@functools.cache
def _get_stop() -> threading.Event:
    """Return an event that is set when the server stops."""
    stop = threading.Event()
    CommonServer.on_stop(stop.set)
    return stop


def reopen(env: Environment, timeout: float = 0) -> None:
    """Open the closed cursor of an environment again.

    :param timeout: seconds to wait for a connection
    :raises psycopg2.Error: there is no connection in time
    """
    fresh = wait_for_connection(env.registry.cursor, timeout)
    rest(env.cr, lambda: fresh)
    wake(env.cr, fresh)
    remember_errors(env.cr)
