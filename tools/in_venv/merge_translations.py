# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bring translations in line with the template beside them: folders as arguments.

Runs under the virtual environment's Python, which has polib as Odoo does.
"""

import sys
from pathlib import Path

import polib


def merge(folder: Path) -> None:
    template = polib.pofile(str(folder / f"{folder.parent.name}.pot"))
    # or each export would differ
    for name in ("POT-Creation-Date", "PO-Revision-Date"):
        template.metadata.pop(name, None)
    template.sort(key=lambda entry: entry.msgid)
    template.save()
    for path in folder.glob("*.po"):
        translation = polib.pofile(str(path))
        translation.merge(template)
        for entry in translation.obsolete_entries():
            translation.remove(entry)
        translation.sort(key=lambda entry: entry.msgid)
        translation.save()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        merge(Path(argument))
