# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Programs that a command starts, none of which may outlive it.

Each has a session of its own: Ctrl-C reaches this process only, which stops the program
once (a second SIGINT makes Odoo break off). The kernel does if this process is killed.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import console
import layout
from console import ToolError

GRACE = 15  # seconds that a program has to end after it was asked to
HEARTBEAT = 10  # seconds between two signs of life in a long step
TAIL = 25  # lines of a log that are shown when its step has failed


def run_step(
    command: Sequence[str | Path], log: str, cwd: Path | None = None, **options: Any
) -> None:
    """Run a program to its end, its output going to a log file.

    :param log: name of the file below ``.odoo/logs``
    :param options: arguments of ``Popen``
    :raises ToolError: if it ends with another code than 0
    """
    path = layout.LOGS / f"{log}.log"
    with path.open("wb") as output:
        output.write(f"$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        with started(command, cwd, output, **options) as process:
            for beat in itertools.count(1):
                try:
                    process.wait(HEARTBEAT)
                    break
                except subprocess.TimeoutExpired:
                    console.line(f"    ... {beat * HEARTBEAT} s")
    if process.returncode:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-TAIL:])
        program = Path(command[0]).name
        raise ToolError(f"{tail}\n{program} failed; the whole output is in {path}.")


def call(arguments: Sequence[str | Path], cwd: Path | None = None) -> int:
    """Run a program in the terminal and return its exit code."""
    with started(arguments, cwd=cwd) as process:
        return process.wait()


@contextmanager
def started(
    arguments: Sequence[str | Path],
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program and stop it, with all its children, when the block is left.

    :param output: where it writes; the terminal, with its input, if left out
    :param options: arguments of ``Popen``
    """
    options.setdefault("stdin", None if output is None else subprocess.DEVNULL)
    process = subprocess.Popen(
        list(map(str, arguments)),
        cwd=cwd,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_prepare_child,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(GRACE)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.kill()
                process.wait()
        # What it has left behind, a browser for example, is in its session's group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def foreground() -> Iterator[None]:
    """Have Ctrl-C in the terminal reach this process only, as long as the block runs.

    Otherwise ``make`` would end with an error, whatever this process makes of it.
    """
    group = os.getpgrp()
    taken = os.isatty(0) and os.tcgetpgrp(0) == group != os.getpid()
    if taken:
        # Ctrl-Z would stop this process and leave make waiting, without a shell.
        for number in (signal.SIGTTOU, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
    try:
        yield
    finally:
        if taken:
            os.tcsetpgrp(0, group)
            os.setpgid(0, group)


def _prepare_child() -> None:
    # A shell starts what it puts into the background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG, linux/prctl.h
