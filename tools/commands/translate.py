# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Export the terms of the addons that are translated, into ``i18n/NAME.pot``.

Translations, ``i18n/*.po``, get the new terms, to be translated, and lose what is no
term any more. An addon is translated if it has a folder ``i18n``.
"""

from __future__ import annotations

import os

import console
import database
import layout
import postgres
import process
from addons import find_addons
from environment import ready
from errors import ExitCode

_MERGE = layout.ROOT / "tools" / "in_venv" / "merge_translations.py"


def main() -> int:
    """Write the templates, and bring the translations in line."""
    addons = [addon for addon in find_addons() if (addon.path / "i18n").is_dir()]
    names = [addon.name for addon in addons]
    name = f"{postgres.get_database_name(os.environ)}_translate"
    with ready() as environment:
        database.create(environment, name, names)
        with console.step(f"exporting the terms of {', '.join(names)}"):
            python, program = environment.get_odoo_command()[:2]
            process.run_step(
                [
                    *(python, program, "i18n", "export"),
                    *("--config", layout.CONFIG, "--database", name, *names),
                ],
                "translate",
                env=environment.variables,
                cwd=environment.cwd,
            )
            process.run_step(
                [python, _MERGE, *(addon.path / "i18n" for addon in addons)],
                "translate",
                cwd=environment.cwd,
                append=True,
            )
    return ExitCode.OK
