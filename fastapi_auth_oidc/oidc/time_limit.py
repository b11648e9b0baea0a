# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Limits the time of a whole request to another server.

The ``timeout`` of requests limits each wait for more bytes. A server that sends a byte
every few seconds could keep a thread and a socket for hours.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter

__all__ = ["LimitedAdapter"]


class LimitedAdapter(HTTPAdapter):
    """Shuts its connections down when the time is over.

    Reading the response then raises an error, or ends early: check ``expired`` in both
    cases.

    :param seconds: time from now until the connections are shut down
    """

    def __init__(self, seconds: float) -> None:
        #: Whether the time is over.
        self.expired = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        super().__init__()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:  # pylint: disable=missing-return
        self._timer.cancel()
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()
        super().close()

    # pylint: disable-next=missing-return
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        """Note each socket that a pool manager of urllib3 opens."""
        manager.pool_classes_by_scheme = {
            scheme: self._make_pool_class(pool_class)
            for scheme, pool_class in manager.pool_classes_by_scheme.items()
        }

    def _make_pool_class(self, pool_class: Any) -> Any:
        note = self._note

        class Connection(pool_class.ConnectionCls):
            def _new_conn(self) -> socket.socket:  # before TLS, and before a tunnel
                sock: socket.socket = super()._new_conn()
                note(sock)
                return sock

        class Pool(pool_class):
            ConnectionCls = Connection

        return Pool

    def _note(self, sock: socket.socket) -> None:
        with self._lock:
            # a duplicate, because TLS takes the socket over; it is the same connection
            self._sockets.append(sock.dup())
            if self.expired:
                self._shut_down()

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            self._shut_down()

    def _shut_down(self) -> None:
        for sock in self._sockets:
            with suppress(OSError):  # the server has closed it
                sock.shutdown(socket.SHUT_RDWR)
