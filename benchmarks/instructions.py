# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Instructions that a request takes: a figure that other work does not change.

Counted by callgrind, in a process that calls Odoo's WSGI application: all of Odoo and
the addon, but neither PostgreSQL nor sockets.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from load import LoadError, Request
from server import Server

PROGRAMS = ("valgrind", "vgdb")
WARM_UP = 10  # requests
REQUESTS = 20  # that are counted
TIMEOUT = 60  # seconds until valgrind reacts
_PROGRAM = Path(__file__).with_name("in_process.py")
_TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)


def is_there() -> bool:
    """Return whether valgrind is installed."""
    return all(map(shutil.which, PROGRAMS))


def count(server: Server, requests: Iterable[Request]) -> dict[Request, float]:
    """Return how many instructions each request takes, with a server's database.

    :raises LoadError: if one is not answered with 200
    """
    python, _program, *options = server.command
    with tempfile.TemporaryDirectory() as name, server.log.open("ab") as log:
        counts = Path(name, "counts")
        command = [
            *("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"),
            *(f"--callgrind-out-file={counts}", python, str(_PROGRAM), *options),
            *("--database", server.database, "--log-level", "warn"),
        ]
        process = subprocess.Popen(
            command,
            # or counts differ from run to run
            env={**server.variables, "PYTHONHASHSEED": "0"},
            cwd=server.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            return _count(process, counts, list(requests))
        finally:
            process.kill()
            process.communicate()


def _count(
    process: subprocess.Popen[str], path: Path, requests: Sequence[Request]
) -> dict[Request, float]:
    counts = {}
    _read(process)  # Odoo is loaded
    for request in requests:
        _send(process, request, WARM_UP)
    _control(process, "instrumentation", "on")
    for request in requests:
        _control(process, "zero")
        _send(process, request, REQUESTS)
        _control(process, "dump")
        [dump] = path.parent.glob(f"{path.name}.*")
        [total] = _TOTAL.findall(dump.read_text())
        dump.unlink()
        counts[request] = int(total) / REQUESTS
    return counts


def _send(process: subprocess.Popen[str], request: Request, count: int) -> None:
    assert process.stdin
    order = {**asdict(request), "method": request.method, "count": count}
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    status = _read(process)
    if not status.startswith("200"):
        raise LoadError(f"{request.path}, in process: {status}")


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise LoadError("the process under valgrind has ended")
    return line


def _control(process: subprocess.Popen[str], *command: str) -> None:
    # 0: without ptrace, which containers forbid
    arguments = ("vgdb", "--max-invoke-ms=0", f"--pid={process.pid}", *command)
    subprocess.run(arguments, check=True, capture_output=True, timeout=TIMEOUT)
