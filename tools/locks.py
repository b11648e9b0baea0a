# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Locks between the commands of one checkout, and between checkouts in the cache.

A lock is on a folder that is there anyway, so no file is left over. The kernel drops it
when its process ends, in whatever way.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import console


class Lock:
    """An advisory lock on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = os.open(folder, os.O_RDONLY)

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change between shared and exclusive; return whether."""
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._folder, mode | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the lock back, for good."""
        os.close(self._folder)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a lock as long as the block runs; say so if it is waited for."""
    with closing(Lock(folder)) as lock:
        if not lock.acquire(wait=False):
            console.line("    waiting for another command")
            lock.acquire()
        yield
