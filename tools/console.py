# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the user sees while a command works."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT = 10  # seconds between two signs of life in a long step


def line(text: str) -> None:
    """Write one line of progress, at once."""
    print(text, flush=True)


def error(text: str) -> None:
    """Write the sentence that a command ends with."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step and say how long it took once it has worked."""
    line(f"==> {text}")
    start = time.monotonic()
    yield
    line(f"    done in {time.monotonic() - start:.0f} s")


class Heartbeat:
    """Say that a step still works, every :data:`HEARTBEAT` seconds."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._next = HEARTBEAT

    def beat(self) -> None:
        """Write a line if it is time for one."""
        elapsed = time.monotonic() - self._start
        if elapsed >= self._next:
            line(f"    ... {self._next} s")
            self._next += HEARTBEAT
