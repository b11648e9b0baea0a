# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Virtual environments, their packages kept as wheels in the user's cache.

A list of requirements is resolved once for each version of Python. The wheels and the
exact versions go into the cache; from then on the list installs without a network.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import console
import debian
import layout
import locks
import process
import stamps
from errors import StepFailed, ToolError, Unavailable


def ensure_environment(
    folder: Path, requirements: Sequence[Path], site_folders: Sequence[str] = ()
) -> Path:
    """Make a virtual environment what it should be.

    :param folder: the environment's folder
    :param requirements: files with lists of requirements
    :param site_folders: ``site-packages`` of an environment that this one builds on
    :return: the environment's Python
    :raises Unavailable: if pip or the packages can't be had
    """
    python = folder / "bin" / "python"
    base_stamp = layout.STAMPS / f"{folder.name}-base.txt"
    stamp = layout.STAMPS / f"{folder.name}.txt"
    base = stamps.get_digest([str(folder), sys.executable, sys.version, *site_folders])
    text = stamps.get_digest([base, *requirements])
    is_based = stamps.read(base_stamp) == base and python.exists()
    if is_based and stamps.read(stamp) == text:
        return python
    with console.step(f"installing Python packages into {folder.name}"):
        stamp.unlink(missing_ok=True)
        if not is_based:
            _create(folder, python, site_folders)
            stamps.write(base_stamp, base)
        # Other requirements go into the environment as it is: it may be in use.
        _install(python, requirements, pinned=not site_folders)
    stamps.write(stamp, text)
    return python


def ensure_linters() -> Path:
    """Make the virtual environment of the linters what it should be.

    :return: its Python
    """
    layout.make_state()
    with locks.held(layout.LOCKS / "set-up", "another command's set-up here"):
        return ensure_environment(
            layout.LINT_VENV,
            [layout.REQUIREMENTS / "lint.txt", layout.REQUIREMENTS / "readme.txt"],
        )


def _create(folder: Path, python: Path, site_folders: Sequence[str]) -> None:
    if folder.exists():
        _check_unused()
        shutil.rmtree(folder)
    bundled = find_spec("ensurepip") is not None
    options = [] if bundled else ["--without-pip"]
    process.run_step([sys.executable, "-m", "venv", *options, folder], folder.name)
    if not bundled:
        # Debian keeps ensurepip in python3-venv, and its content in another package.
        _install_pip(folder)
    if site_folders:
        _build_on(python, site_folders)


def _check_unused() -> None:
    in_use = locks.FileLock(layout.IN_USE)
    unused = in_use.acquire(wait=False)
    in_use.release()
    if not unused:
        raise Unavailable(
            "`make run` or `make test` is at work here with another Python",
            "stop it first (Ctrl-C), or name the same Python",
        )


def _install_pip(folder: Path) -> None:
    try:
        files = debian.get_packages(debian.PIP_PACKAGES)
    except Unavailable as error:
        raise Unavailable(
            f"Python {platform.python_version()} lacks pip and its module ensurepip",
            "install it (`apt install python3-venv`), or name another Python, for "
            "example `make run PYTHON=python3.12`",
        ) from error
    with tempfile.TemporaryDirectory(dir=layout.STATE) as name:
        debian.unpack(files, Path(name) / "pip")
        wheel = next(Path(name).glob("pip/usr/share/python-wheels/pip-*.whl"))
        # A wheel is a zip file: pip runs from within it.
        process.run_step(
            [folder / "bin" / "python", wheel / "pip", "install", "--no-index", wheel],
            folder.name,
            append=True,
        )


def _build_on(python: Path, site_folders: Sequence[str]) -> None:
    # venv's own --system-site-packages skips a virtual environment's packages; and a
    # plain path would skip the .pth files of packages installed as editable.
    purelib = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        text=True,
    ).strip()
    Path(purelib, "zz_current_environment.pth").write_text(
        "".join(f"import site; site.addsitedir({path!r})\n" for path in site_folders)
    )


def _install(python: Path, requirements: Sequence[Path], *, pinned: bool) -> None:
    wheels = layout.get_cache() / "wheels" / get_tag()
    versions = wheels / f"{stamps.get_digest(requirements)}.txt"
    with locks.held(wheels / "lock", "another checkout's download of Python packages"):
        if not _is_complete(versions):
            _download(python, requirements, wheels, versions)
        # What the environment below has already is taken as it is: no exact versions.
        wanted = [versions] if pinned else requirements
        process.run_step(
            [
                *_get_pip(python),
                "install",
                "--no-index",
                *("--find-links", wheels),
                *_get_list_options(wanted),
            ],
            f"{python.parent.parent.name}-install",
        )


def get_tag() -> str:
    """Return the name of what wheels depend on: Python's version and the machine."""
    platform_tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{sys.implementation.cache_tag}-{platform_tag}"


def _is_complete(versions: Path) -> bool:
    names = [line[2:] for line in stamps.read(versions).splitlines() if line[:1] == "#"]
    return bool(names) and all((versions.parent / name).is_file() for name in names)


def _download(
    python: Path, requirements: Sequence[Path], wheels: Path, versions: Path
) -> None:
    console.line("    downloading what isn't in the cache yet")
    with tempfile.TemporaryDirectory(dir=wheels) as name:
        command = [*_get_pip(python), "wheel", "--use-pep517", "--wheel-dir", name]
        command += ["--find-links", wheels, *_get_list_options(requirements)]
        log = f"{python.parent.parent.name}-download"
        try:
            process.run_step(command, log)
        except StepFailed as online:
            # The wheels of another list may do.
            try:
                process.run_step([*command, "--no-index"], f"{log}-offline")
            except StepFailed:
                console.error(str(online))
                raise Unavailable(
                    "Python packages can't be downloaded",
                    "connect the machine to the package index that pip is configured "
                    f"for, or copy {layout.get_cache()} from a machine that has them",
                ) from online
        files = sorted(Path(name).glob("*.whl"))
        for file in files:
            file.replace(wheels / file.name)
    stamps.write(versions, get_pins(file.name for file in files))


def get_pins(names: Iterable[str]) -> str:
    """Return a list of requirements that stands for exactly these wheels."""
    text = ""
    for name in names:
        try:
            project, version = name.split("-")[:2]
        except ValueError as error:
            raise ToolError(f"pip made {name}, which is no wheel's name.") from error
        text += f"# {name}\n{project}=={version}\n"
    return text


def _get_pip(python: Path) -> list[str | Path]:
    options = ["--disable-pip-version-check", "--no-input"]
    return [python, "-m", "pip", *options]


def _get_list_options(files: Sequence[Path]) -> list[str | Path]:
    return [part for file in files for part in ("--requirement", file)]
