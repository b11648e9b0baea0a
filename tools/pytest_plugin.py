# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A plugin of pytest: databases for several processes, and tables of their results.

``--table=stress`` has a row for each case that a test under load leaves,
``--table=libraries`` one for each library of others. ``--summary=FILE`` writes what
``make test-matrix`` makes a column of.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from tabulate import tabulate

import database
import layout

#: Variable that tells the tests under load where their rows go.
ROWS = "FASTAPI_STRESS_REPORT"
#: The verdicts on a case that came to no result.
_WITHOUT_RESULT = {"failed": "broke off", "passed": "no result"}
_HEADS = {
    "stress": ("case", "tried", "lost or leaked", "verdict"),
    "libraries": ("library", "version", "tests", "verdict"),
}
_REQUIREMENT = re.compile(r"^[\w.-]+", re.MULTILINE)
#: A requirement, and the module of its tests.
_LIBRARY = re.compile(r"^([\w.-]+)\S*\s+# (test_library_\w+)", re.MULTILINE)

Row = tuple[str, str, str, str]
#: How each test ended, by module, class and name.
Outcomes = Mapping[str, str]
_OUTCOMES = ("passed", "skipped", "failed")

# Of the one session of this process.
_outcomes: dict[str, str] = {}
_started = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--table", choices=["stress", "libraries"], default="")
    parser.addoption("--summary", type=Path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, int, int]:
    """Give each process of pytest-xdist a copy of the database, and of its files.

    pytest-odoo would have the processes share the files, which Odoo deletes when one
    of the databases needs them no longer.
    """
    worker = os.environ.pop("PYTEST_XDIST_WORKER", "")
    if worker and (name := config.getoption("odoo_database", "")):
        config.option.odoo_database = f"{name}_{worker}"
        database.copy(name, config.option.odoo_database)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Have the tests under load run in full size if their table is asked for."""
    if config.option.table == "stress":
        os.environ[ROWS] = tempfile.mkstemp()[1]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a phase of a test, or one of its subtests, has ended."""
    module, *names = report.nodeid.split("::")
    name = ".".join([Path(module).stem, *names])
    ended = (report.outcome, _outcomes.get(name, "passed"))
    _outcomes[name] = max(ended, key=_OUTCOMES.index)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a case broke off, and write the summary."""
    if session.config.option.table == "stress" and not session.exitstatus:
        if {row[-1] for row in _get_rows("stress")} & {*_WITHOUT_RESULT.values()}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if path := session.config.option.summary:
        declared = (layout.ROOT / "requirements.txt").read_text()
        summary = {name: version(name) for name in _REQUIREMENT.findall(declared)}
        for outcome in ("passed", "failed", "skipped"):
            summary[outcome] = str([*_outcomes.values()].count(outcome))
        summary["minutes"] = f"{(time.monotonic() - _started) / 60:.1f}"
        summary["verdict"] = "failed" if session.exitstatus else "passed"
        path.write_text(json.dumps(summary))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if table := config.option.table:
        rows = tabulate(
            _get_rows(table),
            _HEADS[table],
            "pipe",
            colalign=("left", "right", "right", "left"),
            disable_numparse=True,
        )
        terminalreporter.write_line(f"\n{rows}")


def _get_rows(table: str) -> Iterator[Row]:
    if table == "stress":
        return get_stress_rows(Path(os.environ[ROWS]).read_text(), _outcomes)
    requirements = layout.REQUIREMENTS / "libraries.txt"
    return get_library_rows(requirements.read_text(), _outcomes)


def get_stress_rows(lines: str, outcomes: Outcomes) -> Iterator[Row]:
    """Yield a row for each case, also for one that has not told its result.

    :param lines: what the cases have left, in JSON: a line when one starts, another for
        each of its results
    """
    found: dict[str, list[Row]] = {}
    for row in map(json.loads, lines.splitlines()):
        rows = found.setdefault(".".join(row["test"].split(".")[-3:]), [])
        if "case" in row:
            held = row["tried"] and not row["failures"]
            counts = f"{row['tried']:,}", f"{row['failures']:,}"
            rows.append((row["case"], *counts, "held" if held else "failed"))
    for name in {**found, **outcomes}:
        rows = found.get(name, [])
        yield from rows
        outcome = outcomes.get(name, "failed")
        told = {row[-1] for row in rows} - ({"held"} if outcome != "passed" else set())
        if not told:
            verdict = _WITHOUT_RESULT.get(outcome, outcome)
            yield (name.partition(".")[2] or name, "", "", verdict)


def get_library_rows(
    requirements: str, outcomes: Outcomes, get_version: Callable[[str], str] = version
) -> Iterator[Row]:
    """Yield a row for each library that a list names with the module of its tests."""
    for library, module in _LIBRARY.findall(requirements):
        run = [name for name in outcomes if name.startswith(f"{module}.")]
        run = [name for name in run if outcomes[name] != "skipped"]
        failed = [
            name.partition(".test_")[2] for name in run if outcomes[name] != "passed"
        ]
        verdict = (
            f"fails: {', '.join(failed)}" if failed else "works" if run else "not run"
        )
        yield (library, get_version(library), str(len(run)), verdict)
