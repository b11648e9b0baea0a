# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A plugin of pytest that prints a table of what became of the tests.

``--table=stress`` has a row for each case that a test under load leaves,
``--table=libraries`` one for each library of others. ``--summary=FILE`` writes what
``make test-matrix`` makes a column of.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from tabulate import tabulate

import layout

#: Variable that tells the tests under load where their rows go.
ROWS = "FASTAPI_STRESS_REPORT"
#: The verdict on a case that came to no result.
BROKE_OFF = "broke off"
_HEADS = {
    "stress": ("case", "tried", "lost or leaked", "verdict"),
    "libraries": ("library", "version", "tests", "verdict"),
}
_REQUIREMENT = re.compile(r"^[\w.-]+", re.MULTILINE)
#: A requirement, and the module of its tests.
_LIBRARY = re.compile(r"^([\w.-]+)\S*\s+# (test_library_\w+)", re.MULTILINE)

Row = tuple[str, str, str, str]
#: How each test ended (passed, failed, skipped) and why, by module, class and name.
Outcomes = Mapping[str, tuple[str, str]]

# Of the one session of this process.
_outcomes: dict[str, tuple[str, str]] = {}
_started = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--table", choices=["stress", "libraries"], default="")
    parser.addoption("--summary", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Have the tests under load run in full size if their table is asked for."""
    if config.option.table == "stress":
        os.environ[ROWS] = tempfile.mkstemp()[1]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a phase of a test, or one of its subtests, has ended."""
    module, *names = report.nodeid.split("::")
    name = ".".join([Path(module).stem, *names])
    before, _reason = _outcomes.setdefault(name, ("passed", ""))
    if report.outcome != "passed" and before != "failed":
        reason = report.longreprtext
        if isinstance(report.longrepr, tuple):  # path, line, reason
            reason = report.longrepr[2].removeprefix("Skipped: ")
        elif crash := getattr(report.longrepr, "reprcrash", None):
            reason = crash.message
        _outcomes[name] = (report.outcome, reason.partition("\n")[0])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a case broke off, and write the summary."""
    if session.config.option.table == "stress" and not session.exitstatus:
        if any(row[-1].startswith(BROKE_OFF) for row in _get_rows("stress")):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if path := session.config.option.summary:
        found = [outcome for outcome, _reason in _outcomes.values()]
        declared = (layout.ROOT / "requirements.txt").read_text()
        summary = {name: version(name) for name in _REQUIREMENT.findall(declared)}
        for outcome in ("passed", "failed", "skipped"):
            summary[outcome] = str(found.count(outcome))
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
            "github",
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
        outcome, reason = outcomes.get(name, ("failed", ""))
        if outcome == "passed" and not rows:
            outcome, reason = "failed", "it has no result"
        if outcome != "passed" and all(row[-1] == "held" for row in rows):
            verdict = BROKE_OFF if outcome == "failed" else outcome
            if reason:
                verdict += ": " + textwrap.shorten(reason, 80).replace("|", r"\|")
            yield (name.partition(".")[2] or name, "", "", verdict)


def get_library_rows(
    requirements: str, outcomes: Outcomes, get_version: Callable[[str], str] = version
) -> Iterator[Row]:
    """Yield a row for each library that a list names with the module of its tests."""
    for library, module in _LIBRARY.findall(requirements):
        run = {
            name: outcomes[name][0]
            for name in outcomes
            if name.startswith(f"{module}.")
        }
        run = {name: outcome for name, outcome in run.items() if outcome != "skipped"}
        failed = [name.partition(".test_")[2] for name in run if run[name] != "passed"]
        verdict = f"fails: {', '.join(failed)}" if failed else "works"
        yield (
            library,
            get_version(library),
            str(len(run)),
            verdict if run else "not run",
        )
