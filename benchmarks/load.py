# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Load: as many requests as a server answers in some seconds, or a counted list.

``wrk`` makes it where it is installed, else processes of this module: one for each
client, with raw sockets and next to no parsing, so that the server is the bottleneck.
Both open a connection for each request, as Odoo's server closes it after its answer;
``wrk`` leaves that out of a request's time, this module has it in.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

HOST = "127.0.0.1"
TIMEOUT = 60  # seconds for one answer
GRACE = 30  # seconds that a load may take longer than it should

_LUA = """
wrk.method = "{method}"
wrk.headers["Connection"] = "close"
{authorization}
{body}
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.connect + errors.read
    + errors.write + errors.timeout + errors.status))
end
"""
_LUA_BODY = """
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[{body}]==]
"""


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
    :param p50: median of the requests' times, milliseconds
    :param p99: the time that one of a hundred requests exceeds, milliseconds
    """

    rate: float
    p50: float
    p99: float


def get_generator(*, own: bool = False) -> str:
    """Return the name of the generator that is used.

    :param own: don't look for wrk
    """
    return "own" if own or not shutil.which("wrk") else "wrk"


def run_for(
    generator: str, port: int, request: Request, clients: int, seconds: int
) -> Result:
    """Ask one thing again and again.

    :param seconds: how long
    :raises LoadError: if an answer was no success
    """
    if generator == "wrk":
        return _run_wrk(port, request, clients, seconds)
    return _run_processes(port, request, clients, seconds)


def run_list(port: int, requests: Iterable[Request]) -> list[float]:
    """Ask for one thing after the other.

    :return: the time of each request, milliseconds
    """
    return [_ask(port, request.encode()) for request in requests]


def _run_wrk(port: int, request: Request, clients: int, seconds: int) -> Result:
    body = _LUA_BODY.replace("{body}", request.body) if request.body else ""
    header = ""
    if request.authorization:
        header = f'wrk.headers["Authorization"] = "{request.authorization}"'
    script = _LUA.replace("{method}", request.method).replace("{body}", body)
    script = script.replace("{authorization}", header)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [
            *("wrk", "--threads", "1", "--connections", str(clients)),
            *("--duration", f"{seconds}s", "--timeout", f"{TIMEOUT}s"),
            *("--script", file.name, f"http://{HOST}:{port}{request.path}"),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=seconds + GRACE,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if done.returncode or not lines:
        raise LoadError(f"wrk failed at {request.path}: {done.stdout}{done.stderr}")
    count, duration, p50, p99, errors = map(int, lines[0].split()[1:])
    if errors or not count:
        raise LoadError(f"{request.path}: {errors} errors, {count} answers")
    return Result(count / duration * 1e6, p50 / 1e3, p99 / 1e3)


def _run_processes(port: int, request: Request, clients: int, seconds: int) -> Result:
    context = multiprocessing.get_context("fork")
    receivers, processes = [], []
    try:
        for _number in range(clients):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_ask_for, args=(sender, port, request.encode(), seconds)
            )
            process.start()
            sender.close()
            receivers.append(receiver)
            processes.append(process)
        answers = [_receive(receiver, seconds + GRACE) for receiver in receivers]
    finally:
        for process in processes:
            process.kill()
            process.join()
    times = sorted(time for times, _elapsed in answers for time in times)
    rate = sum(len(times) / elapsed for times, elapsed in answers)
    return Result(rate, get_percentile(times, 50), get_percentile(times, 99))


def _receive(
    receiver: Connection[Any, Any], seconds: float
) -> tuple[list[float], float]:
    if not receiver.poll(seconds):
        raise LoadError(f"a client has not ended after {seconds} seconds")
    try:
        answer = json.loads(receiver.recv_bytes())
    except EOFError as error:
        raise LoadError("a client has broken off") from error
    if "error" in answer:
        raise LoadError(answer["error"])
    return answer["times"], answer["elapsed"]


def _ask_for(
    sender: Connection[Any, Any], port: int, data: bytes, seconds: int
) -> None:
    times: list[float] = []
    answer: dict[str, Any]
    start = now = time.perf_counter()
    try:
        while now - start < seconds:
            times.append(_ask(port, data))
            now = time.perf_counter()
    except (OSError, LoadError) as error:
        answer = {"error": str(error)}
    else:
        answer = {"times": times, "elapsed": now - start}
    sender.send_bytes(json.dumps(answer).encode())


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
    """Return a percentile of sorted times."""
    if len(times) < 2:
        return times[0]
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
