# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addons of this repository, as their manifests tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layout
import stamps
from errors import ToolError

MAIN_ADDON = "fastapi"
REQUIREMENTS_HEADER = "# generated from manifests external_dependencies\n"

# What a database takes over from an addon when it is installed or upgraded; code and
# the web client's files are read at each start.
_DATA_SUFFIXES = {".csv", ".po", ".xml"}
_MODEL_FOLDERS = {"models", "wizards"}
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

    def get_digest(self) -> str:
        """Return a hash of what a database takes over: other hash, upgrade due."""
        files = [self.path / "__manifest__.py"]
        for path in sorted(self.path.rglob("*")):
            inside = path.relative_to(self.path).parts[:-1]
            is_data = path.suffix in _DATA_SUFFIXES and "static" not in inside
            is_model = path.suffix == ".py" and _MODEL_FOLDERS.intersection(inside)
            if is_data or is_model:
                files.append(path)
        return stamps.get_digest(
            part for path in files for part in (str(path.relative_to(self.path)), path)
        )


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
