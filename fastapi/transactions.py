# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``tx.run(work)``: a transaction for code that has none.

A WebSocket handler has no transaction after ``accept``, and the task of a lifespan
never has one. Both run on the shared loop, where a query would block all connections.
So :meth:`Transactions.run` calls a function on a worker thread, with an environment and
a cursor of its own. The function can be called again after a conflict with another
transaction, unlike a part of a coroutine.

In a request the function runs on the request's own thread, like all sync code there.
The transaction of the request stays open meanwhile.

The threads are a small pool of the process, so that works leave database connections
for requests. A cancelled task does not interrupt its work: PostgreSQL commits it or
rolls it back.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import psycopg2
from anyio import to_thread
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection
from psycopg2.pool import PoolError
from werkzeug.exceptions import ServiceUnavailable

import odoo
from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

from .bridge.loops import STOP_GRACE, Loop
from .bridge.process_end import call_at_process_end
from .connections import CONNECTION_TIMEOUT, wait_for_connection
from .context import odoo_env_ctx
from .exceptions import AfterCommitError, LockedByCallerError
from .follow_up import FollowUpTransactions, leave_request
from .transaction_errors import remember_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from odoo.api import Environment
    from odoo.sql_db import Cursor

__all__ = ["Transactions"]

_logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: Most works at a time. Fewer if the process may have few database connections.
MAX_WORKS = 16
#: Works use at most this share of ``db_maxconn``.
CONNECTIONS_SHARE = 0.25
#: Seconds that a work waits for a lock while its caller's transaction has locks.
LOCK_TIMEOUT = 5
#: Seconds that a work waits for a connection while its caller has one: least and most.
#: All callers may wait for each other. With random times, few give up, and free theirs.
SECOND_CONNECTION_TIMEOUT = 1, 5
#: Seconds between two attempts to end the works of a stopping server.
CANCEL_INTERVAL = 0.1

#: Sets the timeout of locks until the transaction ends, if a backend has locks that
#: others may wait for. A backend that has only read has none.
_LIMIT_WAITING = """
    SELECT set_config('lock_timeout', %s, true)
      FROM pg_locks
     WHERE pid = %s AND locktype <> 'virtualxid' AND mode <> 'AccessShareLock'
     LIMIT 1
"""

#: Cursors of the works that are running.
_running: set[Cursor] = set()
#: Notified when a work has ended.
_changed = threading.Condition()
#: Set when works have to end, because the server stops.
_cancelled = threading.Event()


