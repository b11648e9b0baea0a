# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is generated from the fragments of addons' READMEs, and whether it is there.

How it is generated stands in ``in_venv/generate_readme.py``, which needs pandoc.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import layout
import stamps
from addons import Addon

_GENERATE = layout.ROOT / "tools" / "in_venv" / "generate_readme.py"


def write(python: Path, found: list[Addon]) -> None:
    """Write what the addons' fragments make.

    :param python: Python of the linters
    """
    for path, text in _generate(python, found).items():
        if stamps.read(path) != text:
            stamps.write(path, text)


def find_errors(python: Path, found: list[Addon]) -> Iterator[str]:
    """Yield a sentence for each file that is not what the fragments make."""
    for path, text in _generate(python, found).items():
        if stamps.read(path) != text:
            place = path.relative_to(layout.ROOT)
            yield f"{place} differs from its fragments: `make readme` writes it"


def _generate(python: Path, found: list[Addon]) -> dict[Path, str]:
    names = [
        str(addon.path.relative_to(layout.ROOT))
        for addon in found
        if (addon.path / "readme").is_dir()
    ]
    output = subprocess.check_output(
        [python, _GENERATE, layout.ROOT, *names], cwd=layout.STATE
    )
    return {layout.ROOT / path: text for path, text in json.loads(output).items()}
