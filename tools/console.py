# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the user sees while a command works, and the tables at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def line(text: str) -> None:
    """Write one line of progress, at once."""
    print(text, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step and say how long it took once it has worked."""
    line(f"==> {text}")
    start = time.monotonic()
    yield
    line(f"    done in {time.monotonic() - start:.0f} s")


def render_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> str:
    """Return a table in Markdown whose columns line up.

    :param right: numbers of the columns that are aligned to the right
    """
    lines = [[cell.replace("|", r"\|") for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * (x - 1) + ":-"[n not in right] for n, x in enumerate(widths)]
    lines.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(widths[n]) if n in right else cell.ljust(widths[n])
            for n, cell in enumerate(row)
        )
        + " |"
        for row in lines
    )
