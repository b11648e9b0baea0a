# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Detects that a client has disconnected, or that the server is stopping.

*Clients*: Odoo's threaded and evented servers put the client's socket into the environ.
So do werkzeug's servers (``werkzeug.serving.WSGIRequestHandler``).

*Servers*: the threaded server calls the functions of ``CommonServer.on_stop``. A
prefork worker gets SIGINT on its main thread (``odoo.service.server.Worker``), and
Python writes the number of the signal to the pipe that ``Worker.sleep`` reads between
requests. The evented server ends at once. ``test_waits`` fails if that changes.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

__all__ = ["Client", "read_stop_signal", "worker_signals"]

#: State of an open TCP connection (Linux, ``tcp_states.h``).
ESTABLISHED = 1
TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)


class Client:
    """The client of a request."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.socket: Any = environ.get("socket") or environ.get("werkzeug.socket")

    def gone(self) -> bool:
        """Return whether the client has closed its connection.

        False if that is unknown. This reads nothing from the socket.
        """
        if self.socket is None or TCP_INFO is None:
            return False
        try:
            info = self.socket.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 1)
        except OSError as err:  # the socket is closed, or not TCP
            return err.errno == errno.EBADF
        return info[0] != ESTABLISHED


def worker_signals() -> int | None:
    """Return the file descriptor that becomes readable when a worker gets a signal.

    None in a process that is not a prefork worker.
    """
    worker = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return getattr(worker, "wakeup_fd_r", None)


def read_stop_signal(signals: int) -> bool:
    """Empty the pipe of :func:`worker_signals`; return whether the worker has to stop.

    The worker stops even if the pipe is empty: its signal handler sets a flag.
    """
    with suppress(BlockingIOError):
        return signal.SIGINT in os.read(signals, 512)
    return False
