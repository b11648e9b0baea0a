# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which Odoo is used: a checkout, the current environment's, or Debian's package.

A tree of Odoo comes in three shapes. A git checkout has its addons in ``addons`` beside
``odoo``; an installed one has them in ``odoo/addons``; Debian's package is an installed
one below ``usr/lib/python3/dist-packages``.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import debian
import layout
import process
import stamps
from errors import Unavailable

SERIES = (19, 0)

# Folders of addons that a new database doesn't depend on.
_ASIDE = {"__pycache__", "i18n", "static", "tests"}

_WAYS = (
    "name a checkout of Odoo 19.0 with `make run ODOO_SRC=/path/to/odoo`, or activate "
    "an environment in which Odoo 19.0 is installed"
)

# `odoo` is a namespace package: any folder of that name can be imported, a module
# inside it tells. `odoo.http` needs most of Odoo's Python packages.
_PROBE = """
import importlib, json, os, site, sys
try:
    release = importlib.import_module("odoo.release").__file__
except ImportError:
    sys.exit()
try:
    importlib.import_module("odoo.http")
except ImportError:
    complete = False
else:
    complete = True
sites = [*site.getsitepackages(), *([site.getusersitepackages()] if
    site.ENABLE_USER_SITE else [])]
print(json.dumps([os.path.dirname(os.path.dirname(release)), complete, sites]))
"""


@dataclass(frozen=True)
class OdooSource:
    """An Odoo that can be run.

    :param base: the folder that goes on Python's path, parent of ``odoo``
    :param core_addons: the folder of Odoo's own addons
    :param origin: where it comes from, for the user
    :param has_packages: whether the Python packages that it needs come along
    :param site_folders: the ``site-packages`` of the environment that it comes from
    """

    base: Path
    core_addons: Path
    origin: str
    has_packages: bool = False
    site_folders: list[str] = field(default_factory=list)

    def get_digest(self) -> str:
        """Return a hash of names, sizes and times: a changed file gives another."""
        found = set()
        for top in (self.base / "odoo", self.core_addons):
            for folder, folders, names in os.walk(top):
                folders[:] = [name for name in folders if name not in _ASIDE]
                for name in names:
                    path = os.path.join(folder, name)
                    stat = os.lstat(path)
                    found.add(f"{path} {stat.st_size} {stat.st_mtime_ns}")
        return stamps.get_digest(sorted(found))


def get_odoo() -> OdooSource:
    """Return the Odoo to use; get Debian's if there is no other.

    :raises Unavailable: if there is none, or it isn't Odoo 19.0
    """
    named = os.environ.get("ODOO_SRC", "")
    if named:
        return _get_named(Path(named).expanduser().resolve())
    return _get_from_environment() or inspect_tree(
        debian.get_tree(), "Debian's package odoo-19"
    )


def inspect_tree(tree: Path, origin: str) -> OdooSource:
    """Return the Odoo in a folder.

    :raises Unavailable: if there is none, or it isn't Odoo 19.0
    """
    for base in (tree, tree / debian.DIST_PACKAGES):
        release = base / "odoo" / "release.py"
        if not release.is_file():
            continue
        series = read_series(release.read_text())
        if series != SERIES:
            found = ".".join(map(str, series)) or "of an unknown version"
            raise Unavailable(f"The Odoo in {tree} is {found}, not 19.0", _WAYS)
        for core_addons in (base / "odoo" / "addons", base / "addons"):
            if (core_addons / "web" / "__manifest__.py").is_file():
                return OdooSource(base, core_addons, origin)
        raise Unavailable(
            f"The Odoo in {tree} lacks its addons (web and others)", _WAYS
        )
    raise Unavailable(f"There is no Odoo in {tree} (no odoo/release.py)", _WAYS)


def read_series(release: str) -> tuple[int | str, ...]:
    """Return major and minor version from the text of ``odoo/release.py``."""
    match = re.search(r"^version_info = \(([^,]+),([^,]+),", release, re.MULTILINE)
    if not match:
        return ()
    return tuple(ast.literal_eval(number.strip()) for number in match.groups())


def _get_named(tree: Path) -> OdooSource:
    if not tree.is_dir():
        raise Unavailable(f"ODOO_SRC names {tree}, which is no folder", _WAYS)
    return inspect_tree(tree, f"ODOO_SRC, {tree}")


def _get_from_environment() -> OdooSource | None:
    # Not from the checkout, where `fastapi` would be the addon.
    answer = process.capture([sys.executable, "-c", _PROBE], cwd=layout.STATE)
    if answer.returncode or not answer.stdout.strip():
        return None
    base, complete, site_folders = json.loads(answer.stdout.splitlines()[-1])
    found = inspect_tree(Path(base), f"the current environment, {base}")
    return OdooSource(
        found.base, found.core_addons, found.origin, complete, site_folders
    )
