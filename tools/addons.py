# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addons of this repository, as their manifests tell."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layout
import stamps
from errors import ToolError

MAIN_ADDON = "fastapi"
#: Addons whose tests have a database of their own (``test_fastapi/tests``). What they
#: depend on would slow down each server that the other tests start.
OWN_DATABASE = frozenset({"my_demo_orders"})
REQUIREMENTS_HEADER = "# generated from manifests external_dependencies\n"

_SOURCE_SUFFIXES = {".csv", ".po", ".py", ".xml"}
# What neither a server nor an installation reads.
_ASIDE = {"__pycache__", "readme", "tests"}
_LOWER_BOUND = re.compile(r"(?P<name>[\w.-]+)\s*>=\s*(?P<version>[\w.]+)")


@dataclass(frozen=True)
class Addon:
    """One addon.

    :param path: its folder, whose name is the addon's technical name
    :param manifest: the content of its ``__manifest__.py``
    """

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the technical name."""
        return self.path.name

    def find_files(self, aside: Set[str] = _ASIDE) -> list[Path]:
        """Return the files that an installation may read, in order.

        :param aside: names of the folders whose files it doesn't read
        """
        found = []
        for folder, folders, names in os.walk(self.path):
            folders[:] = [name for name in folders if name not in aside]
            found += [Path(folder, name) for name in names]
        return sorted(found)

    def find_sources(self) -> list[Path]:
        """Return those that a server takes over when it starts: code and data."""
        files = self.find_files(_ASIDE | {"static"})
        return [path for path in files if path.suffix in _SOURCE_SUFFIXES]

    def get_digest(self) -> str:
        """Return a hash of what a database takes over: other hash, upgrade due."""
        parts: list[str | Path] = []
        for path in self.find_sources():
            if path.suffix != ".py" or path.name == "__manifest__.py":
                parts += [str(path.relative_to(self.path)), path]
            elif declarations := get_declarations(path.read_bytes()):
                parts += [str(path.relative_to(self.path)), declarations]
        return stamps.get_digest(parts)

    def get_full_digest(self) -> str:
        """Return a hash of all that a new database can depend on."""
        return stamps.get_digest(
            part
            for path in self.find_files()
            for part in (str(path.relative_to(self.path)), path)
        )


def get_declarations(source: bytes) -> str:
    """Return what a module of Python says of models, without the code of methods.

    An upgrade looks at fields, constraints and attributes, and calls ``init``.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    models = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(target, ast.Name) and target.id in ("_name", "_inherit")
            for part in node.body
            if isinstance(part, ast.Assign)
            for target in part.targets
        )
    ]
    if not models:
        return ""
    constants = [part for part in tree.body if isinstance(part, ast.Assign)]
    for model in models:
        for part in model.body:
            if isinstance(part, ast.FunctionDef) and part.name != "init":
                part.body = []
    return "\n".join(map(ast.dump, [*constants, *models]))


def find_addons(folders: Iterable[Path] = (layout.ROOT, layout.DEMO)) -> list[Addon]:
    """Return the installable addons in some folders, sorted by name within each.

    :raises ToolError: if a manifest isn't a Python dictionary
    """
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*/__manifest__.py")):
            try:
                manifest = ast.literal_eval(path.read_text())
                installable = manifest.get("installable", True)
            except (AttributeError, SyntaxError, ValueError) as error:
                raise ToolError(f"{path} isn't a manifest: {error}.") from error
            if installable:
                found.append(Addon(path.parent, manifest))
    return found


def get_dependencies(addons: Iterable[Addon]) -> list[str]:
    """Return the addons of others that some addons depend on."""
    addons = list(addons)
    needed = {name for addon in addons for name in addon.manifest.get("depends", ())}
    return sorted(needed - {addon.name for addon in addons})


def get_tested_together(addons: Iterable[Addon]) -> list[Addon]:
    """Return the addons whose tests share a database."""
    return [addon for addon in addons if addon.name not in OWN_DATABASE]


def get_packages(addons: Iterable[Addon]) -> list[str]:
    """Return the Python packages that some addons declare, as requirements."""
    return sorted(
        {
            package
            for addon in addons
            for package in addon.manifest.get("external_dependencies", {}).get(
                "python", ()
            )
        }
    )


def get_requirements(addons: Iterable[Addon]) -> str:
    """Return the text of ``requirements.txt``: the Python packages of some addons."""
    packages = get_packages(addons)
    return REQUIREMENTS_HEADER + "".join(f"{package}\n" for package in packages)


def get_lower_bound(package: str) -> tuple[str, str]:
    """Return the name and the oldest version that a requirement allows.

    :param package: a requirement of a manifest: ``fastapi>=0.143.0``
    :raises ToolError: if it has no lower bound
    """
    match = _LOWER_BOUND.match(package)
    if not match:
        raise ToolError(f"`{package}` in a manifest has no lower bound (>=).")
    return match["name"], match["version"]
