# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The open WebSockets of this process: their limits, and why they are closed.

===================================================== ======= =========================
what happens                                          code    noticed
===================================================== ======= =========================
the endpoint is changed, archived or deleted          1012    within ``CHECK_INTERVAL``;
                                                              at once in this process
an addon is upgraded                                  1012    within ``CHECK_INTERVAL``
a key is revoked or expires, a password is changed,   1008    within
a user is archived, a session ends                            ``CREDENTIAL_INTERVAL``
the database is dropped or renamed                    1001    within ``CHECK_INTERVAL``
the server stops                                      1001    at once
===================================================== ======= =========================

Nothing but a request makes a process of Odoo look at the database, and an open
connection makes none. So while there are connections, a task on the shared loop looks
every few seconds, in a worker thread, with one cursor at a time.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from odoo.api import Environment
from odoo.modules.registry import Registry
from odoo.service.server import CommonServer

from .bridge import WebSocketLimits, get_shared_loop
from .callers import CREDENTIAL_INTERVAL
from .connections import is_dropped
from .error_handlers import CONNECTION_ERRORS
from .exceptions import WebSocketRefused

if TYPE_CHECKING:
    from .auth.ways import Recheck
    from .bridge import WebSocketExchange

__all__ = [
    "Connection",
    "ConnectionLimits",
    "Connections",
    "open_websockets",
]

_logger = logging.getLogger(__name__)

#: Seconds after which a change of an endpoint is noticed in another process.
CHECK_INTERVAL = 5
#: Seconds for which a stopping server waits for its connections to close.
STOP_GRACE = 2
#: Seconds after which a client that was refused may try again.
RETRY_AFTER = 10

#: Close codes of RFC 6455.
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
SERVICE_RESTART = 1012


@dataclass(frozen=True)
class ConnectionLimits(WebSocketLimits):
    """The limits of the WebSockets of an endpoint.

    :param max_connections: most connections in one process, 0 without a limit
    :param max_caller_connections: most of them that one caller has, 0 without a limit
    """

    max_connections: int = 1000
    max_caller_connections: int = 20


@dataclass(eq=False)
class Connection:
    """A WebSocket that the app has accepted.

    :param exchange: runs the app, and has the socket
    :param app: the ``serving.EndpointWsgiApp`` of the endpoint, which lives as long
    :param registry: Odoo's registry that the app was built in
    :param caller: what tells callers apart
    :param recheck: says whether the credential of the caller is still valid
    """

    exchange: WebSocketExchange
    app: Any
    registry: Any
    caller: Hashable = None
    recheck: Recheck | None = None

    def __post_init__(self) -> None:
        self.dbname: str = self.registry.db_name
        self.endpoint: tuple[str, int] = self.dbname, self.app.endpoint_id
        #: When the credential was checked (``time.monotonic``).
        self.checked = time.monotonic()

    def close(self, code: int, reason: str) -> None:
        self.exchange.close(code, reason)


class _Watcher:
    """The task that checks the connections, while there are any."""

    #: Keeps the task, because a loop does not.
    task: Any = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wake = asyncio.Event()


class Connections:
    """All connections of a process. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._open: set[Connection] = set()
        self._by_endpoint: Counter[Hashable] = Counter()
        self._by_caller: Counter[Hashable] = Counter()
        self._stopped = False
        self._watcher: _Watcher | None = None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        with self._lock:
            return iter(tuple(self._open))

    def check_room(self, dbname: str, app: Any) -> None:
        """Refuse a connection if the endpoint has no room for one more.

        :param app: the ``serving.EndpointWsgiApp`` of the endpoint
        :raises WebSocketRefused: 503
        """
        most = app.limits.max_connections
        if self._stopped:
            raise _refuse(503, "The server stops.")
        if most and self._by_endpoint[dbname, app.endpoint_id] >= most:
            raise _refuse(503, f"This API has {most} open WebSockets, its limit.")

    def add(self, connection: Connection) -> None:
        """Keep a connection until its exchange ends.

        :raises WebSocketRefused: 503 or 429, a limit is reached
        """
        caller = (connection.endpoint, connection.caller)
        with self._lock:
            self.check_room(connection.dbname, connection.app)
            most = connection.app.limits.max_caller_connections
            if most and self._by_caller[caller] >= most:
                raise _refuse(429, f"You have {most} open WebSockets here, the limit.")
            self._open.add(connection)
            self._by_endpoint[connection.endpoint] += 1
            self._by_caller[caller] += 1
        connection.exchange.on_end = lambda: self.remove(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection; safe to repeat."""
        with self._lock:
            if connection not in self._open:
                return
            self._open.discard(connection)
            for counter, key in (
                (self._by_endpoint, connection.endpoint),
                (self._by_caller, (connection.endpoint, connection.caller)),
            ):
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]
            self._lock.notify_all()

    def watch(self) -> None:
        """Check the connections from now on, until the last one ends."""
        loop = get_shared_loop()
        with self._lock:
            if self._watcher is not None and self._watcher.loop is loop:
                return
            self._watcher = watcher = _Watcher(loop)
            # not in this context, which the task would keep
            watcher.task = Context().run(
                asyncio.run_coroutine_threadsafe, self._watch(watcher), loop
            )

    def check_soon(self) -> None:
        """Check whether an endpoint has changed. Call this after the commit."""
        watcher = self._watcher
        if watcher is not None:
            with suppress(RuntimeError):  # the loop is closed
                watcher.loop.call_soon_threadsafe(watcher.wake.set)

    def stop(self) -> None:
        """Close all connections, and wait a moment for that. The server stops."""
        self._stopped = True
        for connection in self:
            connection.close(GOING_AWAY, "The server stops.")
        with self._lock:
            self._lock.wait_for(lambda: not self._open, STOP_GRACE)

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
            await to_thread.run_sync(self.check)

    def check(self) -> None:
        """Close the connections that may not go on. Called in a worker thread."""
        by_database: dict[str, list[Connection]] = {}
        for connection in self:
            by_database.setdefault(connection.dbname, []).append(connection)
        for dbname, found in by_database.items():
            try:
                _check_database(dbname, found)
            except CONNECTION_ERRORS as err:
                if not is_dropped(dbname):
                    _logger.info("WebSockets of %s are checked later: %s", dbname, err)
                    continue
                for connection in found:
                    connection.close(GOING_AWAY, "The API does not exist any more.")
            except Exception:
                _logger.exception("WebSockets of %s can't be checked.", dbname)


#: The connections of this process.
open_websockets = Connections()
CommonServer.on_stop(open_websockets.stop)


def _refuse(status: int, detail: str) -> WebSocketRefused:
    return WebSocketRefused(status, detail, {"Retry-After": str(RETRY_AFTER)})


def _check_database(dbname: str, found: list[Connection]) -> None:
    """Close the connections of a database that may not go on."""
    now = time.monotonic()
    registry = Registry(dbname)
    with registry.cursor() as cr:
        registry = registry.check_signaling(cr)
        cr.execute("SELECT id, app_version FROM fastapi_endpoint WHERE active")
        versions = dict(cr.fetchall())
        for connection in found:
            if (
                versions.get(connection.app.endpoint_id) != connection.app.version
                or connection.registry is not registry
            ):
                connection.close(SERVICE_RESTART, "The API has changed: connect again.")
            elif (
                connection.recheck is not None
                and now - connection.checked >= CREDENTIAL_INTERVAL
            ):
                connection.checked = now
                env = Environment(cr, connection.app.uid, {})
                if not connection.recheck(env):
                    connection.close(
                        POLICY_VIOLATION, "The credential is not valid any more."
                    )
        cr.rollback()
