# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The Odoo server that is measured, as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import urllib.request
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from load import HOST, Request, run_for

START_TIMEOUT = 120  # seconds until the first answer
STOP_TIMEOUT = 20  # seconds to end after it was asked to
SAMPLE = 0.01  # seconds between two looks at the memory
THREADS, PREFORK, EVENTED = MODES = ("threads", "2 workers", "evented")
WORKERS = 2
_ANY = Request("/bench_native/trivial")
_ADMIN = (2, "admin")  # id and password of a new database's administrator


class ServerError(Exception):
    """A server did not start, or not answer."""


class Server:
    """An Odoo server for one database.

    :param name: what it is called in the tables
    :param command: Odoo's program with what it needs to find addons and the database
    :param variables: its environment
    :param database: what it serves
    :param folder: its working directory
    :param log: file that it writes its log to
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        variables: dict[str, str],
        database: str,
        folder: Path,
        log: Path,
    ) -> None:
        self.name = name
        self.database = database
        self.port = 0
        self.mode = THREADS
        self.command = command
        self.variables = variables
        self.folder = folder
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Start the server and stop it when the block is left."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def restart(self, mode: str = THREADS) -> None:
        """Stop and start it: memory as it is after a start.

        :param mode: one of ``MODES``
        """
        self.stop()
        self.mode = mode
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers.

        :raises ServerError: if it doesn't
        """
        self.port, other = find_ports(2)
        http, gevent = (
            (other, self.port) if self.mode == EVENTED else (self.port, other)
        )
        # No --db-filter: with one, Odoo lists the server's databases on each request
        # without a session (odoo.http.db_list), on a connection made for that.
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *self.command[:2],
                    *(["gevent"] if self.mode == EVENTED else []),
                    *self.command[2:],
                    *("--database", self.database, "--http-interface", HOST),
                    *("--http-port", str(http), "--gevent-port", str(gevent)),
                    *("--workers", str(WORKERS if self.mode == PREFORK else 0)),
                    *("--max-cron-threads", "0", "--log-level", "warn"),
                    # or Odoo starts again after a large body
                    *("--limit-memory-soft", "0"),
                ],
                env=self.variables,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(self.port)
            if self.mode == PREFORK:
                # Its evented server starts last. A worker loads the database when a
                # request reaches it, so each needs one.
                self._wait(gevent)
                run_for(self.port, _ANY, 4 * WORKERS, 1)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server, if it runs."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except BaseException as error:
            process.kill()
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise

    def call(self, model: str, method: str, *arguments: Any) -> Any:
        """Call a method of a model as the administrator."""
        url = f"http://{HOST}:{self.port}/xmlrpc/2/object"
        with xmlrpc.client.ServerProxy(url, allow_none=True) as proxy:
            return proxy.execute(self.database, *_ADMIN, model, method, *arguments)

    def get_memory(self) -> int:
        """Return the bytes of memory that the server holds (RSS)."""
        assert self._process is not None
        return psutil.Process(self._process.pid).memory_info().rss

    def _wait(self, port: int) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                tail = self.log.read_text(errors="replace").splitlines()[-15:]
                raise ServerError("\n".join([*tail, f"{self.name} did not start."]))
            try:
                with urllib.request.urlopen(
                    f"http://{HOST}:{port}/web/health", timeout=10
                ):
                    return
            except OSError:
                time.sleep(0.1)
        raise ServerError(f"{self.name} has not answered for {START_TIMEOUT} s.")


def find_ports(count: int) -> list[int]:
    """Return free ports."""
    with ExitStack() as stack:
        probes = [
            stack.enter_context(socket.create_server((HOST, 0)))
            for _number in range(count)
        ]
        return [probe.getsockname()[1] for probe in probes]


class MemoryWatch(threading.Thread):
    """Note the most memory that a server holds while the block runs."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._ended = threading.Event()
        self.before = self.most = server.get_memory()

    def __enter__(self) -> MemoryWatch:
        self.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look until the block has ended, and once more."""
        while not self._ended.wait(SAMPLE):
            self.most = max(self.most, self._server.get_memory())
        self.most = max(self.most, self._server.get_memory())

    @property
    def growth(self) -> int:
        """Return by how many bytes the memory has grown at most."""
        return self.most - self.before
