# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run the tests with the oldest and the newest libraries, on several Pythons.

Each cell of the matrix is a Python and an age of the libraries that the manifests
declare, and has a virtual environment of its own in ``.odoo/cells``. It runs as a
command of its own, by its own Python, as ``make test PYTHON=…`` does; this one collects
the results. Odoo and the database server are those of the checkout.

A cell takes what ``make test`` takes, and a minute more the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import console
import environment
import layout
import process
import pythons
import stamps
from addons import find_addons, get_lower_bound, get_packages
from commands import test
from environment import Packages
from errors import ExitCode, StepFailed, ToolError

#: The oldest Python that runs Odoo 19, the one of most servers, and the newest.
VERSIONS = ("3.10", "3.12", "3.13")
COUNTS = ("passed", "failed", "skipped")
TIME_LIMIT = 40 * 60  # seconds for one cell; on two idle cores it takes half of it


@dataclass(frozen=True)
class Cell:
    """A Python with libraries of some age.

    :param python: major and minor version
    :param age: a key of :data:`AGES`
    """

    python: str
    age: str

    @property
    def name(self) -> str:
        """Return the name of its environment, logs and report."""
        return f"{self.python}-{self.age}"


@dataclass
class Result:
    """What became of a cell.

    :param verdict: in a word or two
    :param reason: of a verdict that says no, as a sentence
    :param libraries: the declared libraries' versions
    :param counts: of tests: passed, failed, skipped
    :param seconds: that it took
    """

    verdict: str
    reason: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--cells",
        type=get_cells,
        default=get_cells(""),
        help="some of the cells, for example 3.10-oldest,3.13-newest",
    )
    parser.add_argument("--here", type=get_cells, help=argparse.SUPPRESS)


def main(options: argparse.Namespace, arguments: Sequence[str] = ()) -> int:
    """Run the cells one by one and print one table.

    :param options: those of :func:`add_arguments`
    :param arguments: pytest's
    :return: 0 if the tests passed in each cell that this machine can run
    """
    if options.here:
        return _run_here(options.here[0], arguments)
    odoo, _python = environment.set_up()
    variables = {**os.environ, "ODOO_SRC": str(odoo.base)}
    results = {}
    for cell in options.cells:
        python = pythons.find(cell.python)
        if python is None:
            reason = f"this machine has no Python {cell.python} with the module venv"
            results[cell] = Result("not run", reason)
            continue
        with console.step(f"testing {cell.name}"):
            results[cell] = _run(cell, python, arguments, variables)
        console.line(f"    {results[cell].verdict}")
    console.line(f"\n{get_table(results)}")
    for cell, result in results.items():
        if result.reason:
            console.line(f"{cell.name} {result.verdict}: {result.reason}")
    verdicts = {result.verdict for result in results.values()}
    if "passed" not in verdicts:
        raise ToolError("No cell has passed.")
    return ExitCode.OK if verdicts <= {"passed", "not run"} else ExitCode.FAILED


def get_cells(text: str) -> list[Cell]:
    """Return the cells that a text names, all of them if it is empty.

    :raises argparse.ArgumentTypeError: if there is no such cell
    """
    known = {
        cell.name: cell
        for cell in (Cell(python, age) for python in VERSIONS for age in AGES)
    }
    names = text.replace(",", " ").split()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"`{unknown[0]}` is not one of {', '.join(known)}"
        )
    return [known[name] for name in names] or list(known.values())


def get_oldest(packages: Iterable[str]) -> Iterator[str]:
    """Yield requirements that only the oldest versions fulfil.

    :raises ToolError: if a package has no lower bound
    """
    for package in packages:
        yield "{}=={}".format(*get_lower_bound(package))


def get_newest(packages: Iterable[str]) -> Iterator[str]:
    """Yield requirements that stand for the newest versions of today.

    A list is resolved once and then taken from the cache: another day, another list.
    """
    yield f"# {date.today()}"
    yield from packages


