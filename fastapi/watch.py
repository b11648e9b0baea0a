# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ends the open connections of this process that may not go on.

===================================================== ======= =========================
what happens                                          code    noticed
===================================================== ======= =========================
the endpoint is changed, archived or deleted          1012    within ``CHECK_INTERVAL``;
                                                              at once in this process
an addon is upgraded, or this one uninstalled         1012    within ``CHECK_INTERVAL``
a key is revoked or expires, a password is changed,   1008    within
a user is archived, a session ends                            ``CREDENTIAL_INTERVAL``
the check of a credential fails                       1011    the same
the database is dropped or renamed                    1001    within ``CHECK_INTERVAL``
the server stops                                      1001    at once
===================================================== ======= =========================

A WebSocket is closed with the code. An event stream is cut off, as HTTP has no codes;
when the server stops, ``bridge.stop_loops`` does that.

Nothing but a request makes a process of Odoo look at the database, and an open
connection makes none. So while there are connections, a task on the shared loop looks
every few seconds, in a worker thread, with one cursor at a time.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any
from weakref import ref

from anyio import to_thread
from psycopg2.errors import UndefinedTable

from odoo.api import Environment
from odoo.modules.registry import Registry

from .bridge import get_shared_loop
from .connections import is_dropped
from .error_handlers import CONNECTION_ERRORS, convert_exception_to_status_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .auth.ways import Recheck
    from .bridge import StreamedBody

__all__ = ["GOING_AWAY", "EventStream", "Watch", "Watched", "open_connections"]

_logger = logging.getLogger(__name__)

#: Seconds after which a change of an endpoint is noticed in another process.
CHECK_INTERVAL = 5
#: Seconds after which a credential is checked again.
CREDENTIAL_INTERVAL = 10

#: Close codes of RFC 6455.
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012


class Watched:
    """A connection that stays open after its request is committed.

    :param app: the ``serving.EndpointWsgiApp`` of the endpoint, which lives as long
    :param registry: Odoo's registry that the app was built in
    :param recheck: says whether the credential of the caller is still valid
    """

    def __init__(self, app: Any, registry: Any, recheck: Recheck | None = None) -> None:
        self.app = app
        self.registry = registry
        self.recheck = recheck
        self.dbname: str = registry.db_name
        #: When the credential was checked (``time.monotonic``).
        self.checked = time.monotonic()

    def close(self, code: int, reason: str) -> None:
        """End the connection. Called in any thread; safe to repeat."""
        raise NotImplementedError


class EventStream(Watched):
    """A response with server-sent events, which is being sent.

    :param body: the stream of the app
    """

    def __init__(
        self, body: StreamedBody, registry: Any, recheck: Recheck | None = None
    ) -> None:
        super().__init__(body.application, registry, recheck)
        # a server may drop a response without closing it
        self._body = ref(body)

    def close(self, code: int, reason: str) -> None:
        body = self._body()
        if body is not None:
            body.cut(reason)


class _Watcher:
    """The task that checks the connections, while there are any."""

    #: Keeps the task, because a loop does not.
    task: Any = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wake = asyncio.Event()


class Watch:
    """Checks connections. Its methods may be called from any thread."""

    #: Called after the addon was uninstalled from a database.
    on_uninstall: Callable[[], None] | None = None

    def __init__(self) -> None:
        # the garbage collector may remove a stream at any point
        self._lock = threading.RLock()
        self._open: set[Watched] = set()
        self._watcher: _Watcher | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Watched]:
        with self._lock:
            return iter(self._open.copy())

    def add(self, connection: Watched) -> None:
        """Check a connection from now on, until it is removed."""
        loop = get_shared_loop()
        with self._lock:
            self._open.add(connection)
            if self._watcher is not None and self._watcher.loop is loop:
                return
            self._watcher = watcher = _Watcher(loop)
            # not in this context, which the task would keep
            watcher.task = Context().run(
                asyncio.run_coroutine_threadsafe, self._watch(watcher), loop
            )

    def remove(self, connection: Watched) -> None:
        """Forget a connection; safe to repeat."""
        with self._lock:
            self._open.discard(connection)

    def check_soon(self) -> None:
        """Check whether an endpoint has changed. Call this after the commit."""
        watcher = self._watcher
        if watcher is not None:
            with suppress(RuntimeError):  # the loop is closed
                watcher.loop.call_soon_threadsafe(watcher.wake.set)

    async def _watch(self, watcher: _Watcher) -> None:
        while True:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(watcher.wake.wait(), CHECK_INTERVAL)
            watcher.wake.clear()
            with self._lock:
                if self._watcher is not watcher:  # the shared loop was replaced
                    return
                if not self._open:
                    self._watcher = None
                    return
            try:
                await to_thread.run_sync(self.check)
            except Exception:  # such as: can't start new thread
                _logger.exception("The open connections can't be checked.")

    def check(self) -> None:
        """End the connections that may not go on. Called in a worker thread."""
        by_database: dict[str, list[Watched]] = {}
        for connection in self:
            by_database.setdefault(connection.dbname, []).append(connection)
        for dbname, found in by_database.items():
            try:
                if not _check_database(dbname, found) and self.on_uninstall:
                    self.on_uninstall()
            except UndefinedTable as err:  # Odoo signals the uninstallation later
                _logger.info("Clients of %s are checked later: %s", dbname, err)
            except CONNECTION_ERRORS as err:
                if not is_dropped(dbname):
                    _logger.info("Clients of %s are checked later: %s", dbname, err)
                    continue
                for connection in found:
                    connection.close(GOING_AWAY, "The API does not exist any more.")
            except Exception:
                _logger.exception(
                    "The open connections of %s can't be checked.", dbname
                )


#: The connections of this process.
open_connections = Watch()


def _check_database(dbname: str, found: list[Watched]) -> bool:
    """End the connections of a database that may not go on.

    :return: False if the addon is not in the database any more
    """
    registry = Registry(dbname)
    with registry.cursor() as cr:
        registry = registry.check_signaling(cr)
        is_installed = "fastapi.endpoint" in registry
        versions = {}
        if is_installed:
            cr.execute(
                "SELECT id, app_version FROM fastapi_endpoint WHERE active",
                log_exceptions=False,
            )
            versions = dict(cr.fetchall())
        for connection in found:
            if (
                versions.get(connection.app.endpoint_id) != connection.app.version
                or connection.registry is not registry
            ):
                connection.close(SERVICE_RESTART, "The API has changed: connect again.")
            else:
                _check_credential(connection, cr)
        cr.rollback()
    return is_installed


def _check_credential(connection: Watched, cr: Any) -> None:
    """End a connection if it is time to check its credential, and that is not valid.

    If the check fails, the connection ends, too: a request with the credential would
    get the same error. Other connections go on.
    """
    now = time.monotonic()
    if connection.recheck is None or now - connection.checked < CREDENTIAL_INTERVAL:
        return
    try:
        is_valid = connection.recheck(Environment(cr, connection.app.uid, {}))
    except CONNECTION_ERRORS as err:
        cr.rollback()  # raises another one if the connection of the cursor is lost
        _logger.info("A client of %s is checked later: %s", connection.dbname, err)
        return
    except Exception as err:
        cr.rollback()
        status, _body = convert_exception_to_status_body(err)
        if status >= 500:
            _logger.exception(
                "A credential can't be checked: its connection is closed."
            )
            connection.close(INTERNAL_ERROR, "The credential can't be checked.")
            return
        is_valid = False
    connection.checked = now
    if not is_valid:
        connection.close(POLICY_VIOLATION, "The credential is not valid any more.")
