# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run small apps with the most used libraries for FastAPI; arguments go to pytest.

They are the files ``test_library_*.py``, which are skipped where the library is not
installed. Here it is, in a virtual environment of its own, and uvicorn too, which runs
the same apps as the measure. The results are printed as one table.

What makes clients in TypeScript is installed beside them where there is npm; else its
test is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import console
import layout
import process
import stamps
from commands import test
from commands.matrix import read_outcomes
from environment import Packages
from errors import ExitCode

#: A requirement, and the module of its tests.
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\S*\s+# (?P<module>test_library_\w+)")
_JUNIT = layout.STATE / "libraries.xml"
_LIST = layout.REQUIREMENTS / "libraries.txt"
_NODE_LIST = layout.REQUIREMENTS / "libraries.npm.txt"
#: Variable of the environment: the folder of Node's programs, for the tests.
_NODE_BIN = "FASTAPI_NODE_BIN"
_PACKAGES = Packages(layout.CELLS / "libraries", more=(_LIST,))


@dataclass
class Result:
    """What became of the tests of a library.

    :param name: of the distribution
    :param version: that was tried
    :param passed: how many tests did
    :param failed: names of the tests that did not
    """

    name: str
    version: str
    passed: int
    failed: list[str]

    @property
    def verdict(self) -> str:
        if self.failed:
            return f"fails: {', '.join(self.failed)}"
        return "works" if self.passed else "not run"


def main(arguments: Sequence[str] = ()) -> int:
    """Run the tests and print what became of each library.

    :param arguments: pytest's
    :return: pytest's exit code
    """
    _JUNIT.unlink(missing_ok=True)
    files = sorted(
        str(path.relative_to(layout.ROOT))
        for path in layout.ROOT.glob("*/tests/test_library_*.py")
    )
    code = test.main(
        [*files, *arguments, f"--junitxml={_JUNIT}"],
        variables=_get_node_variables(),
        packages=_PACKAGES,
    )
    if _JUNIT.exists():
        modules = read_modules(_LIST.read_text())
        versions = _get_versions(list(modules.values()))
        results = get_results(_JUNIT.read_text(), modules, versions)
        console.line(get_table(results))
        if not code and not any(result.passed for result in results):
            return ExitCode.FAILED
    return code


def _get_node_variables() -> dict[str, str]:
    """Install Node's packages if there is npm, and return where their programs are."""
    npm = shutil.which("npm")
    if npm is None:
        return {}
    layout.make_state()
    folder = layout.CELLS / "libraries-npm"
    stamp = layout.STAMPS / f"{folder.name}.txt"
    text = _NODE_LIST.read_text()
    if stamps.read(stamp) != text:
        packages = [line for line in text.splitlines() if not line.startswith("#")]
        with console.step("installing packages of Node"):
            folder.mkdir(parents=True, exist_ok=True)
            options = ["--prefix", folder, "--no-audit", "--no-fund"]
            process.run_step([npm, "install", *options, *packages], folder.name)
        stamps.write(stamp, text)
    return {_NODE_BIN: str(folder / "node_modules" / ".bin")}


def read_modules(text: str) -> dict[str, str]:
    """Return the distribution that each module of tests tries.

    :param text: of the list of requirements
    """
    found = map(_REQUIREMENT.match, text.splitlines())
    return {match["module"]: match["name"].split("[")[0] for match in found if match}


def get_results(
    report: str, modules: dict[str, str], versions: dict[str, str]
) -> list[Result]:
    """Return what became of each library.

    :param report: pytest's in JUnit's form
    :param modules: distributions by the module of their tests
    :param versions: of the distributions
    """
    results = {
        module: Result(name, versions.get(name, ""), 0, [])
        for module, name in modules.items()
    }
    for (class_name, name), outcome in read_outcomes(report).items():
        module = next((part for part in class_name.split(".") if part in results), "")
        if not module:
            continue
        if outcome == "passed":
            results[module].passed += 1
        elif outcome == "failed":
            results[module].failed.append(name.removeprefix("test_"))
    return list(results.values())


def get_table(results: Sequence[Result]) -> str:
    """Return the results as a table in Markdown."""
    rows = [("library", "version", "tests", "verdict")]
    rows += [
        (
            result.name,
            result.version,
            str(result.passed + len(result.failed)),
            result.verdict,
        )
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"| {' | '.join(cell.ljust(width) for cell, width in pairs)} |"
        for pairs in (zip(row, widths, strict=True) for row in rows)
    ]
    lines.insert(1, f"| {' | '.join('-' * width for width in widths)} |")
    return "\n".join(lines)


def _get_versions(names: Sequence[str]) -> dict[str, str]:
    python = _PACKAGES.folder / "bin" / "python"
    found = process.capture([python, "-c", _PROBE, *names], cwd=layout.CELLS)
    return json.loads(found.stdout) if not found.returncode else {}


_PROBE = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""
