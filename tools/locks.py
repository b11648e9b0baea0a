# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks between the commands of one checkout, and between checkouts in the cache.

The kernel drops a lock when its process ends in whatever way, so that none is left
behind. A shared lock counts users: who can turn it into an exclusive one is the last.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import console


class FileLock:
    """An advisory lock on a file, which is created if need be.

    :param path: the file
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change between shared and exclusive.

        :param shared: together with others who want it shared
        :param wait: until it is free
        :return: whether it was taken
        """
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        while True:
            if self._descriptor is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(self._descriptor, mode | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return False
            if self._is_current():
                return True
            self.release()

    def release(self) -> None:
        """Give the lock back, if it was taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _is_current(self) -> bool:
        # `make clean` may have removed the file while this process waited for it.
        assert self._descriptor is not None
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False


@contextmanager
def held(path: Path, purpose: str) -> Iterator[None]:
    """Hold a file's lock exclusively; say so if that takes waiting.

    :param path: the lock's file
    :param purpose: what is waited for, after "waiting for"
    """
    lock = FileLock(path)
    if not lock.acquire(wait=False):
        console.line(f"    waiting for {purpose}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
