# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Load: as many requests as a server answers in some time, or a counted list.

Each client is a process, with raw sockets and next to no parsing, so that the server is
the bottleneck. It opens a connection for each request, as Odoo's server closes it after
its answer; that is part of the request's time. The processes stay, so that a server can
be under load for a tenth of a second: ``wrk`` knows whole seconds only.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

HOST = "127.0.0.1"
TIMEOUT = 60  # seconds for one answer
GRACE = 30  # seconds that a load may take longer than it should


class LoadError(Exception):
    """A request was not answered, or not with 200."""


@dataclass(frozen=True)
class Request:
    """What is asked for.

    :param body: JSON; makes it a POST
    :param authorization: value of the header
    """

    path: str
    body: str = ""
    authorization: str = ""

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return "POST" if self.body else "GET"

    def encode(self) -> bytes:
        """Return what is sent."""
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: {HOST}\r\n"
        body = self.body.encode()
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        if self.authorization:
            head += f"Authorization: {self.authorization}\r\n"
        return f"{head}Connection: close\r\n\r\n".encode() + body


@dataclass(frozen=True)
class Result:
    """What was measured.

    :param rate: requests per second
    :param times: time of each request, milliseconds
    """

    rate: float
    times: list[float]


class Clients:
    """Processes that send requests. The ``with`` block ends them.

    :param count: how many
    """

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("fork")
        self._connections: list[Connection[Any, Any]] = []
        self._processes = []
        for _number in range(count):
            connection, other = context.Pipe()
            process = context.Process(target=_serve, args=(other,), daemon=True)
            process.start()
            other.close()
            self._connections.append(connection)
            self._processes.append(process)

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def run(self, port: int, request: Request, seconds: float) -> Result:
        """Ask one thing again and again.

        :param seconds: how long
        :raises LoadError: if an answer was no success
        """
        for connection in self._connections:
            connection.send((port, request.encode(), seconds))
        answers = [_receive(each, seconds + GRACE) for each in self._connections]
        rate = sum(len(times) / elapsed for times, elapsed in answers)
        return Result(rate, [time for times, _elapsed in answers for time in times])


def run_for(port: int, request: Request, clients: int, seconds: float) -> Result:
    """Ask one thing again and again, with new clients."""
    with Clients(clients) as processes:
        return processes.run(port, request, seconds)


def run_list(port: int, requests: Iterable[Request]) -> list[float]:
    """Ask for one thing after the other.

    :return: the time of each request, milliseconds
    """
    return [_ask(port, request.encode()) for request in requests]


def _receive(
    connection: Connection[Any, Any], seconds: float
) -> tuple[list[float], float]:
    if not connection.poll(seconds):
        raise LoadError(f"a client has not ended after {seconds} seconds")
    try:
        answer: tuple[list[float], float] | str = connection.recv()
    except EOFError as error:
        raise LoadError("a client has broken off") from error
    if isinstance(answer, str):
        raise LoadError(answer)
    return answer


def _serve(connection: Connection[Any, Any]) -> None:
    """Be a client: send requests whenever the benchmark says so."""
    while True:
        port, data, seconds = connection.recv()
        times: list[float] = []
        start = now = time.perf_counter()
        try:
            while now - start < seconds:
                times.append(_ask(port, data))
                now = time.perf_counter()
        except (OSError, LoadError) as error:
            connection.send(str(error))
        else:
            connection.send((times, now - start))


def _ask(port: int, data: bytes) -> float:
    """Send a request and read its answer to the end.

    :return: the time that it took, milliseconds
    """
    start = time.perf_counter()
    with socket.create_connection((HOST, port), TIMEOUT) as connection:
        connection.sendall(data)
        answer = part = connection.recv(65536)
        while part and not _is_complete(answer):
            part = connection.recv(65536)
            answer += part
    elapsed = (time.perf_counter() - start) * 1e3
    if answer[9:12] != b"200":
        line = data.split(b"\r\n", 1)[0].decode()
        raise LoadError(f"{line}: {answer[:300].decode(errors='replace')}")
    return elapsed


def _is_complete(answer: bytes) -> bool:
    """Return whether the body is as long as it says.

    Not waiting for the server's end of the connection: werkzeug leaves it open for
    another 10 ms unless the client closes it (WSGIRequestHandler.run_wsgi).
    """
    head, found, body = answer.partition(b"\r\n\r\n")
    start = head.lower().find(b"\r\ncontent-length:")
    if not found or start < 0:
        return False
    return len(body) >= int(head[start + 17 :].split(b"\r\n", 1)[0])


def get_percentile(times: Sequence[float], percent: int) -> float:
    """Return a percentile of times."""
    if len(times) < 2:
        return times[0]
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
