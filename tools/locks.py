# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks between the commands of one checkout, and between checkouts in the cache.

The kernel drops a lock when its process ends, in whatever way. A shared lock counts
users: the one who can turn it into an exclusive one is the last.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import console


class FileLock:
    """An advisory lock on a file, which is created if need be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change between shared and exclusive; return whether."""
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        while True:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("a")
            try:
                fcntl.flock(self._file, mode | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return False
            # `make clean` may have removed the file while this process waited for it.
            mine = os.fstat(self._file.fileno())
            if self.path.exists() and os.path.samestat(mine, self.path.stat()):
                return True
            self.release()

    def release(self) -> None:
        """Give the lock back, if it was taken."""
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock as long as the block runs; say so if it is waited for."""
    lock = FileLock(path)
    if not lock.acquire(wait=False):
        console.line(f"    waiting for another command ({path.name})")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
