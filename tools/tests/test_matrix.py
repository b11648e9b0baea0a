# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import argparse
import sys
from pathlib import Path

import pytest

import process
import pythons
from addons import find_addons, get_lower_bound, get_packages
from commands.matrix import (
    AGES,
    VERSIONS,
    Cell,
    Result,
    get_cells,
    get_oldest,
    get_table,
    read_report,
)
from errors import StepFailed, ToolError


def test_there_is_a_cell_for_each_python_and_age() -> None:
    assert len(get_cells("")) == len(VERSIONS) * len(AGES)
    assert get_cells("3.13-newest, 3.10-oldest") == [
        Cell("3.13", "newest"),
        Cell("3.10", "oldest"),
    ]


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="`3.9-oldest` is not one of"):
        get_cells("3.10-oldest 3.9-oldest")


def test_the_oldest_is_the_lower_bound() -> None:
    assert list(get_oldest(["a-b>=1.2.0", "c >= 3,<4"])) == ["a-b==1.2.0", "c==3"]


@pytest.mark.parametrize("package", ["fastapi", "fastapi<1", "fastapi==1"])
def test_a_package_without_a_lower_bound_is_named(package: str) -> None:
    with pytest.raises(ToolError, match=f"`{package}` in a manifest has no lower"):
        get_lower_bound(package)


def test_the_manifests_agree_on_the_lower_bounds() -> None:
    bounds: dict[str, str] = {}
    for package in get_packages(find_addons()):
        name, version = get_lower_bound(package)
        assert bounds.setdefault(name, version) == version, package
    assert "fastapi" in bounds


def test_the_table_has_a_column_for_each_cell() -> None:
    results = {
        Cell("3.10", "oldest"): Result(
            "passed",
            libraries={"fastapi": "0.1"},
            counts={"passed": 12, "failed": 0, "skipped": 3},
            seconds=90,
        ),
        Cell("3.13", "newest"): Result("not run", "there is none"),
    }
    assert get_table(results).splitlines() == [
        "|         | 3.10-oldest | 3.13-newest |",
        "| ------- | ----------- | ----------- |",
        "| fastapi | 0.1         |             |",
        "| passed  | 12          |             |",
        "| failed  | 0           |             |",
        "| skipped | 3           |             |",
        "| minutes | 1.5         | 0.0         |",
        "| verdict | passed      | not run     |",
    ]


def test_the_counts_are_those_of_the_report() -> None:
    report = """
        <testsuites><testsuite>
            <testcase classname="A" name="passes"/>
            <testcase classname="A" name="fails"><failure/></testcase>
            <testcase classname="B" name="fails"><error/></testcase>
            <testcase classname="B" name="skips"><skipped/></testcase>
            <testcase classname="B" name="subtests"/>
            <testcase classname="B" name="subtests"/>
            <testcase classname="B" name="subtests"><failure/></testcase>
            <testcase classname="B" name="passes"><system-out/></testcase>
        </testsuite></testsuites>
    """
    assert read_report(report) == {"passed": 2, "failed": 3, "skipped": 1}


def test_a_python_is_found_by_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, answer in {"python3.97": "3.98", "python3": "3.97"}.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {answer} /usr/bin/other\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    # The one of that name refuses or is another, as a shim may be.
    assert pythons.find("3.97") == Path("/usr/bin/other")
    assert pythons.find("3.96") is None


def test_this_python_is_found() -> None:
    version = "{}.{}".format(*sys.version_info)
    assert pythons.find(version) == Path(sys.executable)


def test_a_step_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layout.LOGS", tmp_path)
    endless = "import signal; signal.pause()"
    with pytest.raises(StepFailed, match="has not ended after 0 seconds"):
        process.run_step([sys.executable, "-c", endless], "endless", limit=0)
