# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run tests under pytest with pytest-odoo, addons' and tools' alike.

The import mode is ``importlib``: every other one would put the repository on Python's
path, where the addon hides the library of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import console
import database
import layout
import locks
import process
from environment import ready


def run_tests(arguments: Sequence[str], python: Path = layout.PYTHON) -> int:
    """Run tests with pytest's arguments, and return its exit code.

    All tests begin with a new database, some (a path among the arguments) with a copy
    of the last one that is up to date.
    """
    name = database.get_name("_test")
    # The links to the demo addons: their tests are collected in demo/.
    links = [path for path in layout.ROOT.iterdir() if path.is_symlink()]
    with ready(python) as odoo, locks.held(layout.TESTS):
        database.create_for_tests(odoo, name, new=not names_path(arguments))
        console.line("==> running the tests")
        # At the end of the path, for the plugin.
        os.environ["PYTHONPATH"] += os.pathsep + str(layout.TOOLS)
        command: list[str | Path] = [
            python.with_name("pytest"),
            *("-p", "pytest_tables", "--import-mode=importlib", "--odoo-http"),
            *(f"--odoo-config={layout.CONFIG}", f"--odoo-database={name}"),
            # As under Odoo's own runner; pytest-odoo would silence its loggers.
            "--odoo-log-level=info",
            *(f"--ignore={link}" for link in links),
            *arguments,
        ]
        return process.call(command, cwd=layout.ROOT)


def names_path(arguments: Sequence[str]) -> bool:
    """Return whether arguments of pytest name files, folders or tests."""
    paths = (layout.ROOT / argument.partition("::")[0] for argument in arguments)
    return any(path != layout.ROOT and path.exists() for path in paths)
