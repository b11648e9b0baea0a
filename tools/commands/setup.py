# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Get Odoo and the Python packages, without starting anything."""

from __future__ import annotations

import console
import environment
import layout
from errors import ExitCode


def main() -> int:
    """Make what every other command needs."""
    odoo, python = environment.set_up()
    console.line(
        f"Ready. For an editor: Python is {python.relative_to(layout.ROOT)}, "
        f"Odoo's path is {odoo.base}."
    )
    return ExitCode.OK
