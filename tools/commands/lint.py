# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Check the code with the tools of the pre-commit hooks, without pre-commit.

pre-commit fetches its hooks from git repositories; here the same versions of the same
tools come as Python packages. What needs Node (prettier, eslint) runs under pre-commit
only.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import console
import layout
import python_env
import readme
import stamps
from addons import Addon, find_addons, get_requirements
from errors import ExitCode, ToolError

#: Folders of Python code beside the addons.
PROGRAMS = ("benchmarks", "tools")


def main(*, fix: bool = False) -> int:
    """Run every check and report on all of them.

    :param fix: repair and format what can be, instead
    """
    python = python_env.ensure_linters()
    found = find_addons()
    if fix:
        return _repair(python, found)
    checks = _get_checks(python, found)
    failed = []
    for name, check in checks.items():
        console.line(f"==> {name}")
        if not check():
            failed.append(name)
    if failed:
        raise ToolError(f"lint failed: {', '.join(failed)}.")
    console.line("lint passed")
    return ExitCode.OK


def _repair(python: Path, found: list[Addon]) -> int:
    programs = python.parent
    stamps.write(layout.ROOT / "requirements.txt", get_requirements(found))
    # Formatting mends what is merely too long; what is left, `make lint` reports.
    sources = [*_get_folders(found), *PROGRAMS]
    _call(programs, "ruff", "check", "--fix", "--exit-zero", "--quiet", *sources)
    _call(programs, "ruff", "format", *sources)
    readme.write(python, found)
    return ExitCode.OK


def _get_folders(found: list[Addon]) -> list[str]:
    return [str(addon.path.relative_to(layout.ROOT)) for addon in found]


def _get_checks(python: Path, found: list[Addon]) -> dict[str, Callable[[], bool]]:
    programs = python.parent
    folders = _get_folders(found)
    sources = [*folders, *PROGRAMS]

    def call(program: str, *arguments: str) -> Callable[[], bool]:
        return lambda: _call(programs, program, *arguments)

    pylint = ("--rcfile=.pylintrc-mandatory", "--jobs=0", *folders)
    checks = {
        "ruff": call("ruff", "check", "--no-fix", *sources),
        "ruff format": call("ruff", "format", "--check", "--diff", *sources),
        "XML": lambda: _report(_find_xml_errors(found)),
        "manifests": lambda: _report(_find_manifest_errors(found)),
        "requirements.txt": lambda: _report(_find_requirement_errors(found)),
        "README": lambda: _report(readme.find_errors(python, found)),
    }
    if folders:
        checks["pylint-odoo"] = call("pylint", *pylint)
        checks["oca-checks-odoo-module"] = call("oca-checks-odoo-module", *folders)
    return checks


def _call(programs: Path, program: str, *arguments: str) -> bool:
    # The linters must not import the addon for the library.
    variables = {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}
    command = [str(programs / program), *arguments]
    return not subprocess.run(command, cwd=layout.ROOT, env=variables).returncode


def _report(errors: Iterator[str]) -> bool:
    found = list(errors)
    for error in found:
        console.error(error)
    return not found


def _find_xml_errors(found: list[Addon]) -> Iterator[str]:
    for addon in found:
        for path in sorted(addon.path.rglob("*.xml")):
            try:
                ElementTree.parse(path)
            except ElementTree.ParseError as error:
                yield f"{path.relative_to(layout.ROOT)}: {error}"


def _find_manifest_errors(found: list[Addon]) -> Iterator[str]:
    for addon in found:
        place = addon.path.relative_to(layout.ROOT)
        for key in ("name", "version", "license", "author", "depends"):
            if not addon.manifest.get(key):
                yield f"{place}: the manifest lacks {key}"
        if not str(addon.manifest.get("version", "")).startswith("19.0."):
            yield f"{place}: the version is not 19.0.x.y.z"
        for name in (*addon.manifest.get("data", ()), *addon.manifest.get("demo", ())):
            if not (addon.path / name).is_file():
                yield f"{place}: the manifest names {name}, which isn't there"


def _find_requirement_errors(found: list[Addon]) -> Iterator[str]:
    if stamps.read(layout.ROOT / "requirements.txt") != get_requirements(found):
        yield "requirements.txt differs from the manifests: `make format` writes it"
