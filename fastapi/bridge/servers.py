# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Odoo's servers tell of a client that goes, and of their own end.

The threaded and the evented server put the client's socket into the environ for their
WebSockets, werkzeug for all its servers (``werkzeug.serving.WSGIRequestHandler``).

A server that stops calls ``CommonServer.on_stop`` functions: the threaded one does, in
the process that serves. A prefork worker gets SIGINT on its main thread and waits for
its request (``odoo.service.server.Worker``); Python writes the number of each signal to
the pipe that ``Worker.sleep`` empties between requests. SIGTERM ends the evented server
at once. ``test_waits`` fails if a server stops in another way.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
from contextlib import suppress
from typing import Any

__all__ = ["Client", "read_stop_signal", "worker_signals"]

#: State of a TCP connection of which both sides may send (Linux, ``tcp_states.h``).
ESTABLISHED = 1
TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)


class Client:
    """The client of a request.

    :param environ: WSGI environ of its request
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self.socket: Any = environ.get("socket") or environ.get("werkzeug.socket")

    def gone(self) -> bool:
        """Return whether the client has closed its connection.

        What it has sent ahead does not matter, and stays where it is. Without a socket,
        and on systems that do not tell the state of a connection: False.
        """
        if self.socket is None or TCP_INFO is None:
            return False
        try:
            info = self.socket.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 1)
        except OSError as err:  # closed, or no TCP
            return err.errno == errno.EBADF
        return info[0] != ESTABLISHED


def worker_signals() -> int | None:
    """Return the file descriptor that becomes readable when a worker gets a signal.

    None in a process that is no prefork worker.
    """
    worker = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return getattr(worker, "wakeup_fd_r", None)


def read_stop_signal(signals: int) -> bool:
    """Empty the pipe of :func:`worker_signals`; return whether the worker has to stop.

    The worker itself looks at what the handler of the signal has noted.
    """
    with suppress(BlockingIOError):
        return signal.SIGINT in os.read(signals, 512)
    return False
