# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files out of Debian's packages, without installing any and without root.

Odoo 19 is in Debian's unstable suite only. apt runs with folders of its own, on copies
of the machine's sources plus that suite of the same mirror, which ranks below the
machine's release: each package comes from there if it has it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import console
import layout
import locks
import process
import stamps
from errors import StepFailed, Unavailable

DIST_PACKAGES = Path("usr/lib/python3/dist-packages")
ODOO_PACKAGES = (
    "odoo-19",
    # Odoo's package links into these; without them /web/login answers 500.
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
PIP_PACKAGES = ("python3-pip-whl",)

_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
_WAYS = (
    "connect the machine to a Debian mirror (apt-get update must work), or name a "
    "checkout of Odoo 19.0 with `make run ODOO_SRC=/path/to/odoo`"
)


def get_tree() -> Path:
    """Return the folder with Odoo and its assets unpacked; make it if need be.

    :raises Unavailable: if Debian's packages can't be had
    """
    tree = layout.DEBIAN_TREE
    if not tree.is_dir():
        files = get_packages(ODOO_PACKAGES)
        with console.step("unpacking Odoo 19 (1.2 GB)"):
            unpack(files, tree)
    return tree


def unpack(files: Sequence[Path], tree: Path) -> None:
    """Unpack packages into one folder, which is there as a whole or not at all."""
    temporary = tree.with_name(f"{tree.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for number, file in enumerate(files):
        process.run_step(
            ["dpkg-deb", "-x", file, temporary], "unpack", append=number > 0
        )
    temporary.rename(tree)


def get_packages(names: Sequence[str]) -> list[Path]:
    """Return package files from the user's cache, downloaded if they aren't there.

    :raises Unavailable: if they can't be had
    """
    folder = layout.get_cache() / "debs"
    index = folder / f"{stamps.get_digest(names)}.json"
    with locks.held(folder / "lock", "another checkout's download of packages"):
        files = [folder / name for name in json.loads(stamps.read(index) or "[]")]
        if files and all(file.is_file() for file in files):
            return files
        _check_programs()
        with (
            console.step(f"downloading {names[0]} from Debian"),
            tempfile.TemporaryDirectory(dir=folder) as name,
        ):
            files = _download(names, Path(name))
            files = [file.replace(folder / file.name) for file in files]
        stamps.write(index, json.dumps([file.name for file in files]))
        return files


def _check_programs() -> None:
    for program in ("apt-get", "apt-config", "dpkg-deb"):
        if not shutil.which(program):
            raise Unavailable(
                f"Odoo 19 can't be taken from Debian here ({program} is missing)",
                "name a checkout of Odoo 19.0 with `make run ODOO_SRC=/path/to/odoo`, "
                "or activate an environment in which Odoo 19.0 is installed",
            )


def _download(names: Sequence[str], folder: Path) -> list[Path]:
    for inner in ("lists/partial", "cache/archives/partial", "sources.d", "packages"):
        (folder / inner).mkdir(parents=True)
    _copy_sources(folder)
    _update(folder)
    _add_unstable(folder)
    _update(folder)
    packages = folder / "packages"
    try:
        process.run_step(
            ["apt-get", *_get_options(folder), "download", *names],
            "apt",
            cwd=packages,
            append=True,
        )
    except StepFailed as error:
        console.error(str(error))
        raise Unavailable("Debian's packages can't be downloaded", _WAYS) from error
    return sorted(packages.glob("*.deb"))


def _get_options(folder: Path) -> list[str]:
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": f"{folder}/sources.d",
        "Dir::Etc::preferences": f"{folder}/preferences",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": f"{folder}/lists",
        "Dir::Cache": f"{folder}/cache",
        "Acquire::Languages": "none",
        "Acquire::PDiffs": "false",
        "Acquire::Retries": "2",
    }
    if os.geteuid() == 0:
        # The account that apt would change to can't write to this user's cache.
        options["APT::Sandbox::User"] = "root"
    return [part for item in options.items() for part in ("-o", "=".join(item))]


def _copy_sources(folder: Path) -> None:
    places = ("FILE", "Dir::Etc::sourcelist/f", "FOLDER", "Dir::Etc::sourceparts/d")
    answer = process.capture(["apt-config", "shell", *places])
    names = dict(word.split("=", 1) for word in shlex.split(answer.stdout))
    files = [Path(names.get("FILE", "/etc/apt/sources.list"))]
    parts = Path(names.get("FOLDER", "/etc/apt/sources.list.d"))
    files += sorted([*parts.glob("*.list"), *parts.glob("*.sources")])
    for number, file in enumerate(files):
        if file.is_file():
            copy = folder / "sources.d" / f"{number:02}-machine{file.suffix}"
            shutil.copyfile(file, copy)


def _update(folder: Path) -> None:
    command = ["apt-get", *_get_options(folder), "update"]
    # apt may be content with a source that it can't reach, or complain about a foreign
    # one that doesn't matter here: what counts is whether there are lists.
    with suppress(StepFailed):
        process.run_step(command, "apt", append=True)
    if not list((folder / "lists").glob("*_Packages*")):
        raise Unavailable(
            f"Debian's packages can't be reached (see {layout.LOGS}/apt.log)", _WAYS
        )


def _add_unstable(folder: Path) -> None:
    mirror = _get_mirror(folder)
    keyring = next((path for path in _KEYRINGS if path.is_file()), None)
    if mirror is None or keyring is None:
        missing = "mirror" if mirror is None else "keyring (debian-archive-keyring)"
        raise Unavailable(f"This machine's apt knows no Debian {missing}", _WAYS)
    (folder / "sources.d" / "unstable.list").write_text(
        f"deb [signed-by={keyring}] {mirror} unstable main\n"
    )
    (folder / "preferences").write_text(
        "Package: *\nPin: release a=unstable\nPin-Priority: 100\n"
    )


def _get_mirror(folder: Path) -> str | None:
    answer = process.capture(
        [
            "apt-get",
            *_get_options(folder),
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE)",
            "Created-By: Packages",
            "Component: main",
        ]
    )
    return choose_mirror(answer.stdout)


def choose_mirror(targets: str) -> str | None:
    """Return the main archive's address from apt's list of what it has.

    :param targets: lines of an archive's address and a release's name
    """
    for target in targets.splitlines():
        address, _, release = target.partition(" ")
        # Security and backports may lie elsewhere; unstable lies with the releases.
        if release and "-" not in release and "/debian" in address:
            return address
    return None
