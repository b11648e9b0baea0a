# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The code in documents: files to write and commands to run.

A code block starts with the name of its file; further names start further files. The
parts of a file in several blocks are concatenated; the names of all but the first are
followed by "continued". A console block has commands after
``$``, each followed by its output.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Code blocks of Markdown and reStructuredText: language and text.
BLOCKS = {
    ".md": re.compile(r"^```([\w-]+)\n(.*?)^```$", re.M | re.S),
    ".rst": re.compile(r"^\.\. code-block:: ([\w-]+)\n\n((?:(?: {4}.*)?\n)+)", re.M),
}
#: A line that names the file of the following lines.
FILE = re.compile(r"(?:#|<!--) (\w+/[\w/]+\.(?:html|py|xml))(, continued)?(?: -->)?")


@dataclass
class Block:
    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}, line {self.line}"


def read_blocks(document: Path) -> list[Block]:
    """Return the code blocks of a document in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(
            document.name,
            text.count("\n", 0, match.start()) + 1,
            match[1],
            textwrap.dedent(match[2]).rstrip() + "\n",
        )
        for match in BLOCKS[document.suffix].finditer(text)
    ]


def read_files(block: Block) -> dict[str, str]:
    """Return the text for each file of a code block.

    :raises ValueError: the block does not start with the name of a file
    """
    files: dict[str, str] = {}
    path = ""
    for line in block.text.splitlines(keepends=True):
        match = FILE.fullmatch(line.strip())
        if match:
            path = match[1]
            files.setdefault(path, "")
        elif not path:
            raise ValueError(f"{block} does not say which file it is for.")
        else:
            files[path] += line
    return files


def read_commands(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with its output."""
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\\n")) + 1
        yield "".join(lines[:end]), "".join(lines[end:])


def find_complaints(log: str) -> list[str]:
    """Return the warnings and errors about addons in a log of Odoo."""
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line)
        # PostgreSQL extensions and warnings of libraries
        and not re.search(r"pg_trgm|unaccent| py\.warnings: ", line)
    ]