#: How the libraries of an age are written down.
AGES: dict[str, Callable[[Iterable[str]], Iterator[str]]] = {
    "oldest": get_oldest,
    "newest": get_newest,
}


def get_table(results: Mapping[Cell, Result]) -> str:
    """Return the results as a table in Markdown: a column for each cell."""
    names = sorted({name for result in results.values() for name in result.libraries})
    rows = [["", *(cell.name for cell in results)]]
    rows += [
        [name, *(result.libraries.get(name, "") for result in results.values())]
        for name in names
    ]
    rows += [
        [name, *(str(result.counts.get(name, "")) for result in results.values())]
        for name in COUNTS
    ]
    rows.append(
        ["minutes", *(f"{result.seconds / 60:.1f}" for result in results.values())]
    )
    rows.append(["verdict", *(result.verdict for result in results.values())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"| {' | '.join(cell.ljust(width) for cell, width in pairs)} |"
        for pairs in (zip(row, widths, strict=True) for row in rows)
    ]
    lines.insert(1, f"| {' | '.join('-' * width for width in widths)} |")
    return "\n".join(lines)


def read_report(text: str) -> dict[str, int]:
    """Return how many tests passed, failed and were skipped.

    :param text: pytest's report in JUnit's form
    """
    found = dict.fromkeys(COUNTS, 0)
    for outcome in read_outcomes(text).values():
        found[outcome] += 1
    return found


def read_outcomes(text: str) -> dict[tuple[str, str], str]:
    """Return how each test ended, by class and name: one of :data:`COUNTS`.

    :param text: pytest's report in JUnit's form
    """
    outcomes: dict[tuple[str, str], set[str]] = {}
    for case in ElementTree.fromstring(text).iter("testcase"):
        # A test stands there once for itself and once for each of its subtests.
        key = case.get("classname", ""), case.get("name", "")
        outcomes.setdefault(key, set()).update(part.tag for part in case)
    return {
        key: "failed"
        if tags & {"failure", "error"}
        else "skipped"
        if "skipped" in tags
        else "passed"
        for key, tags in outcomes.items()
    }


def _run_here(cell: Cell, arguments: Sequence[str]) -> int:
    """Run the tests in a cell whose Python is this one."""
    requirements = layout.CELLS / f"{cell.age}.txt"
    lines = AGES[cell.age](get_packages(find_addons()))
    stamps.write(requirements, "".join(f"{line}\n" for line in lines))
    return test.main(arguments, packages=Packages(_get_folder(cell), requirements))


def _run(
    cell: Cell, python: Path, arguments: Sequence[str], variables: Mapping[str, str]
) -> Result:
    """Run the tests in a cell, whatever its Python."""
    report = layout.CELLS / f"{cell.name}.xml"
    report.unlink(missing_ok=True)
    log = f"matrix-{cell.name}"
    command: list[str | Path] = [python, layout.ROOT / "tools", "test-matrix"]
    command += ["--here", cell.name, *arguments, f"--junitxml={report}"]
    start = time.monotonic()
    try:
        process.run_step(command, log, env=variables, limit=TIME_LIMIT)
        result = Result("passed")
    except StepFailed as error:
        reason = str(error).splitlines()[-1]
        result = Result("failed" if report.exists() else "broke off", reason)
    result.seconds = int(time.monotonic() - start)
    result.libraries = _get_versions(cell)
    if report.exists():
        result.counts = read_report(report.read_text())
    return result


def _get_versions(cell: Cell) -> dict[str, str]:
    """Return the versions of the declared libraries in a cell's environment."""
    names = [get_lower_bound(package)[0] for package in get_packages(find_addons())]
    python = _get_folder(cell) / "bin" / "python"
    if not python.exists():
        return {}
    answer = process.capture([python, "-c", _PROBE, *names], cwd=layout.CELLS)
    return json.loads(answer.stdout) if not answer.returncode else {}


def _get_folder(cell: Cell) -> Path:
    return layout.CELLS / f"cell-{cell.name}"


_PROBE = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""
