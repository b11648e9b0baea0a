# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run the tests under load, with faults and hostile input, in full size.

They are the files ``test_stress_*.py``, which ``make test`` runs in a short form. Each
case leaves a row, and the rows are printed as one table. A case that came to none has
one there, too.
"""

from __future__ import annotations

import json
import signal
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

import console
import environment
import layout
from commands import test
from errors import ExitCode, StepFailed

#: Variable of the environment that tells the tests where the rows go.
REPORT = "FASTAPI_STRESS_REPORT"
TIME_LIMIT = 30 * 60  # seconds for all cases: on two idle cores they take half of it
REASON_WIDTH = 80
#: The verdict on a case that came to no result.
BROKE_OFF = "broke off"

_ROWS = layout.STATE / "stress.jsonl"
_JUNIT = layout.STATE / "stress.xml"


@dataclass(frozen=True)
class Result:
    """What became of a case.

    :param case: what was tried, or the name of a test that has not said it
    :param verdict: in a word or two, and why if it is no result
    :param tried: how many times
    :param failures: how often something was lost or leaked
    """

    case: str
    verdict: str
    tried: int | None = None
    failures: int | None = None

    @property
    def broke_off(self) -> bool:
        return self.verdict.startswith(BROKE_OFF)


def main(arguments: Sequence[str] = ()) -> int:
    """Run the cases and print what was tried, and what was lost or leaked.

    :param arguments: pytest's
    :return: pytest's exit code, never 0 if a case broke off
    :raises StepFailed: if the cases take too long
    """
    environment.set_up()  # what is downloaded takes its own time
    for path in (_ROWS, _JUNIT):
        path.unlink(missing_ok=True)
    files = sorted(
        str(path.relative_to(layout.ROOT))
        for path in layout.ROOT.glob("*/tests/test_stress_*.py")
    )
    command = [*files, *arguments, f"--junitxml={_JUNIT}"]
    try:
        with limited(TIME_LIMIT):
            code = test.main(command, {REPORT: str(_ROWS)})
    finally:
        results = get_results(_read(_ROWS), _read(_JUNIT))
        if results:
            console.line(get_table(results))
    if any(result.broke_off for result in results):
        return code or ExitCode.FAILED
    return code


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Break off what takes longer.

    :raises StepFailed: if it does
    """

    def stop(_signal_number: int, _frame: FrameType | None) -> None:
        raise StepFailed(
            f"The cases have not ended after {seconds / 60:g} minutes: what is not in "
            "the table was not run."
        )

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def get_results(rows: str, report: str = "") -> list[Result]:
    """Return what became of each case, also of those that have not said it.

    :param rows: what the cases have left, in JSON: a line when one starts, another for
        each of its results
    :param report: pytest's in JUnit's form, empty if there is none
    """
    outcomes = _read_outcomes(report) if report else {}
    found: dict[str, list[Result]] = {}
    for line in rows.splitlines():
        row = json.loads(line)
        results = found.setdefault(_get_name(row["test"]), [])
        if "case" in row:
            held = row["tried"] and not row["failures"]
            verdict = "held" if held else "failed"
            results.append(Result(row["case"], verdict, row["tried"], row["failures"]))
    for name in outcomes:
        found.setdefault(name, [])
    for name, results in found.items():
        outcome, reason = outcomes.get(name, (BROKE_OFF, ""))
        if not results and outcome == "passed":
            outcome, reason = BROKE_OFF, "it has no result"
        failed = any(result.verdict == "failed" for result in results)
        if outcome != "passed" and not failed:
            verdict = f"{outcome}: {reason}" if reason else outcome
            results.append(Result(name.partition(".")[2], verdict))
    return [result for results in found.values() for result in results]


def get_table(results: Sequence[Result]) -> str:
    """Return the results as a table in Markdown."""
    cells = [("case", "tried", "lost or leaked", "verdict")]
    cells += [
        (
            result.case,
            "" if result.tried is None else f"{result.tried:,}",
            "" if result.failures is None else f"{result.failures:,}",
            result.verdict.replace("|", r"\|"),
        )
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        f"| {case:<{widths[0]}} | {tried:>{widths[1]}} | {lost:>{widths[2]}} "
        f"| {verdict:<{widths[3]}} |"
        for case, tried, lost, verdict in cells
    ]
    rule = f"| {'-' * widths[0]} | {'-' * (widths[1] - 1)}: | {'-' * (widths[2] - 1)}: "
    lines.insert(1, f"{rule}| {'-' * widths[3]} |")
    return "\n".join(lines)


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _read_outcomes(report: str) -> dict[str, tuple[str, str]]:
    """Return how each test ended, and why it did not pass."""
    outcomes: dict[str, tuple[str, str]] = {}
    # One that pytest was interrupted in has no name.
    for case in ElementTree.fromstring(report).iterfind(".//testcase[@name]"):
        # A test stands there once for itself and once for each of its subtests.
        name = _get_name(f"{case.get('classname')}.{case.get('name')}")
        outcomes.setdefault(name, ("passed", ""))
        for part in case:
            reason = (part.get("message") or "").strip().partition("\n")[0]
            reason = textwrap.shorten(reason, REASON_WIDTH, placeholder=" …")
            if part.tag in ("failure", "error"):
                outcomes[name] = (BROKE_OFF, reason)
            elif part.tag == "skipped" and outcomes[name][0] == "passed":
                outcomes[name] = ("skipped", reason)
    return outcomes


def _get_name(test_id: str) -> str:
    """Return a test's module, class and method: the packages have several names."""
    return ".".join(test_id.split(".")[-3:])
