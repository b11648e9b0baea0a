# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request does in the database after its own transaction.

A stream and background tasks go on with the environment of the handler, when Odoo has
committed and closed its cursor (``odoo.http.Request._serve_db`` does that as soon as it
has the response). So the cursor is kept open for a stream, without a connection until
the stream uses it (``resting_cursors``); for tasks, it is closed and opened again.

Both reach into ``odoo.sql_db.Cursor`` (19.0): the instance gets a ``close`` of its own,
or the state of a new cursor. ``test_after_response`` fails if that is not enough any
more.

A server calls ``close`` of the response when it is over; all but one. werkzeug (3.1,
``WSGIRequestHandler.run_wsgi``) reads what the client has sent on before that, and if
the client has reset the connection instead, it fails there and lets go of the response.
So what has a ``close`` here closes itself when it is deleted.
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
from .resting_cursors import may_rest, rest
from .transaction_errors import get_swallowed_error, is_lost, remember_errors

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

#: Seconds that what follows a response waits for a connection to the database.
CONNECTION_TIMEOUT = 60
#: Seconds between two attempts to get one, at first and at most.
PAUSES = 0.02, 0.5

#: What Odoo's pool raises if it has no connection to give: also what it meets when it
#: resets one that PostgreSQL has closed.
NO_CONNECTION = psycopg2.Error

#: What has a thread end, whatever it does.
_END_OF_THREAD: tuple[type[BaseException], ...] = ()
if odoo.evented:
    from greenlet import GreenletExit

    _END_OF_THREAD = (GreenletExit,)


