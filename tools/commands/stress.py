# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Run the tests under load, with faults and hostile input, in full size.

They are the files ``test_stress_*.py``, which ``make test`` runs in a short form. Each
case leaves a row, and the rows are printed as one table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import console
import layout
from commands import test

#: Variable of the environment that tells the tests where the rows go.
REPORT = "FASTAPI_STRESS_REPORT"

_ROWS = layout.STATE / "stress.jsonl"


def main(arguments: Sequence[str] = ()) -> int:
    """Run the cases and print what was tried, and what was lost or leaked.

    :param arguments: pytest's
    :return: pytest's exit code
    """
    _ROWS.unlink(missing_ok=True)
    files = sorted(
        str(path.relative_to(layout.ROOT))
        for path in layout.ROOT.glob("*/tests/test_stress_*.py")
    )
    code = test.main([*files, *arguments], {REPORT: str(_ROWS)})
    if _ROWS.exists():
        rows = [json.loads(line) for line in _ROWS.read_text().splitlines()]
        console.line(get_table(rows))
    return code


def get_table(rows: Sequence[dict[str, str | int]]) -> str:
    """Return the results as a table in Markdown."""
    cells = [("case", "tried", "lost or leaked", "verdict")]
    cells += [
        (
            str(row["case"]),
            f"{row['tried']:,}",
            f"{row['failures']:,}",
            "failed" if row["failures"] else "held",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        f"| {case:<{widths[0]}} | {tried:>{widths[1]}} | {lost:>{widths[2]}} "
        f"| {verdict:<{widths[3]}} |"
        for case, tried, lost, verdict in cells
    ]
    rule = f"| {'-' * widths[0]} | {'-' * (widths[1] - 1)}: | {'-' * (widths[2] - 1)}: "
    lines.insert(1, f"{rule}| {'-' * widths[3]} |")
    return "\n".join(lines)
