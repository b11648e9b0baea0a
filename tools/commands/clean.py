# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Remove what was made for this checkout; with --cache, what was downloaded too."""

from __future__ import annotations

import shutil

import console
import embedded_postgres
import layout
import locks
from errors import ExitCode, Unavailable


def main(*, cache: bool = False) -> int:
    """Stop the embedded server if it was left running, and remove ``.odoo/``.

    :param cache: also remove the user's cache, which all checkouts share
    """
    if layout.STATE.is_dir():
        in_use = locks.FileLock(layout.IN_USE)
        if not in_use.acquire(wait=False):
            raise Unavailable(
                "`make run` or `make test` is at work in this checkout",
                "stop it (Ctrl-C) before `make clean`",
            )
        with locks.held(layout.LOCKS / "set-up", "another command's set-up here"):
            embedded_postgres.stop()
            shutil.rmtree(layout.STATE)
        in_use.release()
        console.line(f"removed {layout.STATE}")
    if cache and layout.get_cache().is_dir():
        shutil.rmtree(layout.get_cache())
        console.line(f"removed {layout.get_cache()}")
    return ExitCode.OK
