# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The open WebSockets of this process, and their limits.

``watch`` has the reasons why they are closed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odoo.service.server import CommonServer

from .bridge import WebSocketLimits
from .exceptions import WebSocketRefused
from .watch import GOING_AWAY, Watch, Watched, open_connections

if TYPE_CHECKING:
    from .auth.ways import Recheck
    from .bridge import WebSocketExchange

__all__ = [
    "Connection",
    "ConnectionLimits",
    "Connections",
    "open_websockets",
]

#: Seconds for which a stopping server waits for its connections to close.
STOP_GRACE = 2
#: Seconds after which a client that was refused may try again.
RETRY_AFTER = 10


@dataclass(frozen=True)
class ConnectionLimits(WebSocketLimits):
    """The limits of the WebSockets of an endpoint.

    :param max_connections: most connections in one process, 0 without a limit
    :param max_caller_connections: most of them that one caller has, 0 without a limit
    """

    max_connections: int = 1000
    max_caller_connections: int = 20


class Connection(Watched):
    """A WebSocket that the app has accepted.

    :param exchange: runs the app, and has the socket
    :param caller: what tells callers apart
    """

    def __init__(
        self,
        exchange: WebSocketExchange,
        app: Any,
        registry: Any,
        caller: Hashable = None,
        recheck: Recheck | None = None,
    ) -> None:
        super().__init__(app, registry, recheck)
        self.exchange = exchange
        self.caller = caller
        self.endpoint: tuple[str, int] = self.dbname, app.endpoint_id

    def close(self, code: int, reason: str) -> None:
        self.exchange.close(code, reason)


class Connections:
    """All WebSockets of a process. Its methods may be called from any thread.

    :param watch: checks the connections
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._lock = threading.Condition()
        self._open: set[Connection] = set()
        self._by_endpoint: Counter[Hashable] = Counter()
        self._by_caller: Counter[Hashable] = Counter()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._open)

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

    def start(self, connection: Connection) -> None:
        """Check a connection from now on. Its request is committed."""
        self._watch.add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a connection; safe to repeat."""
        self._watch.remove(connection)
        # a reference cycle: the lifespan of a changed app ends when its connections go
        connection.exchange.on_end = None
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

    def stop(self) -> None:
        """Close all connections, and wait a moment for that. The server stops."""
        self._stopped = True
        with self._lock:
            found = tuple(self._open)
        for connection in found:
            connection.close(GOING_AWAY, "The server stops.")
        with self._lock:
            self._lock.wait_for(lambda: not self._open, STOP_GRACE)


#: The WebSockets of this process.
open_websockets = Connections(open_connections)
CommonServer.on_stop(open_websockets.stop)


def _refuse(status: int, detail: str) -> WebSocketRefused:
    return WebSocketRefused(status, detail, {"Retry-After": str(RETRY_AFTER)})
