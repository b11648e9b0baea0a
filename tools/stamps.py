# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a set-up that broke off is resumed, and a changed one made anew.

A step writes a stamp of what it was made from after its last action. A stamp that is
missing or differs means: do it again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def get_digest(parts: Iterable[str | Path]) -> str:
    """Return a short hash of texts and of the contents of files, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def write(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(path)


def read(path: Path) -> str:
    """Return a stamp's text, empty if there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
