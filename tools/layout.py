# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where everything lies: ``.odoo/`` has what is made for this checkout, nothing else.

What came over the network is in the user's cache, for every checkout. Commands lock
folders that are there anyway; the kernel drops a lock when its process ends.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import console

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent
DEMO = ROOT / "demo"
REQUIREMENTS = TOOLS / "requirements"
#: What the virtual environment holds, for Odoo, its tests and the tools.
LISTS = (
    ROOT / "requirements.txt",
    ROOT / "test-requirements.txt",
    REQUIREMENTS / "odoo.txt",
    REQUIREMENTS / "tools.txt",
)

STATE = ROOT / ".odoo"
LOGS = STATE / "logs"
# Folders that are locked, by one command at a time:
SET_UP = TOOLS  # while something is made, started or stopped
TESTS = ROOT / "fastapi"  # while tests run, or what they would slow down
IN_USE = ROOT  # or shared, by every command that uses what was made
DEBIAN_TREE = STATE / "debian"  # Odoo and its assets, unpacked
VENV = STATE / "venv-{}.{}".format(*sys.version_info)
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
NOX = STATE / "nox"  # virtual environments with other packages
CLUSTER = STATE / "postgres"
DATA = STATE / "data"  # Odoo's data_dir: file store, sessions
CONFIG = STATE / "odoo.conf"


def get_cache() -> Path:
    """Return the user's folder for what was downloaded, as XDG names it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification wants relative paths ignored.
    return Path(base if os.path.isabs(base) else Path.home() / ".cache", "odoo-fastapi")


@contextmanager
def locked(folder: Path, mode: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Lock a folder as long as the block runs; say so if another has the lock.

    :return: its descriptor, for ``try_lock``
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not try_lock(descriptor, mode):
            console.line("    waiting for another command")
            fcntl.flock(descriptor, mode)
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, mode: int = fcntl.LOCK_EX) -> bool:
    """Take a lock, or change between shared and exclusive; return whether."""
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
