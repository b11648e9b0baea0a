# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Generate the addons' README.rst and index.html from their fragments."""

from __future__ import annotations

import python_env
import readme
from addons import find_addons
from errors import ExitCode


def main() -> int:
    """Write what is not up to date."""
    readme.write(python_env.ensure_linters(), find_addons())
    return ExitCode.OK
