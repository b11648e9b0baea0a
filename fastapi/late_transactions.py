# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request does in the database after its own transaction.

A stream and background tasks go on with the environment of the handler, when Odoo has
committed and closed its cursor (``odoo.http.Request._serve_db`` does that as soon as it
has the response). So the cursor is kept open for a stream; for tasks, which may have to
wait for a slow client, it is closed and opened again.

Both reach into ``odoo.sql_db.Cursor`` (19.0): the instance gets a ``close`` of its own,
or the state of a new cursor. ``test_late_transactions`` fails if that is not enough any
more.

A server calls ``close`` of the response when it is over; all but one. werkzeug (3.1,
``WSGIRequestHandler.run_wsgi``) reads what the client has sent on before that, and if
the client has reset the connection instead, it fails there and lets go of the response.
So what has a ``close`` here closes itself when it is deleted.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.http import _request_stack
from odoo.service.model import retrying
from odoo.sql_db import Cursor

from .bridge.failure_texts import describe_failure
from .context import odoo_env_ctx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

    from starlette.types import Scope

    from odoo.api import Environment

    from .bridge import Answer

__all__ = ["LateTasks", "LateTransactions", "StreamBody", "is_lost", "reopen"]

_logger = logging.getLogger(__name__)


class LateTransactions:
    """Transactions of a request after Odoo's, in the same environment.

    :param env: environment of the handlers
    :param context: context variables of the handlers
    :param scope: ASGI scope of the request, for the log
    """

    def __init__(
        self, env: Environment, context: Context, scope: Scope | None = None
    ) -> None:
        self.env = env
        self._context = context
        self.scope = scope

    def hold(self) -> None:
        """Keep the cursor when Odoo closes it, unless an exception is the reason."""

        def close() -> None:
            if sys.exc_info()[1] is not None:
                self.close()

        self.env.cr.close = close

    def leave_replica(self) -> None:
        """Get a cursor that may write: it is too late to run the request again."""
        if isinstance(self.env.cr, Cursor) and self.env.cr.readonly:
            self.env.cr.close()
            reopen(self.env)

    def close(self) -> None:
        """Close the cursor; what is not committed is rolled back."""
        vars(self.env.cr).pop("close", None)
        self.env.cr.close()

    def commit(self) -> None:
        """Commit what was done since the last commit, and tell the other processes."""
        self.env.cr.commit()
        self.env.registry.signal_changes()

    def rollback(self) -> None:
        """Forget what was done since the last commit."""
        if not self.env.cr.closed:
            # a connection that is lost has rolled back already
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                self.env.cr.rollback()
        self.env.transaction.reset()
        self.env.registry.reset_changes()

    def hold_for_tasks(self) -> None:
        """Keep the cursor of a test: it can't be closed and opened again."""
        if not isinstance(self.env.cr, Cursor):
            self.hold()

    def run_tasks(self, tasks: list[Callable[[], None]]) -> None:
        """Run each task in a transaction of its own, then close the cursor.

        A task that fails is rolled back and logged. After a conflict with another
        transaction it is run again, as a request is.
        """
        try:
            self._context.run(self._run_tasks, tasks)
        finally:
            self.close()

    def _run_tasks(self, tasks: list[Callable[[], None]]) -> None:
        if _request_stack.top is not None:
            _request_stack.pop()  # there is no request any more, in this context
        token = odoo_env_ctx.set(self.env)
        try:
            for task in tasks:
                try:
                    if self.env.cr.closed:  # by Odoo, or lost under the task before
                        reopen(self.env)
                    retrying(task, self.env)
                except Exception as exc:
                    _logger.exception(
                        "%s failed, and is rolled back: %s",
                        task,
                        describe_failure(exc, self.scope),
                    )
                    self.rollback()
        finally:
            odoo_env_ctx.reset(token)


class LateTasks:
    """The background tasks of an answer that is no stream.

    :param late: the transactions to run them in
    :param tasks: run by ``close``, whenever that is; without it only if the request is
        committed, as Odoo drops the response of one that it replays
    """

    def __init__(self, late: LateTransactions, tasks: list[Callable[[], None]]) -> None:
        self._late = late
        self._tasks = tasks
        self._committed = False
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
    :param late: with the cursor held
    :param request: Odoo's; the generator may look for its environment
    """

    def __init__(self, answer: Answer, late: LateTransactions, request: Any) -> None:
        self._answer = answer
        self._late = late
        self._request = request
        self._tasks: list[Callable[[], None]] = []
        self._committed = False
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        self._request.env = self._late.env  # Odoo has taken it away
        try:
            yield from self._answer
            self._late.commit()
            self._committed = True
        except Exception as exc:
            _logger.exception(
                "A stream failed, and is cut off: %s",
                describe_failure(exc, self._late.scope),
            )
            self.close()  # the exception keeps what it would be deleted with
            # The server takes this for the client's doing and says nothing more
            # (werkzeug.serving.WSGIRequestHandler.run_wsgi).
            raise ConnectionAbortedError("The stream failed.") from exc
        self._tasks = self._answer.tasks()

    def close(self) -> None:
        """End the stream wherever it is, and give back what it holds."""
        if self._closed:
            return
        self._closed = True
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


def is_lost(cr: Any) -> bool:
    """Return whether a cursor has lost its connection, and nobody has closed it.

    Odoo commits no such cursor, without a word (``odoo.service.model.retrying``).
    """
    return cr.closed and not cr._closed


def reopen(env: Environment) -> None:
    """Open the cursor of an environment again, on a connection of the pool.

    :raises psycopg2.Error: there is no connection to be had
    """
    cr: Any = env.cr
    fresh = env.registry.cursor()
    if is_lost(cr):
        cr.postrollback.run()  # Odoo runs it when it has rolled back, which failed
    transaction = cr.transaction
    vars(cr).update(vars(fresh))
    cr.transaction = transaction
    fresh._closed = True  # or it would give the connection back when it is deleted
