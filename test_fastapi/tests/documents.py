# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The code in documents: files to write, and commands to run.

A block of code says at the beginning which file it belongs to, and may go on with
another one; what a file is given in several blocks is put together. A block of the
console has commands behind ``$``, each with what it prints.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: A block of Markdown, and one of reStructuredText: language and text.
BLOCKS = {
    ".md": re.compile(r"^```([\w-]+)\n(.*?)^```$", re.M | re.S),
    ".rst": re.compile(r"^\.\. code-block:: ([\w-]+)\n\n((?:(?: {4}.*)?\n)+)", re.M),
}
#: A line that names the file of those that follow.
FILE = re.compile(r"(?:#|<!--) (\w+/[\w/]+\.(?:py|xml))(?: -->)?")


@dataclass
class Block:
    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}, line {self.line}"


def read_blocks(document: Path) -> list[Block]:
    """Return the blocks of code of a document, in their order."""
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
    """Return the files that a block of code is for, with what it has for them.

    :raises ValueError: it does not begin with the name of a file
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
    """Yield the commands of a block of the console, with what they print."""
    for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\\n")) + 1
        yield "".join(lines[:end]), "".join(lines[end:])


def find_complaints(log: str) -> list[str]:
    """Return warnings and errors of a log of Odoo that are about its addons."""
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line)
        # extensions of PostgreSQL, and what libraries say to each other
        and not re.search(r"pg_trgm|unaccent| py\.warnings: ", line)
    ]
