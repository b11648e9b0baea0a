# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import signal
import threading
from pathlib import Path

import pytest

from commands import stress, test
from commands.stress import Result, get_results, get_table
from errors import ExitCode, StepFailed

TIMEOUT = 20  # seconds for what is to be broken off


def row(name: str, **values: str | int) -> str:
    test_id = f"odoo.addons.test_fastapi.tests.test_stress_x.TestX.test_{name}"
    return json.dumps({"test": test_id, **values}) + "\n"


def report(*cases: str) -> str:
    parts = (
        f'<testcase classname="test_fastapi.tests.test_stress_x.TestX" name="test_{x}'
        for x in cases
    )
    interrupted = '<testcase time="1"/>'
    suite = f"<testsuite>{''.join(parts)}{interrupted}</testsuite>"
    return f"<testsuites>{suite}</testsuites>"


def test_table_says_what_was_lost() -> None:
    results = [
        Result("nothing leaks", "held", 10000, 0),
        Result("nothing is lost", "failed", 500, 2),
        Result("TestX.test_disk", "skipped: no | here"),
    ]
    assert get_table(results).splitlines() == [
        "| case            |  tried | lost or leaked | verdict             |",
        "| --------------- | -----: | -------------: | ------------------- |",
        "| nothing leaks   | 10,000 |              0 | held                |",
        "| nothing is lost |    500 |              2 | failed              |",
        r"| TestX.test_disk |        |                | skipped: no \| here |",
    ]


def test_results_are_those_of_the_cases() -> None:
    rows = row("a") + row("a", case="a 1", tried=5, failures=0)
    rows += row("a", case="a 2", tried=6, failures=1)
    rows += row("b") + row("b", case="b", tried=0, failures=0)
    cases = (
        'a"><failure message="AssertionError: a 2"/></testcase>',
        'b"><failure message="AssertionError: nothing"/></testcase>',
    )
    assert get_results(rows, report(*cases)) == [
        Result("a 1", "held", 5, 0),
        Result("a 2", "failed", 6, 1),
        Result("b", "failed", 0, 0),
    ]


def test_a_case_without_a_result_is_in_the_table() -> None:
    rows = row("skipped") + row("fails") + row("silent") + row("killed")
    cases = (
        'skipped"><skipped message="no disk"/></testcase>',
        'fails"><failure message="AssertionError: one&#10;two"/></testcase>',
        'silent"/>',
        'set_up"><error message="failed on setup"/></testcase>',
        'never_starts"><skipped message="no module"/></testcase>',
    )
    assert get_results(rows, report(*cases)) == [
        Result("TestX.test_skipped", "skipped: no disk"),
        Result("TestX.test_fails", "broke off: AssertionError: one"),
        Result("TestX.test_silent", "broke off: it has no result"),
        Result("TestX.test_killed", "broke off"),
        Result("TestX.test_set_up", "broke off: failed on setup"),
        Result("TestX.test_never_starts", "skipped: no module"),
    ]


def test_a_case_may_fail_after_its_result() -> None:
    rows = row("a") + row("a", case="a", tried=5, failures=0)
    cases = 'a"><failure message="too few"/></testcase>', 'a"/>'
    assert get_results(rows, report(*cases)) == [
        Result("a", "held", 5, 0),
        Result("TestX.test_a", "broke off: too few"),
    ]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return a function that runs the command with another pytest."""
    monkeypatch.setattr(stress, "_ROWS", tmp_path / "rows")
    monkeypatch.setattr(stress, "_JUNIT", tmp_path / "report")
    monkeypatch.setattr(stress.environment, "set_up", lambda: None)

    def run(pytest_main):
        monkeypatch.setattr(test, "main", pytest_main)
        return stress.main(["-x"])

    return run


def test_a_case_that_broke_off_is_no_success(run, capsys) -> None:
    def pytest_main(arguments, variables):
        assert arguments[-2:] == ["-x", f"--junitxml={stress._JUNIT}"]
        Path(variables[stress.REPORT]).write_text(row("a"))
        return ExitCode.OK

    assert run(pytest_main) == ExitCode.FAILED
    assert "| TestX.test_a |       |                | broke off |" in (
        capsys.readouterr().out
    )


def test_pytests_exit_code_is_kept(run) -> None:
    for code in (ExitCode.OK, 5, -9):
        assert run(lambda _arguments, _variables, code=code: code) == code


def test_what_takes_too_long_is_broken_off(run, capsys, monkeypatch) -> None:
    def pytest_main(_arguments, variables):
        Path(variables[stress.REPORT]).write_text(row("a"))
        threading.Event().wait(TIMEOUT)
        return ExitCode.OK

    before = signal.getsignal(signal.SIGALRM)
    monkeypatch.setattr(stress, "TIME_LIMIT", 1)
    with pytest.raises(StepFailed, match="have not ended after"):
        run(pytest_main)
    assert "| broke off |" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGALRM) == before
