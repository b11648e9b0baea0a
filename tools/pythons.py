# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The Pythons of this machine, whoever has installed them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import process

# venv makes the environments. A pyenv's program on the PATH may exist and yet refuse.
_PROBE = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.executable)"


def find(version: str) -> Path | None:
    """Return a Python that environments can be made with.

    :param version: major and minor version: ``3.12``
    :return: its program, or None if this machine has none
    """
    for candidate in _get_candidates(version):
        try:
            answer = process.capture([candidate, "-c", _PROBE], cwd=Path("/"))
        except OSError:
            continue
        found, _, program = answer.stdout.strip().partition(" ")
        if not answer.returncode and found == version:
            return Path(program)
    return None


def _get_candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    name = f"python{version}"
    for program in (name, "python3"):
        if on_path := shutil.which(program):
            yield Path(on_path)
    yield from (Path(folder, name) for folder in ("/usr/bin", "/usr/local/bin"))
    # pyenv, asdf, mise and uv keep a folder for each version of their own.
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    for folder, pattern in (
        (Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"), "versions/{}*"),
        (Path.home() / ".asdf", "installs/python/{}*"),
        (data / "mise", "installs/python/{}*"),
        (data / "uv", "python/cpython-{}*"),
    ):
        yield from sorted(folder.glob(f"{pattern.format(version)}/bin/{name}"))
