# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run the test suite; arguments go to pytest.

All tests begin with a new database, some (a path among the arguments) with a copy of
the last one that is up to date.

Tests run under pytest with pytest-odoo, addons' and tools' alike. The import mode is
``importlib``: every other one would put the repository on Python's path, where the
addon hides the library of the same name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import console
import database
import layout
import locks
import postgres
import process
from environment import DECLARED, Packages, ready

_RUN_PYTEST = layout.ROOT / "tools" / "in_venv" / "run_pytest.py"


def main(
    arguments: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    packages: Packages = DECLARED,
) -> int:
    """Run tests.

    :param arguments: pytest's: paths, ``-k``, ``-x``, ``--pdb`` ...
    :param variables: of the environment, for the tests
    :param packages: others than the newest that the manifests allow
    :return: pytest's exit code
    """
    name = f"{postgres.get_database_name(os.environ)}_test"
    with ready(packages) as environment:
        with locks.held(layout.LOCKS / "tests", "another run of the tests here"):
            database.create_for_tests(environment, name, new=not names_path(arguments))
            console.line("==> running the tests")
            command: list[str | Path] = [
                environment.python,
                _RUN_PYTEST,
                "--import-mode=importlib",
                f"--odoo-config={layout.CONFIG}",
                f"--odoo-database={name}",
                "--odoo-http",
                # As under Odoo's own runner; the plug-in would silence its loggers.
                "--odoo-log-level=info",
                *arguments,
            ]
            env = {**environment.variables, **(variables or {})}
            with process.started(command, env=env, cwd=layout.ROOT) as pytest:
                return pytest.wait()


def names_path(arguments: Sequence[str]) -> bool:
    """Return whether arguments of pytest name files, folders or tests."""
    paths = (layout.ROOT / argument.partition("::")[0] for argument in arguments)
    return any(path != layout.ROOT and path.exists() for path in paths)
