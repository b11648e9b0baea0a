# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Runs streams and background tasks of a request after Odoo has committed it.

Both continue in the environment of the handler. But when Odoo has the response, it
commits the request and closes the cursor (``odoo.http.Request._serve_db``). So:

- The cursor of a stream is kept open. It has no connection until the stream uses it
  (``resting_cursors``).
- The cursor of tasks is reopened when they run.

Servers call ``close`` of a response at its end, with one exception: werkzeug (3.1,
``WSGIRequestHandler.run_wsgi``) first reads further data of the client, and drops the
response if the client has reset the connection. So the classes with a ``close`` also
close themselves when they are deleted.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

import odoo
from odoo.sql_db import Cursor

from .app.error_log import describe_error
from .bridge import forget_tracebacks
from .connections import CONNECTION_TIMEOUT, get_stop
from .context import odoo_env_ctx
from .exceptions import AfterCommitError, StreamCut
from .follow_up import FollowUpTransactions, leave_request, reopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .app.tasks import TaskRun
    from .bridge import StreamedBody

__all__ = ["DeferredTasks", "StreamBody", "run_tasks"]

_logger = logging.getLogger(__name__)

#: Exceptions that end a thread at any time.
_END_OF_THREAD: tuple[type[BaseException], ...] = ()
if odoo.evented:
    from greenlet import GreenletExit

    _END_OF_THREAD = (GreenletExit,)


def run_tasks(transactions: FollowUpTransactions, tasks: Sequence[TaskRun]) -> None:
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
            ran = task.context.run(_run_task, transactions, task, timeout)
            timeout = CONNECTION_TIMEOUT if ran else 0
    finally:
        for task in left:
            _log("did not run: the thread ends", task, transactions)
        try:
            for task in tasks:
                task.close()
        finally:
            transactions.close()


def _run_task(
    transactions: FollowUpTransactions, task: TaskRun, timeout: float
) -> bool:
    """Run a task; return False if there is no connection for it."""
    leave_request()
    env = transactions.env
    token = odoo_env_ctx.set(env)
    try:
        if env.cr.closed:  # by Odoo, or the previous task lost the connection
            try:
                reopen(env, timeout)
            except Exception:  # log each task that does not run
                _log("did not run: there is no connection for it", task, transactions)
                return False
        _run_in_transaction(transactions, task)
    finally:
        odoo_env_ctx.reset(token)
    return True


def _run_in_transaction(transactions: FollowUpTransactions, task: TaskRun) -> None:
    try:
        transactions.run(task)
    except BaseException as exc:
        if transactions.committed:
            _log("is saved, but failed after that", task, transactions)
        else:
            _log("failed, and is rolled back", task, transactions)
        forget_tracebacks(exc)
        if isinstance(exc, _END_OF_THREAD) or (
            isinstance(exc, KeyboardInterrupt)
            and threading.current_thread() is threading.main_thread()
        ):
            raise


def _log(event: str, task: TaskRun, transactions: FollowUpTransactions) -> None:
    """Log what happened to a task, with the exception that is being handled."""
    exc: Any = sys.exc_info()[1]
    if isinstance(exc, AfterCommitError):
        exc = exc.__cause__
    _logger.error(
        "%s %s: %s\nIt was called as %s.",
        task,
        event,
        describe_error(exc, transactions.scope),
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
            run_tasks(self._transactions, tasks)

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

    #: Called when the stream has ended.
    on_close: Callable[[], None] | None = None

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
        """Commit the handler's changes. The stream has its own transaction.

        :raises AfterCommitError: see :meth:`FollowUpTransactions.commit`
        """
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
            # the server closes the stream only after it has read what the client sends
            self._transactions.rest()
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
        if self.on_close is not None:
            self.on_close()
            self.on_close = None
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
            run_tasks(self._transactions, self._tasks)  # and close

    def __del__(self) -> None:
        self.close()
