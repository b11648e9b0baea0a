# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo servers as separate processes.

In an ``HttpCase``, all requests share the cursor of the test: nothing is committed, and
transactions never conflict. Here each request has its transaction, as in production.
"""

from __future__ import annotations

import atexit
import configparser
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from psycopg2 import sql

import odoo
from odoo.tests import get_db_name
from odoo.tools import config

#: The line of the log after which requests can be sent.
READY = re.compile(
    r"HTTP service \(werkzeug\) running|Evented Service \(longpolling\) running"
)

TIMEOUT = 20  # seconds for a server to start or to respond

#: Function of the kernel in which a thread waits during ``time.sleep``.
SLEEP = re.compile("sleep" if sys.version_info >= (3, 11) else "select|poll_schedule")

#: Odoo's program. The prefork server starts it again as the evented server
#: (``odoo.service.server.PreforkServer.long_polling_spawn``). With ``python -m odoo``
#: that start fails and is repeated endlessly, with PostgreSQL connections each time.
PROGRAM = """
from odoo.cli import main

if __name__ == "__main__":
    main()
"""


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_until_it_listens(port: int) -> None:
    """Wait until a server accepts connections on a port.

    :raises ConnectionRefusedError: no server does in time
    """
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), TIMEOUT).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def connect(dbname: str) -> Any:
    """Return a connection of psycopg2 that commits each statement."""
    options = {"dbname": dbname}
    for name, option in (
        ("host", "db_host"),
        ("port", "db_port"),
        ("user", "db_user"),
        ("password", "db_password"),
    ):
        if config[option]:
            options[name] = config[option]
    connection = psycopg2.connect(**options)
    connection.autocommit = True
    return connection


def _command(folder: Path, **options: Any) -> tuple[list[str], dict[str, str]]:
    """Return command and environment for an Odoo with this process's configuration."""
    parser = configparser.RawConfigParser()
    parser["options"] = {
        "addons_path": ",".join(config["addons_path"]),
        "data_dir": str(folder),
        "max_cron_threads": "0",
        "http_interface": "127.0.0.1",
        **{
            name: str(config[name])
            for name in ("db_host", "db_port", "db_user", "db_password")
            if config[name]
        },
        **{name: str(value) for name, value in options.items()},
    }
    path = folder / "odoo.conf"
    with path.open("w") as file:
        parser.write(file)
    program = folder / "odoo-bin"
    program.write_text(PROGRAM)
    python_path = str(Path(odoo.__path__[0]).parent)
    environ = {**os.environ, "PYTHONPATH": python_path, "PYTHONUNBUFFERED": "1"}
    return [sys.executable, str(program), "--config", str(path)], environ


def create_database(
    dbname: str,
    modules: str,
    *arguments: str,
    packages: Sequence[Path] = (),
    **options: Any,
) -> tuple[int, str]:
    """Create a database with modules installed; replace one of the same name.

    It is a copy of one with Odoo's own modules, which are installed once. With demo
    data, they are installed again.

    :param modules: comma-separated names
    :param arguments: arguments of Odoo's command line
    :param packages: folders of Python packages that hide the installed ones
    :param options: options of the configuration
    :return: exit code and log of Odoo
    """
    if "--with-demo" in arguments:
        drop_database(dbname)
    else:
        copy_database(get_base(), dbname)
    arguments = ("--init", modules, *arguments)
    return run_odoo(dbname, *arguments, packages=packages, **options)


def run_odoo(
    dbname: str, *arguments: str, packages: Sequence[Path] = (), **options: Any
) -> tuple[int, str]:
    """Run Odoo without a server, to install or upgrade modules.

    :param arguments: arguments of Odoo's command line
    :param packages: folders of Python packages that hide the installed ones
    :param options: options of the configuration
    :return: exit code and log of Odoo
    """
    with tempfile.TemporaryDirectory() as folder:
        command, environ = _command(Path(folder), db_name=dbname, **options)
        command += ["--stop-after-init", "--no-http", *arguments]
        python_path = [*map(str, packages), environ["PYTHONPATH"]]
        environ["PYTHONPATH"] = os.pathsep.join(python_path)
        done = subprocess.run(
            command, env=environ, cwd=folder, capture_output=True, text=True
        )
    return done.returncode, done.stderr


@cache
def get_base() -> str:
    """Return the name of a database with Odoo's own modules, to be copied."""
    dbname = f"{get_db_name()}-base"
    drop_database(dbname)
    atexit.register(drop_database, dbname)
    code, log = run_odoo(dbname, "--init", "base")
    if code:
        raise RuntimeError(log)
    return dbname


def copy_database(source: str, dbname: str) -> None:
    """Copy a database without connections; replace one of the same name."""
    drop_database(dbname)
    _administer("CREATE DATABASE {} TEMPLATE {}", dbname, source)


def drop_database(dbname: str) -> None:
    _administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", dbname)


def _administer(query: str, *dbnames: str) -> None:
    with closing(connect("postgres")) as connection, connection.cursor() as cr:
        # names can't be parameters; pylint: disable-next=sql-injection
        cr.execute(sql.SQL(query).format(*map(sql.Identifier, dbnames)))


