# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Large bodies: how much of them the server holds, and when the first byte comes."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from load import HOST, TIMEOUT, Request, run_list
from server import MemoryWatch, Server
from works import LINES

STREAM = 200  # megabytes (10^6 bytes)
UPLOAD = 100  # megabytes
JSON = 9  # megabytes
WARM_UP = 5  # megabytes
REPEAT = 3
_STAMP = 20  # bytes at the beginning of a stream with the time it was made at
_PART = 1 << 20  # bytes that are sent or read at once
_BOUNDARY = "benchmark-boundary"


class Incomplete(Exception):
    """Not every byte has arrived."""


@dataclass(frozen=True)
class Transfer:
    """What was measured, the worst of some transfers.

    :param growth: bytes by which the server's memory has grown
    :param first: seconds from the first chunk's making to its arrival
    :param seconds: how long it took
    """

    growth: int
    first: float | None
    seconds: float


def measure_stream(server: Server, prefix: str) -> Transfer:
    """Have a stream generated and read it.

    :param prefix: first segment of the path: the app's or the controllers'
    """
    _download(server, prefix, WARM_UP)
    first = seconds = 0.0
    with MemoryWatch(server) as memory:
        for _number in range(REPEAT):
            start = time.monotonic()
            first = max(first, _download(server, prefix, STREAM))
            seconds = max(seconds, time.monotonic() - start)
    return Transfer(memory.growth, first, seconds)


def measure_upload(server: Server, prefix: str) -> Transfer:
    """Upload a file."""
    _upload(server, prefix, WARM_UP)
    seconds = 0.0
    with MemoryWatch(server) as memory:
        for _number in range(REPEAT):
            start = time.monotonic()
            _upload(server, prefix, UPLOAD)
            seconds = max(seconds, time.monotonic() - start)
    return Transfer(memory.growth, None, seconds)


def measure_json(server: Server, prefix: str) -> Transfer:
    """Send JSON that becomes models, or dicts that the controller checks."""
    count = JSON * 10**6 // len(LINES) + 1
    lines = json.loads(LINES)["lines"] * count
    path = f"/{prefix}/lines"
    run_list(server.port, [Request(path, LINES)] * 5)
    request = Request(path, json.dumps({"lines": lines}))
    with MemoryWatch(server) as memory:
        times = run_list(server.port, [request] * REPEAT)
    return Transfer(memory.growth, None, max(times) / 1e3)


def _download(server: Server, prefix: str, megabytes: int) -> float:
    connection = http.client.HTTPConnection(HOST, server.port, TIMEOUT)
    try:
        connection.request("GET", f"/{prefix}/stream?megabytes={megabytes}")
        answer = connection.getresponse()
        made_at = float(answer.read(_STAMP))
        first = time.time() - made_at
        size = _STAMP
        while part := answer.read(_PART):
            size += len(part)
    finally:
        connection.close()
    if size != megabytes * 10**6:
        raise Incomplete(f"{size} bytes of {megabytes} MB")
    return first


def _upload(server: Server, prefix: str, megabytes: int) -> None:
    head = (
        f"--{_BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="file.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    length = len(head) + megabytes * 10**6 + len(tail)
    connection = http.client.HTTPConnection(HOST, server.port, TIMEOUT)
    try:
        connection.request(
            "POST",
            f"/{prefix}/upload",
            _generate_form(head, megabytes, tail),
            {
                "Content-Length": str(length),
                "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            },
        )
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != 200 or json.loads(content)["size"] != megabytes * 10**6:
        raise Incomplete(f"{answer.status}: {content[:300]!r}")


def _generate_form(head: bytes, megabytes: int, tail: bytes) -> Iterator[bytes]:
    part = bytes(range(250)) * 4000
    yield head
    for _number in range(megabytes):
        yield part
    yield tail
