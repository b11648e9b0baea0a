# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Everything that has to be there before Odoo can start, made if it isn't.

Three things come together: an Odoo, a virtual environment and a PostgreSQL server. The
result knows how Odoo's programs are called.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import console
import layout
import locks
import odoo_source
import postgres
import python_env
import stamps
from errors import Unavailable
from odoo_source import OdooSource

_RUN_ODOO = layout.ROOT / "tools" / "in_venv" / "run_odoo.py"
NEEDED_SPACE = 3 * 1024**3  # bytes, of which Odoo unpacked takes 1.2 GB


@dataclass(frozen=True)
class Environment:
    """An Odoo ready to be called.

    :param odoo: where Odoo comes from
    :param python: Python of the virtual environment
    :param variables: the environment variables of Odoo's programs
    """

    odoo: OdooSource
    python: Path
    variables: dict[str, str]

    def get_odoo_command(self, *arguments: str) -> list[str | Path]:
        """Return the command line of Odoo's own program.

        It must run in a folder without ``fastapi``, as :attr:`cwd` is: Python looks
        for modules there first, and the addon bears the library's name.
        """
        return [self.python, _RUN_ODOO, *arguments, "--config", layout.CONFIG]

    @property
    def cwd(self) -> Path:
        """Return the folder for Odoo's programs."""
        return layout.DATA


@dataclass(frozen=True)
class Packages:
    """The addons' Python packages, and the virtual environment that they go into.

    :param folder: the environment's folder
    :param requirements: the file with the addons' requirements
    :param more: files with requirements beside them
    """

    folder: Path = layout.VENV
    requirements: Path = layout.ROOT / "requirements.txt"
    more: tuple[Path, ...] = ()


DECLARED = Packages()


@contextmanager
def ready(packages: Packages = DECLARED) -> Iterator[Environment]:
    """Have everything ready as long as the block runs.

    :param packages: others than the newest that the manifests allow
    :raises errors.ToolError: if something can't be had
    """
    odoo, python = set_up(packages)
    in_use = locks.FileLock(layout.IN_USE)
    in_use.acquire(shared=True)
    try:
        with postgres.serving(python) as server:
            yield Environment(odoo, python, _get_variables(odoo, python, server))
    finally:
        in_use.release()


def set_up(packages: Packages = DECLARED) -> tuple[OdooSource, Path]:
    """Make Odoo and the virtual environment, once for all commands of the checkout.

    :param packages: others than the newest that the manifests allow
    :return: Odoo and the environment's Python
    """
    layout.make_state()
    with locks.held(layout.LOCKS / "set-up", "another command's set-up here"):
        _check_space(packages.folder)
        odoo = odoo_source.get_odoo()
        console.line(f"Odoo 19.0 from {odoo.origin}")
        lists = [
            packages.requirements,
            layout.ROOT / "test-requirements.txt",
            layout.REQUIREMENTS / "postgres.txt",
            *packages.more,
        ]
        if not odoo.has_packages:
            lists.append(layout.REQUIREMENTS / "odoo.txt")
        python = python_env.ensure_environment(
            packages.folder, lists, odoo.site_folders
        )
        layout.DATA.mkdir(exist_ok=True)
        stamps.write(layout.CONFIG, _get_config(odoo))
    return odoo, python


def _check_space(folder: Path) -> None:
    made = (layout.STAMPS / f"{folder.name}.txt").exists()
    if not made and shutil.disk_usage(layout.STATE).free < NEEDED_SPACE:
        raise Unavailable(
            f"There is less than 3 GB of free space in {layout.STATE}",
            "make room, or take the checkout to a larger disk",
        )


def _get_config(odoo: OdooSource) -> str:
    addons_path = ",".join(map(str, (layout.ROOT, layout.DEMO, odoo.core_addons)))
    # Odoo limits the address space, which the stacks of ended threads count for as long
    # as Python 3.13 keeps them: a test with hundreds of refused calls reaches it.
    return (
        "[options]\n"
        f"addons_path = {addons_path}\n"
        f"data_dir = {layout.DATA}\n"
        "http_interface = 127.0.0.1\n"
        "limit_memory_hard = 0\n"
        "list_db = False\n"
    )


def _get_variables(
    odoo: OdooSource, python: Path, server: dict[str, str]
) -> dict[str, str]:
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name not in ("PYTHONHOME", "ODOO_RC")
    }
    # The checkout itself must not be on Python's path: see get_odoo_command.
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = [
        path for path in inherited if path and Path(path).resolve() != layout.ROOT
    ]
    variables |= server
    variables["PYTHONPATH"] = os.pathsep.join([str(odoo.base), *folders])
    variables["PATH"] = os.pathsep.join([str(python.parent), variables.get("PATH", "")])
    return variables
