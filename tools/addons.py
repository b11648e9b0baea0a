# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The addons of this repository, and what a database takes over from them."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layout
from console import ToolError

#: Addons whose tests have a database of their own (``test_fastapi/tests``). What they
#: depend on would slow down each server that the other tests start.
OWN_DATABASE = frozenset({"my_demo_agent", "my_demo_orders"})
# What neither a server nor an installation reads.
_ASIDE = {"__pycache__", "readme", "tests"}
_SUFFIXES = (".csv", ".po", ".py", ".xml")


@dataclass(frozen=True)
class Addon:
    """One addon: its folder, and the content of its manifest."""

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name

    def is_source(self, path: Path) -> bool:
        """Return whether a server takes a file over when it starts: code or data."""
        inside = path.is_relative_to(self.path) and path.suffix in _SUFFIXES
        parts = set(path.parts[len(self.path.parts) :])
        return inside and not {*_ASIDE, "static"} & parts

    def get_digest(self, *, full: bool = True) -> str:
        """Return a hash of all that a new database can depend on.

        :param full: otherwise only of what has a database be upgraded
        """
        digest = hashlib.sha256()
        for path in sorted(filter(Path.is_file, self.path.rglob("*"))):
            if _ASIDE & set(path.relative_to(self.path).parts):
                continue
            content = path.read_bytes()
            if not full and path.suffix == ".py" and path.name != "__manifest__.py":
                content = get_declarations(content)
            if full or (content and self.is_source(path)):
                digest.update(f"{path.relative_to(self.path)} {len(content)}".encode())
                digest.update(content)
        return digest.hexdigest()


def get_declarations(source: bytes) -> bytes:
    """Return what a module of Python says of models, without the code of methods.

    An upgrade looks at fields, constraints and attributes, and calls ``init``.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return b""
    declaring = (ast.Assign, ast.ClassDef)
    tree.body = [part for part in tree.body if isinstance(part, declaring)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "init":
            node.body = []
    declared = ast.dump(tree)
    return declared.encode() if re.search("id='_(name|inherit)'", declared) else b""


def find_addons(folders: Sequence[Path] = (layout.ROOT, layout.DEMO)) -> list[Addon]:
    """Return the installable addons in some folders, sorted by name within each.

    OCA's tools find the demo addons through links at the root, which are left out here.

    :raises ToolError: if a manifest isn't a Python dictionary
    """
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*/__manifest__.py")):
            try:
                addon = Addon(path.parent, ast.literal_eval(path.read_text()))
                if addon.manifest.get("installable", True):
                    found.append(addon)
            except (AttributeError, SyntaxError, ValueError) as error:
                raise ToolError(f"{path} isn't a manifest: {error}.") from error
    return [addon for addon in found if not addon.path.is_symlink()]


def get_folders(paths: str) -> tuple[Path, ...]:
    """Return the folders of addons in a list that is separated by commas.

    :raises ToolError: if there are no addons in one of them
    """
    names = filter(None, map(str.strip, paths.split(",")))
    folders = tuple(Path(name).expanduser().resolve() for name in names)
    for folder in folders:
        if not find_addons([folder]):
            raise ToolError(
                f"There are no addons in {folder}: name the folder that holds theirs."
            )
    return folders


def get_dependencies(addons: Sequence[Addon]) -> list[str]:
    """Return the addons of others that some addons depend on."""
    needed = {name for addon in addons for name in addon.manifest.get("depends", ())}
    return sorted(needed - {addon.name for addon in addons})


def get_tested_together() -> list[Addon]:
    """Return the addons whose tests share a database."""
    return [addon for addon in find_addons() if addon.name not in OWN_DATABASE]
