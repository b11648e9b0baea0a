# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Programs that a command starts, none of which may outlive it.

Each gets a session of its own: Ctrl-C reaches this process only, which then stops the
program once and in order (a second SIGINT makes Odoo break off). Should this process
be killed outright, the kernel ends the program.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import console
import layout
from errors import StepFailed, Stopped

GRACE = 15  # seconds that a program has to end after it was asked to
TAIL = 25  # lines of a log that are shown when its step has failed
POLL = 0.1  # seconds between two looks at a program

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def run_step(
    arguments: Sequence[str | Path],
    log: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    append: bool = False,
    limit: float = math.inf,
) -> None:
    """Run a program to its end, its output going to a log file.

    :param arguments: the program and its arguments
    :param log: name of the file below ``.odoo/logs``
    :param env: its whole environment; that of this process if left out
    :param cwd: its folder; that of this process if left out
    :param append: keep what the log file holds
    :param limit: how long it may take, in seconds
    :raises StepFailed: if it ends with another code than 0, or not in time
    """
    path = layout.LOGS / f"{log}.log"
    heartbeat = console.Heartbeat()
    deadline = time.monotonic() + limit
    with path.open("ab" if append else "wb") as output:
        output.write(f"$ {' '.join(map(str, arguments))}\n".encode())
        output.flush()
        with started(arguments, env=env, cwd=cwd, output=output) as process:
            while wait(process, console.HEARTBEAT / 10) is None:
                heartbeat.beat()
                if time.monotonic() > deadline:
                    raise StepFailed(
                        f"{_get_tail(path)}\n{Path(arguments[0]).name} has not ended "
                        f"after {limit:.0f} seconds, the whole output is in {path}."
                    )
    if process.returncode:
        raise StepFailed(
            f"{_get_tail(path)}\n"
            f"{Path(arguments[0]).name} failed (exit code {process.returncode}), "
            f"the whole output is in {path}."
        )


def capture(
    arguments: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a short program and return what it wrote, whatever its exit code."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@contextmanager
def started(
    arguments: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program and stop it, with all its children, when the block is left.

    :param output: where it writes; the terminal, with its input, if left out
    """
    process = subprocess.Popen(
        [str(argument) for argument in arguments],
        env=env,
        cwd=cwd,
        stdin=None if output is None else subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_prepare_child,
    )
    try:
        yield process
    finally:
        _stop(process)


@contextmanager
def foreground() -> Iterator[None]:
    """Have Ctrl-C in the terminal reach this process only, as long as the block runs.

    ``make`` would end with an error, whatever this process makes of it.
    """
    group = os.getpgrp()
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield
        return
    try:
        if group == os.getpid() or os.tcgetpgrp(terminal) != group:
            yield
            return
        # Ctrl-Z would stop this process and leave make waiting, without a shell.
        for number in (signal.SIGTTOU, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())
        try:
            yield
        finally:
            os.tcsetpgrp(terminal, group)
            os.setpgid(0, group)
    finally:
        os.close(terminal)


def wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Wait for a program's end.

    :param seconds: how long at most
    :return: its exit code, or None if it still runs
    """
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL)
    return process.returncode


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt, Stopped):
            process.kill()
            process.wait()
    # What it has left behind, a browser for example, is in its session's group.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _prepare_child() -> None:
    # A shell starts what it puts into the background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _get_tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-TAIL:])
