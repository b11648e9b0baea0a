# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The virtual environment of Odoo and of the tools, which uv fills.

Up to here there is only Python's own library. uv comes from pip, and pip from Python
or, where Debian has taken it out of Python, from Debian's package of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path

import console
import debian
import layout
import postgres
import process
from console import ToolError

_STAMP = layout.VENV / "made-for.txt"


def main(arguments: Sequence[str]) -> None:
    """Go on in the virtual environment with a command, or with ``exec PROGRAM``.

    ``clean`` needs none.

    :raises ToolError: if its packages can't be had
    """
    # The embedded server's account must be able to read what is made here.
    os.umask(0o022)
    # A shell has what it puts into the background ignore it, and so would nox.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if arguments[:1] == ["clean"]:
        return clean(layout.STATE, *([layout.get_cache()] * ("--cache" in arguments)))
    caches = {"pre-commit": "PRE_COMMIT_HOME", "uv": "UV_CACHE_DIR"}
    for folder, name in {**caches, "npm": "npm_config_cache"}.items():
        os.environ.setdefault(name, str(layout.get_cache() / folder))
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    # Odoo starts in half the time from compiled modules, which many images switch off.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(layout.STATE / "pycache")
    for path in (layout.LOGS, layout.DATA):
        path.mkdir(parents=True, exist_ok=True)
    with layout.locked(layout.SET_UP):
        _make_environment()
    os.environ["ODOO_SRC"] = os.environ.get("ODOO_SRC") or _find_odoo()
    command: list[str | Path] = [layout.PYTHON, layout.TOOLS / "cli.py", *arguments]
    if arguments[:1] == ["exec"]:
        command = [layout.PYTHON.with_name(arguments[1]), *arguments[2:]]
    os.execv(command[0], (*command,))


def clean(*folders: Path) -> None:
    """Remove what was made, with a server that a command has left running.

    :raises ToolError: if another command uses it
    """
    in_use = layout.locked(layout.IN_USE, fcntl.LOCK_SH)
    with in_use as lock, layout.locked(layout.SET_UP):
        if not layout.try_lock(lock):
            raise ToolError(
                "`make run` or `make test` is at work in this checkout: stop it "
                "(Ctrl-C) before `make clean`."
            )
        postgres.stop()
        for folder in filter(Path.is_dir, folders):
            shutil.rmtree(folder)
            console.line(f"removed {folder}")


def _make_environment() -> None:
    made_for = f"{sys.version} {layout.VENV}"
    made = layout.PYTHON.exists() and _STAMP.exists() and _STAMP.read_text() == made_for
    with nullcontext() if made else console.step("installing Python packages"):
        if not made:
            shutil.rmtree(layout.VENV, ignore_errors=True)
            _create()
        # uv sees at once if all is there. If not, the environment may yet be in use.
        lists = [f"--requirements={path}" for path in layout.LISTS]
        _install([layout.UV, "pip", "install", f"--python={layout.PYTHON}", *lists])
    _STAMP.write_text(made_for)


def _create() -> None:
    lines = (layout.REQUIREMENTS / "tools.txt").read_text().splitlines()
    install = ["install", *(line for line in lines if line.startswith("uv=="))]
    venv: list[str | Path] = [sys.executable, "-m", "venv", layout.VENV]
    if find_spec("ensurepip"):
        process.run_step(venv, "venv")
        _install([layout.PYTHON, "-m", "pip", *install])
        return
    # Debian keeps ensurepip in python3-venv, and its content in another package.
    process.run_step([*venv, "--without-pip"], "venv")
    with tempfile.TemporaryDirectory(dir=layout.STATE) as folder:
        debian.unpack(debian.get_packages(["python3-pip-whl"]), Path(folder, "pip"))
        wheel = next(Path(folder).rglob("pip-*.whl"))
        _install([layout.PYTHON, wheel / "pip", *install])


def _install(command: Sequence[str | Path]) -> None:
    try:
        process.run_step(command, "packages")
    except ToolError as error:
        raise ToolError(
            f"{error}\nPython packages can't be downloaded: connect the machine to "
            "PyPI, name another index to pip and uv (PIP_INDEX_URL, UV_DEFAULT_INDEX), "
            "or set UV_OFFLINE=1 for what the cache has."
        ) from error


def _find_odoo() -> str:
    """Return the folder of the Odoo that this Python can import, or nothing."""
    # `odoo` is a namespace package: any folder of that name can be imported.
    with suppress(ImportError):
        if (release := find_spec("odoo.release")) and release.origin:
            return str(Path(release.origin).parents[1])
    return ""
