# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tests in virtual environments of their own, which nox and uv make.

``make test-matrix``, ``make test-libraries`` and ``make test-odoo`` run these sessions.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import nox
from tabulate import tabulate

sys.path.append(str(Path(__file__).parent / "tools"))

import console
import database
import layout
import process
from addons import Addon, get_dependencies, get_tested_together
from cli import run_tests
from console import ToolError
from environment import ready
from serving import find_port

#: What the manifests declare, as old or as new as it may be.
AGES = {"oldest": "lowest-direct", "newest": "highest"}
#: The oldest Python that runs Odoo 19, the one of most servers, and the newest.
CELLS = [f"{version}-{age}" for version in ("3.10", "3.12", "3.13") for age in AGES]
#: The last version of Werkzeug whose behaviour differs from the newest one's.
WERKZEUG = "3.0.6"
TIME_LIMIT = 40 * 60  # seconds for one cell; on two idle cores it takes half of it

_TESTS = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests")

# pyenv's programs on the PATH exist and yet refuse: the real ones go before them.
_PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
_PYTHONS = [str(path) for path in sorted(_PYENV.glob("3.1[0-3].*/bin"))]
os.environ["PATH"] = os.pathsep.join([*_PYTHONS, os.environ["PATH"]])

# Ending a server properly takes an exception here, also on SIGTERM and SIGHUP.
for _number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, signal.default_int_handler)

nox.options.envdir = str(layout.NOX)
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


def add_cell(name: str) -> None:
    """Add a session of the matrix: all tests, or those that the arguments name."""
    version, age = name.split("-")

    @nox.session(name=name, python=version, tags=["matrix"])
    def cell(session: nox.Session) -> None:
        pins, summary = (layout.NOX / f"{name}.{suffix}" for suffix in ("txt", "json"))
        summary.unlink(missing_ok=True)
        options = ("--quiet", "--no-deps", "--upgrade", "--resolution", AGES[age])
        command = ("uv", "pip", "compile", *options, "--output-file", str(pins))
        session.run(*command, str(layout.ROOT / "requirements.txt"), silent=True)
        install(session, "--constraint", str(pins))
        limits = (f"--summary={summary}", f"--session-timeout={TIME_LIMIT}")
        run_pytest(session, *session.posargs, *limits)


for _name in CELLS:
    add_cell(_name)


@nox.session(python=False, tags=["matrix"])
def table(session: nox.Session) -> None:
    """Print what became of the cells when each was run the last time."""
    cells: list[dict[str, str]] = []
    for path in (layout.NOX / f"{name}.json" for name in CELLS):
        text = path.read_text() if path.exists() else '{"verdict": "not run"}'
        cells.append(json.loads(text))
    names = max(cells, key=len)
    rows = [[name, *(cell.get(name, "") for cell in cells)] for name in names]
    console.line(tabulate(rows, ["", *CELLS], "github", disable_numparse=True))
    if "passed" not in {cell["verdict"] for cell in cells}:
        session.error("no cell has passed")


@nox.session
def libraries(session: nox.Session) -> None:
    """Run apps with others' libraries, and those that make clients if there is npm."""
    install(session, "-r", str(layout.REQUIREMENTS / "libraries.txt"))
    if npm := shutil.which("npm"):
        lines = (layout.REQUIREMENTS / "libraries.npm.txt").read_text().splitlines()
        packages = [line for line in lines if not line.startswith("#")]
        folder = layout.NOX / "libraries-npm"
        command = (npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund")
        session.run(*command, *packages, external=True, silent=True)
        os.environ["FASTAPI_NODE_BIN"] = str(folder / "node_modules" / ".bin")
    files = sorted(map(str, layout.ROOT.glob("*/tests/test_library_*.py")))
    run_pytest(session, *files, *session.posargs, "--table=libraries")


@nox.session
def odoo_runner(session: nox.Session) -> None:
    """Install the addons with their tests, and read the log, as OCA's CI does.

    An error or a warning that ``checklog-odoo.cfg`` doesn't name is a failure, too.
    """
    parser = argparse.ArgumentParser("make test-odoo ARGS=…")
    parser.add_argument("--short", action="store_true", help="no test_stress_*.py")
    parser.add_argument("--werkzeug", default=WERKZEUG, help="a version, or `newest`")
    parser.add_argument("--addons", help="only these, separated by commas")
    options = parser.parse_args(session.posargs)
    pin = "" if options.werkzeug == "newest" else f"=={options.werkzeug}"
    install(session, "--upgrade-package=Werkzeug", f"Werkzeug{pin}", "checklog-odoo>=1")
    addons = get_tested_together()
    if options.addons:
        chosen = options.addons.split(",")
        addons = [addon for addon in addons if addon.name in chosen]
    name = database.get_name("_odoo")
    log = layout.LOGS / "test-odoo.log"
    with ready(Path(session.bin, "python")) as odoo, layout.locked(layout.TESTS):
        database.create(odoo, name, get_dependencies(addons))
        command = odoo.get_command(
            *("--database", name, "--stop-after-init", "--max-cron-threads", "0"),
            *("--http-port", str(find_port()), "--gevent-port", str(find_port())),
            *("--init", ",".join(addon.name for addon in addons)),
            *("--test-tags", get_tags(addons, short=options.short)),
        )
        try:
            with console.step("running the tests with Odoo's runner"):
                process.run_step(command, log.stem, cwd=layout.DATA)
        except ToolError as error:
            session.error(str(error))
    counts = _TESTS.findall(log.read_text())
    if not counts:
        session.error("no test was run")
    session.log(counts[-1])
    config = str(layout.ROOT / "checklog-odoo.cfg")
    session.run("checklog-odoo", "--no-echo", "--config", config, str(log))


def install(session: nox.Session, *options: str) -> None:
    """Install what tests need, and more."""
    lists = [part for path in layout.LISTS for part in ("-r", str(path))]
    session.install(*lists, *options)


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest as ``make test`` does, by the session's Python."""
    try:
        if run_tests(arguments, Path(session.bin, "python")):
            session.error("not all tests passed")
    except ToolError as error:
        session.error(str(error))


def get_tags(addons: Sequence[Addon], *, short: bool = False) -> str:
    """Return the value of ``--test-tags`` for the tests of some addons.

    :param short: without the tests under load, whose servers are processes of their own
    """
    files = [
        f"-/{addon.name}/tests/{path.name}"
        for addon in addons
        for path in sorted(addon.path.glob("tests/test_stress_*.py"))
    ]
    return ",".join([*(f"/{addon.name}" for addon in addons), *(files * short)])
