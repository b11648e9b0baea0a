# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo and a PostgreSQL server, made ready for a command.

A checkout of Odoo has its addons in ``addons`` beside ``odoo``, an installed one in
``odoo/addons``. Debian's is an installed one in ``usr/lib/python3/dist-packages``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import console
import debian
import layout
import postgres
from console import ToolError

_SERIES = re.compile(r"^version_info = \(19, 0,", re.MULTILINE)
# Folders of addons that a new database doesn't depend on.
_ASIDE = ".*/(__pycache__|i18n|static|tests)"
_WAYS = (
    "name a checkout of Odoo 19.0 with `make run ODOO_SRC=/path/to/odoo`, or leave it "
    "out for Debian's package"
)
# Odoo limits the address space, which the stacks of ended threads count for as long as
# Python 3.13 keeps them: a test with hundreds of refused calls reaches it.
_CONFIG = """\
[options]
addons_path = {}
data_dir = {}
http_interface = 127.0.0.1
limit_memory_hard = 0
list_db = False
"""


@dataclass(frozen=True)
class Odoo:
    """An Odoo that can be run."""

    base: Path  # goes on Python's path, parent of `odoo`
    core_addons: Path
    python: Path = layout.PYTHON
    other_addons: tuple[Path, ...] = ()  # folders beside those of the repository

    @property
    def own_addons(self) -> tuple[Path, ...]:
        """Folders of the addons that someone works on."""
        return tuple(dict.fromkeys((layout.ROOT, layout.DEMO, *self.other_addons)))

    def get_command(self, *arguments: str | Path) -> list[str | Path]:
        """Return the command line of Odoo's own program."""
        program = layout.TOOLS / "run_odoo.py"
        options: list[str | Path] = ["--config", layout.CONFIG]
        if self.other_addons:  # the configuration is that of all commands
            options += ["--addons-path", self.get_addons_path()]
        return [self.python, program, *arguments, *options]

    def get_addons_path(self) -> str:
        return ",".join(map(str, (*self.own_addons, self.core_addons)))

    def get_digest(self) -> str:
        """Return a hash of names, sizes and times: a changed file gives another."""
        command: list[str | Path] = ["find", self.base / "odoo", self.core_addons]
        command += ["-regextype", "egrep", "-regex", _ASIDE, "-prune", "-o"]
        command += ["-not", "-type", "d", "-printf", "%p %s %T@\n"]
        found = subprocess.check_output(command).splitlines()
        return hashlib.sha256(b"\n".join(sorted(found))).hexdigest()


@contextmanager
def ready(python: Path = layout.PYTHON) -> Iterator[Odoo]:
    """Have Odoo and a server as long as the block runs, for all that it starts."""
    external = any(os.environ.get(name) for name in postgres.SERVER_VARIABLES)
    with (
        patch.dict(os.environ),  # nox gets several ready, one after the other
        layout.locked(layout.IN_USE, fcntl.LOCK_SH) as in_use,
    ):
        with layout.locked(layout.SET_UP):
            odoo = get_odoo(python)
            server = {} if external else postgres.start()
        # The checkout must not be on Python's path, where the addon hides the library.
        path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = [item for item in path if item and Path(item).resolve() != layout.ROOT]
        path = [str(odoo.base), *path, str(layout.TOOLS)]
        os.environ["PYTHONPATH"] = os.pathsep.join(path)
        os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        # Odoo would prefer these to its options.
        for name in ("PGDATABASE", "PYTHONHOME", "ODOO_RC"):
            os.environ.pop(name, None)
        os.environ |= server
        try:
            yield odoo
        finally:
            with layout.locked(layout.SET_UP):
                # The last one to leave stops the server.
                if server and layout.try_lock(in_use):
                    postgres.stop()


def get_odoo(python: Path = layout.PYTHON) -> Odoo:
    """Return the Odoo that is named, or else Debian's, and write its configuration."""
    named = os.environ.get("ODOO_SRC", "")
    tree = Path(named).expanduser().resolve() if named else debian.get_tree()
    odoo = Odoo(*inspect_tree(tree), python)
    console.line(f"Odoo 19.0 from {named or 'the Debian package odoo-19'}")
    layout.CONFIG.write_text(_CONFIG.format(odoo.get_addons_path(), layout.DATA))
    return odoo


def inspect_tree(tree: Path) -> tuple[Path, Path]:
    """Return where Odoo and its addons are in a folder.

    :raises ToolError: if there is none, or it isn't Odoo 19.0
    """
    for base in (tree, tree / "usr" / "lib" / "python3" / "dist-packages"):
        for addons in (base / "odoo" / "addons", base / "addons"):
            release = base / "odoo" / "release.py"
            if release.is_file() and (addons / "web").is_dir():
                if _SERIES.search(release.read_text()):
                    return base, addons
                raise ToolError(f"The Odoo in {tree} isn't Odoo 19.0: {_WAYS}.")
    raise ToolError(f"There is no Odoo with its addons in {tree}: {_WAYS}.")
