# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

import database
import layout
import pytest_plugin
from pytest_plugin import get_library_rows, get_stress_rows

LIST = """
# a comment
slow-api[all]>=1  # test_library_slow
starlette-context>=0.5  # test_library_context
sentry-sdk>=2.0  # test_library_sentry
redis>=8
"""
CASES = """
import json, os, unittest

class TestX(unittest.TestCase):
    def note(self, **row):
        with open(os.environ["FASTAPI_STRESS_REPORT"], "a") as report:
            test = f"odoo.addons.a.tests.test_stress_x.TestX.{self._testMethodName}"
            report.write(json.dumps({"test": test, **row}) + "\\n")

    def test_holds(self):
        self.note()
        self.note(case="nothing leaks", tried=10000, failures=0)

    def test_loses(self):
        self.note()
        self.note(case="nothing is lost", tried=500, failures=2)
        self.fail("2 are lost")

    @unittest.skip("no disk")
    def test_disk(self):
        self.note()

    def test_subtests(self):
        self.note(case="subtests", tried=1, failures=0)
        with self.subTest("one"):
            self.fail("too few")
        with self.subTest("two"):
            pass
"""
SILENT = """
    def test_silent(self):
        self.note()
"""
ENDLESS = """
    def test_ends(self):
        self.note()
        import signal
        signal.pause()
"""


def row(name: str, **values: str | int) -> str:
    test_id = f"odoo.addons.test_fastapi.tests.test_stress_x.TestX.{name}"
    return json.dumps({"test": test_id, **values}) + "\n"


def run(folder: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run tests under another pytest, with the plugin."""
    (folder / "test_stress_x.py").write_text(tests)
    tools = str(layout.TOOLS)
    variables = {"PYTHONPATH": tools, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ("-p", "pytest_plugin", "-p", "pytest_timeout")
    command = [sys.executable, "-m", "pytest", *plugins, "--rootdir", str(folder)]
    return subprocess.run(
        [*command, "test_stress_x.py", *options],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_results_are_those_of_the_cases() -> None:
    rows = row("a") + row("a", case="a 1", tried=5, failures=0)
    rows += row("a", case="a 2", tried=6, failures=1)
    rows += row("b") + row("b", case="b", tried=0, failures=0)
    outcomes = {"test_stress_x.TestX.a": "failed"}
    assert list(get_stress_rows(rows, outcomes)) == [
        ("a 1", "5", "0", "held"),
        ("a 2", "6", "1", "failed"),
        ("b", "0", "0", "failed"),
    ]


def test_a_case_without_a_result_is_in_the_table() -> None:
    outcomes = {
        "test_stress_x.TestX.skipped": "skipped",
        "test_stress_x.TestX.fails": "failed",
        "test_stress_x.TestX.silent": "passed",
        "test_stress_x.TestX.never_starts": "skipped",
    }
    rows = "".join(map(row, ("skipped", "fails", "silent", "killed")))
    assert [
        (case, verdict) for case, _, _, verdict in get_stress_rows(rows, outcomes)
    ] == [
        ("TestX.skipped", "skipped"),
        ("TestX.fails", "broke off"),
        ("TestX.silent", "no result"),
        ("TestX.killed", "broke off"),
        ("TestX.never_starts", "skipped"),
    ]


def test_the_table_says_what_was_lost(tmp_path: Path) -> None:
    done = run(tmp_path, CASES, "--table=stress")
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    table = [tuple(map(str.strip, re.split(r" \| ?", line[2:])))[:-1] for line in lines]
    assert [row for row in table if "-" not in row[1]] == [
        ("case", "tried", "lost or leaked", "verdict"),
        ("nothing leaks", "10,000", "0", "held"),
        ("nothing is lost", "500", "2", "failed"),
        ("subtests", "1", "0", "held"),
        ("TestX.test_subtests", "", "", "broke off"),
        ("TestX.test_disk", "", "", "skipped"),
    ]


def test_a_case_that_broke_off_is_no_success(tmp_path: Path) -> None:
    tests = CASES.partition("    def test_loses")[0]
    assert run(tmp_path, tests, "--table=stress").returncode == 0
    done = run(tmp_path, tests + SILENT, "--table=stress")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "| no result |" in done.stdout


def test_what_takes_too_long_is_broken_off(tmp_path: Path) -> None:
    tests = CASES.partition("    def test_loses")[0] + ENDLESS
    done = run(tmp_path, tests, "--table=stress", "--timeout=1")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"\| TestX.test_ends +\| +\| +\| broke off", done.stdout)


def test_a_summary_is_a_column_of_the_matrix(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    # without --table=stress a test under load takes its short form
    run(tmp_path, CASES, f"--summary={path}", "-k", "disk or silent")
    summary = json.loads(path.read_text())
    assert summary["skipped"] == "1"
    assert summary["verdict"] == "passed"
    assert summary["fastapi"]


def test_a_summary_counts_the_tests_of_all_processes(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    tests = CASES.partition("    def test_subtests")[0] + "class TestY(TestX): pass"
    options = ("-p", "xdist.plugin", "--numprocesses=2", "--dist=loadscope")
    run(tmp_path, tests, f"--summary={path}", "-k", "disk", *options)
    assert json.loads(path.read_text())["skipped"] == "2"


def test_each_process_has_a_database_and_files_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied: list[tuple[str, str]] = []
    monkeypatch.setattr(database, "copy", lambda *names: copied.append(names))
    config = Mock(option=SimpleNamespace(odoo_database="test"))
    config.getoption = vars(config.option).get
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    next(pytest_plugin.pytest_cmdline_main(config))
    assert not copied
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    next(pytest_plugin.pytest_cmdline_main(config))
    assert copied == [("test", "test_gw1")]
    assert config.option.odoo_database == "test_gw1"
    # or pytest-odoo would make another copy, with shared files
    assert "PYTEST_XDIST_WORKER" not in os.environ


def test_each_module_of_tests_is_in_the_list() -> None:
    names = ("libraries.txt", "libraries.npm.txt")
    text = "".join((layout.REQUIREMENTS / name).read_text() for name in names)
    files = {path.stem for path in layout.ROOT.glob("*/tests/test_library_*.py")}
    assert files <= set(re.findall(r"# (test_library_\w+)", text))


def test_the_verdict_says_what_fails() -> None:
    outcomes = {
        "test_library_slow.TestX.test_a": "passed",
        "test_library_slow.TestX.test_b": "failed",
        "test_library_context.TestX.test_c": "passed",
        "test_library_sentry.TestX.test_d": "skipped",
    }
    assert list(get_library_rows(LIST, outcomes, "{} 1".format)) == [
        ("slow-api", "slow-api 1", "2", "fails: b"),
        ("starlette-context", "starlette-context 1", "1", "works"),
        ("sentry-sdk", "sentry-sdk 1", "0", "not run"),
    ]
