# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What else the machine does while something is measured.

The load average of a minute contains the benchmark's own work. So it only counts before
the first task, when it has had time to fall. During a task, what counts is the time of
the processors that neither the benchmark, with all that it has started, nor PostgreSQL
takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psutil
import psycopg2

MAX_LOAD = 1.0  # load average before the first task
MAX_OTHERS = 0.3  # processors that other programs may take during a task
SETTLE = 60  # seconds at most that the load average has to fall


@dataclass(frozen=True)
class Load:
    """What was seen around a task.

    :param before: load average of the last minute
    :param after: the same when the task has ended
    :param others: processors that other programs took during the task, on average
    """

    task: str
    before: float
    after: float
    others: float


class Machine:
    """Watches the load of the machine.

    :param database: one on the PostgreSQL server, whose time is the benchmark's
    """

    def __init__(self, database: str) -> None:
        self.loads: list[Load] = []
        self._own = [psutil.Process(), *_find_postgres(database)]

    def settle(self) -> None:
        """Wait until the load average has fallen, at most ``SETTLE`` seconds."""
        end = time.monotonic() + SETTLE
        while os.getloadavg()[0] > MAX_LOAD and time.monotonic() < end:
            time.sleep(1)

    @contextmanager
    def watch(self, task: str) -> Iterator[None]:
        """Note the load of a task."""
        before = os.getloadavg()[0]
        start, others = time.monotonic(), self._get_others()
        yield
        others = (self._get_others() - others) / (time.monotonic() - start)
        self.loads.append(Load(task, before, os.getloadavg()[0], max(others, 0)))

    def get_served(self) -> float:
        """Return the processor time of the servers and PostgreSQL, seconds."""
        own = sum(psutil.Process().cpu_times()[:2])
        return sum(map(_get_time, self._own)) - own

    def _get_others(self) -> float:
        """Return seconds that all processors have worked for others."""
        return _get_busy() - sum(map(_get_time, self._own))


def find_noise(loads: list[Load]) -> list[str]:
    """Return why a run was not quiet: nothing if it was.

    :param loads: at least one
    """
    first, loudest = loads[0], max(loads, key=lambda load: load.others)
    reasons = []
    if first.before > MAX_LOAD:
        reasons.append(f"load {first.before:.2f} before the first task")
    if loudest.others > MAX_OTHERS:
        reasons.append(
            f"other programs took {loudest.others:.2f} processors during "
            f"`{loudest.task}`"
        )
    return reasons


def _find_postgres(database: str) -> list[psutil.Process]:
    """Return the main process of the PostgreSQL server, if it runs on this machine."""
    with closing(psycopg2.connect(dbname=database)) as connection:
        try:
            main = psutil.Process(connection.get_backend_pid()).parent()
        except psutil.NoSuchProcess:
            return []
        return [main] if main and main.name().startswith("postgres") else []


def _get_busy() -> float:
    """Return the seconds that all processors have worked."""
    times = psutil.cpu_times()
    # steal: other guests of the same host
    return times.user + times.nice + times.system + getattr(times, "steal", 0)


def _get_time(process: psutil.Process) -> float:
    """Return the processor time of a process and all its descendants, seconds."""
    seconds = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            seconds += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return seconds