class OdooServer:
    """An Odoo server for one or more databases.

    :param dbnames: databases to serve; if there are several, requests name theirs
    :param command: subcommand of Odoo, for another server than the threaded one
    :param variables: environment variables in addition to those of the tests
    :param options: options of the configuration
    """

    def __init__(
        self,
        *dbnames: str,
        command: str = "",
        variables: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        #: Port of the evented server, which Odoo starts beside its workers.
        self.gevent_port = self.port if command == "gevent" else free_port()
        self.dbname = dbnames[0]
        arguments, environ = _command(
            Path(self._folder.name),
            http_port=self.port,
            gevent_port=self.gevent_port,
            db_name=",".join(dbnames),
            dbfilter="^(%s)$" % "|".join(dbnames),
            **options,
        )
        if command:
            arguments.insert(2, command)
        environ.update(variables or {})
        self._process = subprocess.Popen(
            arguments,
            env=environ,
            cwd=self._folder.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._is_threaded = not command and not options.get("workers")
        self._runs = False
        #: Whether the server had to be killed.
        self.killed = False
        #: The last lines of the log.
        self.log: deque[str] = deque(maxlen=10_000)
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        if not self._ready.wait(TIMEOUT) or self._process.poll() is not None:
            self.stop()
            raise RuntimeError("The server did not start:\n" + "".join(self.log))
        # Odoo logs the line before it listens
        wait_until_it_listens(self.port)
        self._runs = True

    def log_again(self, lines: int = 1000) -> None:
        """Clear the log, and keep this many lines of it from now on."""
        self.log = deque(maxlen=lines)

    def _read_log(self) -> None:
        for line in self._process.stderr:
            self.log.append(line)
            if READY.search(line):
                self._ready.set()
        self._ready.set()

    def stop(self) -> None:
        """Stop the server; safe to repeat."""
        if self._process.returncode is not None:
            return
        if self._runs and self._is_threaded:
            self._wait_until_it_sleeps()
        self._process.terminate()
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.killed = True
            self.log.extend(self._describe_threads())
            self._process.kill()
            self._process.wait()
        self._reader.join(TIMEOUT)
        self._process.stderr.close()
        self._folder.cleanup()

    def _wait_until_it_sleeps(self) -> None:
        """Wait until the main thread of the threaded server handles signals at once.

        It sleeps for a minute each time (``odoo.service.server.ThreadedServer.run``).
        Before CPython sleeps, it lets another thread run. A signal in that moment is
        handled after the sleep. Under load, one server in 50 was killed for that, also
        without our addons.
        """
        process, unknown = psutil.Process(self.pid), 0
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and unknown < 20:
            try:
                place = Path(f"/proc/{self.pid}/wchan").read_text()
                waits = process.status() == psutil.STATUS_SLEEPING
            except (OSError, psutil.NoSuchProcess):
                return  # not on Linux, or it has ended
            if SLEEP.search(place):
                return
            unknown += waits and place == "0"  # some kernels don't say where
            time.sleep(0.005)

    def _describe_threads(self) -> list[str]:
        """Return where threads wait, and which signals they have not handled yet."""
        lines = []
        for task in Path(f"/proc/{self.pid}/task").glob("*"):
            with suppress(OSError):  # it has ended
                status = (task / "status").read_text().splitlines()
                signals = [line for line in status if line.startswith(("Sig", "Shd"))]
                place = (task / "wchan").read_text()
                lines.append(f"thread {task.name} in {place}, {signals}\n")
        return lines

    @contextmanager
    def open(self, method: str, path: str, body: Any = None, **headers: str):
        """Provide a response, which the caller reads as far as it likes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, TIMEOUT)
        try:
            connection.request(method, path, body, headers)
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()

    @contextmanager
    def open_slowly(self, method: str, path: str):
        """Send a request, and read the rest of its response at the end.

        :param path: path of a response of at least 20 MB: no buffer holds that much, so
            the server can't finish the response before it is read
        """
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            head = f"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n"
            client.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
            with client.makefile("rb") as response:
                status = int(response.readline().split()[1])
                size = 0
                while line := response.readline().strip():
                    name, _colon, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        size = int(value)
                yield status
                response.read(size)

    def memory(self) -> int:
        """Return the memory of the server process, in bytes."""
        return psutil.Process(self.pid).memory_info().rss

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        dbname: str | None = None,
        timeout: float = TIMEOUT,
    ) -> ServerResponse:
        headers = dict(headers or ())
        if dbname:
            headers["X-Odoo-Database"] = dbname
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return ServerResponse(response.status, response.headers, response.read())
        finally:
            connection.close()

    def log_in(self) -> str:
        """Return the id of a new session of the administrator."""
        params = {"db": self.dbname, "login": "admin", "password": "admin"}
        response = self.request(
            "POST",
            "/web/session/authenticate",
            json.dumps({"params": params}),
            {"Content-Type": "application/json"},
        )
        if response.json().get("result", {}).get("uid") != 2:
            raise RuntimeError(response.body)
        return re.search(r"session_id=([\w-]+)", response.headers["Set-Cookie"])[1]

    def rpc(self, model: str, method: str, *args: Any, dbname: str | None = None):
        """Call a method of a model as the administrator."""
        url = f"http://127.0.0.1:{self.port}/xmlrpc/2/object"
        with xmlrpc.client.ServerProxy(url, allow_none=True) as proxy:
            return proxy.execute(
                dbname or self.dbname, 2, "admin", model, method, *args
            )


class ServerResponse:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class Background(threading.Thread):
    """A call in a separate thread; ``result`` waits for it."""

    def __init__(self, function: Any, *args: Any) -> None:
        super().__init__(daemon=True)
        self._call = function, args
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        function, args = self._call
        try:
            self._result = function(*args)
        except BaseException as err:
            self._error = err

    def result(self, timeout: float = TIMEOUT) -> Any:
        self.join(timeout)
        if self.is_alive():
            raise TimeoutError(f"No result after {timeout} seconds.")
        if self._error is not None:
            raise self._error
        return self._result
