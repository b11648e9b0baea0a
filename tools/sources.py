# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a running server has taken over, and whether it has changed since.

Odoo's own ``--dev=reload`` would watch its 600 addons and all of ``.odoo/``, and know
nothing of upgrades.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import console
from addons import Addon

LOOK = 0.2  # seconds between two looks at the files


class Sources:
    """Code and data of some addons.

    :param addons: the addons
    """

    def __init__(self, addons: Sequence[Addon]) -> None:
        self._addons = addons
        self._seen = self._look()
        self.changed_at = 0.0  # on the monotonic clock

    def wait_for_change(
        self, process: subprocess.Popen[bytes] | None = None
    ) -> set[Path]:
        """Wait until files have changed that can be loaded.

        :param process: stop waiting when it ends
        :return: the files that were added, changed or removed; none if it has ended
        """
        changed: set[Path] = set()
        settled = True
        while process is None or process.poll() is None:
            time.sleep(LOOK)
            if found := self._get_changed():
                # Several may be saved together: they are taken when none follows.
                changed |= found
                if settled:
                    self.changed_at = time.monotonic()
                settled = False
            elif not settled:
                settled = True
                errors = get_errors(changed)
                if not errors:
                    names = ", ".join(sorted(path.name for path in changed))
                    console.line(f"==> changed: {names}")
                    return changed
                console.error("\n".join(errors))
        return set()

    def _get_changed(self) -> set[Path]:
        before, self._seen = self._seen, self._look()
        return {path for path, _time in before.items() ^ self._seen.items()}

    def _look(self) -> dict[Path, int]:
        seen = {}
        for addon in self._addons:
            for path in addon.find_sources():
                # An editor may replace a file at any moment.
                with suppress(FileNotFoundError):
                    seen[path] = path.stat().st_mtime_ns
        return seen


def get_errors(paths: Iterable[Path]) -> list[str]:
    """Return a line for each Python file whose syntax is wrong."""
    errors = []
    for path in sorted(paths):
        if path.suffix != ".py" or not path.exists():
            continue
        try:
            compile(path.read_bytes(), path, "exec", dont_inherit=True)
        except SyntaxError as error:
            errors.append(f"{path}:{error.lineno}: {error.msg}")
    return errors