class FollowUpTransactions:
    """Transactions of a request after Odoo's, in the same environment.

    :param env: environment of the handlers
    :param scope: ASGI scope of the request, for the log
    """

    def __init__(self, env: Environment, scope: Scope | None = None) -> None:
        self.env = env
        self.scope = scope
        self._invalidated: set[str] = set()
        self._registry_invalidated = False

    def hold(self) -> None:
        """Keep the cursor when Odoo closes it, unless an exception is the reason."""

        def close() -> None:
            if sys.exc_info()[1] is not None:
                self.close()

        cr = self.env.cr
        if may_rest(cr) or (isinstance(cr, Cursor) and cr.readonly):
            rest(cr, self._open_cursor)
        cr.close = close

    def rest(self) -> None:
        """Give the connection back until the cursor is used, if nothing is lost by it.

        The next one may write, even if this one is of a replica.
        """
        if may_rest(self.env.cr):
            rest(self.env.cr, self._open_cursor)

    def _open_cursor(self) -> Cursor:
        """Return a cursor for one that has rested: by now, registries may be others."""
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
        """Take over what a thread of the stream has changed in caches.

        Called on that thread; the registry keeps it by thread.
        """
        registry = self.env.registry
        self._invalidated |= registry.cache_invalidated
        registry.cache_invalidated.clear()
        self._registry_invalidated |= registry.registry_invalidated
        registry.registry_invalidated = False

    def _give_invalidations(self) -> None:
        registry = self.env.registry
        if self._invalidated:
            registry.cache_invalidated.update(self._invalidated)
            self._invalidated.clear()
        if self._registry_invalidated:
            registry.registry_invalidated, self._registry_invalidated = True, False

    def close(self) -> None:
        """Close the cursor; what is not committed is rolled back."""
        vars(self.env.cr).pop("close", None)
        self.env.cr.close()

    def commit(self) -> None:
        """Commit what was done since the last commit, and tell the other processes.

        :raises AbortedTransactionError: an error of the database was swallowed
        """
        self.env.cr.commit()
        self._give_invalidations()
        self._signal_changes()
        if self.env.cr.closed:
            reopen(self.env, CONNECTION_TIMEOUT)

    def _signal_changes(self) -> None:
        """Tell the other processes which caches are out of date.

        That takes a second connection. Where there is none, the cursor is closed: all
        who have a connection could wait for each other.
        """
        try:
            self.env.registry.signal_changes()
        except NO_CONNECTION:
            self.close()
            wait_for_connection(self.env.registry.signal_changes, CONNECTION_TIMEOUT)

    def rollback(self) -> None:
        """Forget what was done since the last commit."""
        if not self.env.cr.closed:
            # a connection that is lost has rolled back already
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                self.env.cr.rollback()
        self.env.transaction.reset()
        self._give_invalidations()
        self.env.registry.reset_changes()

    def hold_for_tasks(self) -> None:
        """Keep the cursor of a test: it can't be closed and opened again."""
        if not isinstance(self.env.cr, Cursor):
            self.hold()

    def run_tasks(self, tasks: Sequence[TaskRun]) -> None:
        """Run each task in a transaction of its own, then close the cursor.

        A task that fails is rolled back and logged, whatever it raises. Ctrl-C ends the
        thread that it reaches, but not the evented server, where a task's own
        ``KeyboardInterrupt`` looks the same: there it ends that task. After a
        conflict with another transaction it is run again, as a request is. One that
        gets no connection in time is logged, and the next tries once.
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
        """Run a task; return whether there was a connection for it."""
        if _request_stack.top is not None:
            _request_stack.pop()  # there is no request any more, in this context
        token = odoo_env_ctx.set(self.env)
        try:
            if self.env.cr.closed:  # by Odoo, or lost under the task before
                try:
                    reopen(self.env, timeout)
                except Exception:  # whatever it is: no task is lost without a word
                    self._log("did not run: there is no connection for it", task)
                    return False
            self._run_in_transaction(task)
        finally:
            odoo_env_ctx.reset(token)
        return True

    def _run_in_transaction(self, task: TaskRun) -> None:
        committed = False

        def note() -> None:
            nonlocal committed
            committed = True

        def run() -> None:
            task()
            error = get_swallowed_error(self.env.cr)
            if error is not None:
                raise error
            self.env.cr.postcommit.add(note)

        try:
            retrying(run, self.env)
        except BaseException as exc:
            if committed:
                self._finish_commit(task)
            else:
                self._log("failed, and is rolled back", task)
                self.rollback()
            forget_tracebacks(exc)
            if isinstance(exc, _END_OF_THREAD) or (
                isinstance(exc, KeyboardInterrupt)
                and threading.current_thread() is threading.main_thread()
            ):
                raise

    def _finish_commit(self, task: TaskRun) -> None:
        """Do what is left to do after a commit when something has failed there."""
        if not isinstance(sys.exc_info()[1], psycopg2.Error):  # of signal_changes
            self._log("is saved, but failed after that", task)
        try:
            self._signal_changes()
        except psycopg2.Error:
            self._log("is saved, but other processes don't know of it", task)

    def _log(self, what: str, task: TaskRun) -> None:
        """Log what became of a task, and the exception that is handled right now."""
        exc = sys.exc_info()[1]
        _logger.error(
            "%s %s: %s\nIt was called as %s.",
            task,
            what,
            describe_error(exc, self.scope),
            task.describe(),
            exc_info=exc,
        )


class DeferredTasks:
    """The background tasks of an answer that is no stream.

    :param late: the transactions to run them in
    :param tasks: run by ``close``, whenever that is; without it only if the request is
        committed, as Odoo drops the response of one that it replays
    """

    def __init__(self, late: FollowUpTransactions, tasks: list[TaskRun]) -> None:
        self._late = late
        self._tasks = tasks
        self._committed = False
        _get_stop()  # before it is waited for
        late.hold_for_tasks()
        late.env.cr.postcommit.add(self._commit)

    def _commit(self) -> None:
        self._committed = True

    def close(self) -> None:
        """Run the tasks; more than once does no harm."""
        tasks, self._tasks = self._tasks, []
        if tasks:
            self._late.run_tasks(tasks)

    def __del__(self) -> None:
        if self._committed:
            self.close()


class StreamBody:
    """The body of a streamed response: its generator runs while it is sent.

    :param answer: the stream of the app
    :param late: the transactions that it goes on in
    :param request: Odoo's; the generator may look for its environment
    """

    def __init__(
        self, answer: StreamedBody, late: FollowUpTransactions, request: Any
    ) -> None:
        self._answer = answer
        self._late = late
        self._request = request
        self._tasks: list[TaskRun] = []
        self._started = False
        self._committed = False
        self._closed = False

    def start(self) -> None:
        """Commit what the handler has done: the stream goes on from there."""
        self._late.commit()
        self._late.hold()
        self._started = True

    def __iter__(self) -> Iterator[bytes]:
        self._request.env = self._late.env  # Odoo has taken it away
        self._answer.watch(self._wait, self._late.take_invalidations)
        try:
            yield from self._answer
            self._late.commit()
            self._committed = True
        except StreamCut as cut:
            _logger.debug("A stream is cut off: %s", cut)
            self.close()
            raise
        except Exception as exc:
            _logger.exception(
                "A stream failed, and is cut off: %s",
                describe_error(exc, self._late.scope),
            )
            forget_tracebacks(exc)
            self.close()  # the exception keeps what it would be deleted with
            # The server takes this for the client's doing and says nothing more
            # (werkzeug.serving.WSGIRequestHandler.run_wsgi).
            raise ConnectionAbortedError("The stream failed.") from exc
        self._tasks = self._answer.tasks()

    def _wait(self) -> None:
        """Called whenever the stream waits for something: it must not be in the way."""
        self._late.rest()
        # odoo.service.server.ThreadedServer.process_limit restarts the server if a
        # request takes too long; this one has a client who is there
        threading.current_thread().start_time = None

    def close(self) -> None:
        """End the stream wherever it is, and give back what it holds."""
        if self._closed:
            return
        self._closed = True
        if not self._started:  # the transaction is Odoo's
            self._answer.close()
            return
        try:
            self._answer.close()
        finally:
            self._request.env = None
            if self._tasks:
                self._late.run_tasks(self._tasks)
            else:
                try:
                    if not self._committed:
                        self._late.rollback()  # of caches too: closing leaves those
                finally:
                    self._late.close()

    def __del__(self) -> None:
        self.close()


def wait_for_connection(call: Callable[[], T], timeout: float) -> T:
    """Return what a call returns that needs a connection of Odoo's pool.

    :param call: is tried again where the pool is full, or PostgreSQL away
    :param timeout: seconds to go on trying; a stop of the server ends it
    :raises psycopg2.Error: there is no connection to be had
    """
    deadline = time.monotonic() + timeout
    pause, longest = PAUSES
    while True:
        try:
            return call()
        except NO_CONNECTION as exc:
            left = deadline - time.monotonic()
            if pause == PAUSES[0] and left > 0:
                _logger.info(
                    "No connection to the database, waiting for %d seconds at most: %s",
                    timeout,
                    exc,
                )
            # of all that wait, not all at once
            if left <= 0 or _get_stop().wait(min(left, random.uniform(0, pause))):
                raise
        pause = min(2 * pause, longest)


@functools.cache
def _get_stop() -> threading.Event:
    """Return what is set when the server stops."""
    stop = threading.Event()
    CommonServer.on_stop(stop.set)
    return stop


def reopen(env: Environment, timeout: float = 0) -> None:
    """Open the cursor of an environment again, on a connection of the pool.

    :param timeout: seconds to wait for one while the pool is full, or PostgreSQL away
    :raises psycopg2.Error: there is no connection to be had
    """
    cr: Any = env.cr
    fresh = wait_for_connection(env.registry.cursor, timeout)
    if is_lost(cr):
        cr.postrollback.run()  # Odoo runs it when it has rolled back, which failed
    transaction = cr.transaction
    vars(cr).update(vars(fresh))
    cr.transaction = transaction
    fresh._closed = True  # or it would give the connection back when it is deleted
    remember_errors(cr)
