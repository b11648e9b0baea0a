# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files out of Debian's packages, without installing any and without root.

Odoo 19 is in the suite unstable only: apt runs with folders and a source of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import console
import layout
import process
from console import ToolError

ODOO_PACKAGES = (
    "odoo-19",
    # Odoo's package links into these; without them /web/login answers 500.
    *("fonts-font-awesome", "fonts-inconsolata", "fonts-montserrat", "fonts-ocr-b"),
    *("fonts-roboto-unhinted", "libjs-jquery", "libjs-jquery-form", "libjs-underscore"),
)
_WAYS = (
    "connect the machine to a Debian mirror (apt-get update must work), or name a "
    "checkout of Odoo 19.0 with `make run ODOO_SRC=/path/to/odoo`"
)


def get_tree() -> Path:
    """Return the folder with Odoo and its assets, which is made if need be."""
    if not layout.DEBIAN_TREE.is_dir():
        files = get_packages(ODOO_PACKAGES)
        with console.step("unpacking Odoo 19 (1.2 GB)"):
            unpack(files, layout.DEBIAN_TREE)
    return layout.DEBIAN_TREE


def unpack(files: Sequence[Path], tree: Path) -> None:
    """Unpack packages into one folder, which is there as a whole or not at all."""
    temporary = tree.with_name(f"{tree.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    for file in files:
        process.run_step(["dpkg-deb", "-x", file, temporary], "unpack")
    temporary.rename(tree)


def get_packages(names: Sequence[str]) -> list[Path]:
    """Return package files from the user's cache, downloaded if they aren't there.

    :raises ToolError: if they can't be had
    """
    folder = layout.get_cache() / "debs" / f"{names[0]}-{len(names)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with layout.locked(folder.parent):
        if not folder.is_dir():
            with (
                console.step(f"downloading {names[0]} from Debian"),
                tempfile.TemporaryDirectory(dir=folder.parent) as temporary,
            ):
                _download(names, Path(temporary)).rename(folder)
    return sorted(folder.glob("*.deb"))


def find_mirror() -> str | None:
    """Return the main archive's address in apt's sources."""
    command = ("apt-get", "update", "--print-uris")
    uris = subprocess.check_output(command, text=True)
    return next(iter(re.findall(r"'(http\S+/debian)/+dists/", uris)), None)


def _download(names: Sequence[str], folder: Path) -> Path:
    for inner in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / inner).mkdir(parents=True)
    mirror = find_mirror() if shutil.which("apt-get") else None
    keyring = next(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"), None)
    if not (mirror and keyring):
        raise ToolError(f"This machine has no apt for Debian's packages: {_WAYS}.")
    source = folder / "unstable.list"
    source.write_text(f"deb [signed-by={keyring}] {mirror} unstable main\n")
    unused = ("sourceparts", "preferences", "preferencesparts")
    options = {
        **dict.fromkeys((f"Dir::Etc::{name}" for name in unused), "/dev/null"),
        "Dir::Etc::sourcelist": source,
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
        # The account that apt would change to can't write to this user's cache.
        **({"APT::Sandbox::User": "root"} if os.geteuid() == 0 else {}),
    }
    apt = ["apt-get", *(f"-o{name}={value}" for name, value in options.items())]
    try:
        process.run_step([*apt, "update"], "apt-update")
        process.run_step([*apt, "download", *names], "apt", cwd=folder / "packages")
    except ToolError as error:
        message = f"{error}\nDebian's packages can't be downloaded: {_WAYS}."
        raise ToolError(message) from error
    return folder / "packages"