class Transactions:
    """Runs functions in transactions of their own.

    Handlers and dependencies get one with ``Depends(transactions)``. Other code, such
    as a lifespan, makes one from an environment::

        tx = Transactions(self.env(user=self.endpoint.user_id))

    :param env: the functions get environments with its database, user and context. It
        is not kept.
    """

    #: Class of the transactions of background tasks.
    follow_up_class = FollowUpTransactions

    def __init__(self, env: Environment) -> None:
        self._dbname: str = env.cr.dbname
        self._args: tuple[Any, ...] = env.uid, dict(env.context), env.su

    def of_user(self, uid: int, context: Mapping[str, Any], su: bool) -> Self:
        """Return transactions of another user."""
        result = copy(self)
        result._args = uid, dict(context), su
        return result

    async def run(
        self,
        work: Callable[Concatenate[Environment, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call ``work(env, …)`` in a transaction, commit, and return its result.

        After a conflict with another transaction, ``work`` is called again. So it
        should not change anything but records, and it should return values, not
        records: their environment is closed.

        If the awaiting task is cancelled, a work that has begun still ends: it is
        committed, or rolled back if it fails.

        :param work: a function. It does not see uncommitted changes of the caller's
            request, and must not wait for a row that the request has changed.
        :raises LockedByCallerError: it has waited for such a row, or for another lock
        :raises TypeError: ``work`` is a coroutine function
        :raises Exception: ``work`` raised it, and is rolled back
        """
        if _is_async(work):
            raise TypeError(
                f"{_name_of(work)} is async, but a work is a sync function: it is "
                "called again after a conflict with another transaction, and blocks "
                "its thread. Await other things before or after `tx.run`."
            )

        def call(env: Environment) -> T:
            return work(env, *args, **kwargs)

        result: T = await self._call(partial(self._run, work, call))
        return result

    async def finish(self, call: Callable[[], None]) -> None:
        """Call a function that opens its own transactions, even after a cancel."""

        def run() -> None:
            with _thread_data(self._dbname, self._args[0]):
                call()

        await asyncio.shield(asyncio.ensure_future(self._call(run)))

    async def _call(self, call: Callable[[], Any]) -> Any:
        """Call a function where it may block."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, Loop) and not loop.is_shared:
            return await to_thread.run_sync(call)  # on the thread of the request
        future = _get_executor().submit(copy_context().run, call)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # a call that runs goes on, and keeps its place in the pool
            future.add_done_callback(_log_unseen_error)
            raise

    def _run(self, work: Callable[..., T], call: Callable[[Environment], T]) -> T:
        """Call a work on the current thread, in a context of its own."""
        leave_request()  # retrying would reset it
        caller = odoo_env_ctx.get(None)
        with self._open(caller) as transactions:
            env = transactions.env
            odoo_env_ctx.set(env)
            with (
                _thread_data(env.cr.dbname, env.uid),
                env["fastapi.endpoint"]._app_context(),
            ):
                attempt = partial(_attempt, work, call, env, caller)
                try:
                    return transactions.run(attempt)
                except AfterCommitError as err:
                    _logger.error(
                        "%s is saved, but failed after that.",
                        _name_of(work),
                        exc_info=err.__cause__,
                    )
                    result: T = err.result
                    return result

    @contextmanager
    def _open(self, caller: Environment | None) -> Iterator[FollowUpTransactions]:
        """Provide a transaction in a new environment, rolled back at the end.

        :param caller: environment of the caller, which may be closed
        """
        cr: Any = self._wait_for_cursor(caller)
        try:
            env = api.Environment(cr, *self._args)
            env.transaction.default_env = env
            with _invalidations_apart(env.registry):
                yield FollowUpTransactions(env)
        finally:
            with _changed:
                _running.discard(cr)
                _changed.notify_all()
            cr.close()

    def _wait_for_cursor(self, caller: Environment | None) -> Cursor:
        """Return a new cursor, as soon as the pool has a connection.

        :raises PoolError: it has none in time
        """
        if caller is None or not _has_connection(caller.cr):
            return wait_for_connection(self._open_cursor, CONNECTION_TIMEOUT)
        timeout = random.uniform(*SECOND_CONNECTION_TIMEOUT)
        try:
            return wait_for_connection(self._open_cursor, timeout)
        except PoolError as exc:
            raise PoolError(
                "`tx.run` needs a second connection to the database beside that of its "
                f"caller, and has waited {timeout:.0f} seconds for one. Odoo's option "
                f"db_maxconn ({_get_max_connections()}) has to be higher than the "
                "number of requests that run at the same time."
            ) from exc

    def _open_cursor(self) -> Cursor:
        """Return a new cursor, after taking over changes of other processes."""
        if _cancelled.is_set():
            raise ServiceUnavailable("The server stops.")
        cr = Registry(self._dbname).cursor()
        try:
            Registry(self._dbname).check_signaling(cr)
        except BaseException:
            cr.close()
            raise
        remember_errors(cr)
        with _changed:
            _running.add(cr)
        return cr


def _attempt(
    work: Callable[..., T],
    call: Callable[[Environment], T],
    env: Environment,
    caller: Environment | None,
) -> T:
    """Call a work, and flush its changes.

    If the caller's transaction is in the way, PostgreSQL sees no deadlock: it does not
    know that the caller waits for the work. So the work waits for a limited time.

    :param caller: environment of the caller, which may be closed
    :raises LockedByCallerError: the time is over
    """
    pid = caller and _get_backend(caller.cr)
    if pid and pid != _get_backend(env.cr):  # tests have one cursor for both
        env.cr.execute(_LIMIT_WAITING, [f"{LOCK_TIMEOUT}s", pid])
    try:
        result = _call_sync(work, call, env)
        env.cr.flush()
        return result
    except psycopg2.errors.LockNotAvailable as exc:
        # "ProcessInterrupts" detects a timeout; NOWAIT fails elsewhere
        if pid and exc.diag.source_function == "ProcessInterrupts":
            raise LockedByCallerError(_name_of(work), LOCK_TIMEOUT) from exc
        raise


def _has_connection(cr: Any) -> bool:
    """Return whether a cursor occupies a connection of the pool."""
    # a cursor that rests has a placeholder
    return not cr.closed and isinstance(getattr(cr, "_cnx", None), connection)


def _get_backend(cr: Any) -> int | None:
    """Return the process of PostgreSQL that runs the transaction of a cursor."""
    # a cursor of another thread may be closed at any moment
    with suppress(psycopg2.Error, AttributeError):
        # a closed cursor keeps its connection, which others use
        if (
            not cr.closed
            and cr._cnx.get_transaction_status() != TRANSACTION_STATUS_IDLE
        ):
            pid: int = cr._cnx.info.backend_pid
            return pid
    return None


def _call_sync(
    work: Callable[..., T], call: Callable[[Environment], T], env: Environment
) -> T:
    result = call(env)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(
            f"{_name_of(work)} has returned something to await. A work is a sync "
            "function that returns a value."
        )
    return result


def _is_async(work: Any) -> bool:
    while isinstance(work, partial):
        work = work.func
    return any(
        inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        for function in (work, getattr(work, "__call__", None))  # noqa: B004
    )


def _name_of(work: Any) -> str:
    while isinstance(work, partial):
        work = work.func
    return getattr(work, "__qualname__", None) or type(work).__qualname__


@contextmanager
def _thread_data(dbname: str, uid: int) -> Iterator[None]:
    """Set what Odoo's log reads from the thread, and restore it.

    A request goes on counting its queries.
    """
    thread: Any = threading.current_thread()
    data: dict[str, Any] = {"dbname": dbname, "uid": uid}
    if not hasattr(thread, "query_count"):
        data |= {"query_count": 0, "query_time": 0, "perf_t0": time.time()}
    before = {name: getattr(thread, name) for name in data if hasattr(thread, name)}
    vars(thread).update(data)
    try:
        yield
    finally:
        for name in data:
            vars(thread).pop(name, None)
        vars(thread).update(before)


@contextmanager
def _invalidations_apart(registry: Registry) -> Iterator[None]:
    """Keep the invalid caches of a request until the request is committed.

    The registry stores their names by thread, and a work may end before its request.
    """
    caches, models = set(registry.cache_invalidated), registry.registry_invalidated
    registry.cache_invalidated.clear()
    registry.registry_invalidated = False
    try:
        yield
    finally:
        registry.cache_invalidated.update(caches)
        registry.registry_invalidated = models


def _log_unseen_error(future: Future[Any]) -> None:
    """Log the exception of a work whose task was cancelled."""
    exc = None if future.cancelled() else future.exception()
    if exc is not None:
        _logger.error(
            "A work failed, and is rolled back. Its task was cancelled before.",
            exc_info=exc,
        )


def _get_max_connections() -> int:
    # as odoo.sql_db.db_connect
    limit: int = odoo.evented and config["db_maxconn_gevent"] or config["db_maxconn"]
    return limit


@functools.cache
def _get_executor() -> ThreadPoolExecutor:
    """Return the worker threads of the process."""
    size = max(1, min(MAX_WORKS, int(_get_max_connections() * CONNECTIONS_SHARE)))
    return ThreadPoolExecutor(size, "odoo.addons.fastapi.transactions")


os.register_at_fork(after_in_child=_get_executor.cache_clear)


def cancel_works(grace: float = STOP_GRACE) -> threading.Thread:
    """End all works, because the server stops.

    Python waits for worker threads before it exits. So after the grace, each query of a
    work is cancelled, until all works have ended or are rolled back. A work that runs
    no query is waited for.

    :param grace: seconds for works to end by themselves
    :return: the thread that does this
    """
    thread = threading.Thread(target=_cancel_works, args=(grace,), daemon=True)
    thread.start()
    return thread


def _cancel_works(grace: float) -> None:
    with _changed:
        _changed.wait_for(lambda: not _running, grace)
        _cancelled.set()
        while _running:
            for cr in _running:
                with suppress(psycopg2.Error, AttributeError):  # it has just ended
                    cr._cnx.cancel()
            _changed.wait(CANCEL_INTERVAL)


# For Odoo's workers, which don't call ``server_stop.stop_apps``. The apps stop before
# that, and then Python waits for the threads of the executor.
call_at_process_end(_cancel_works, STOP_GRACE)
