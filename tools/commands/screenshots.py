# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Take the pictures of the documentation from a running server.

On a new database with demo data, with the Chromium of the machine. What is shown and
under which name stands in ``tools/in_venv/take_screenshots.py``. Pictures of small
screens and of pages in the dark, which no document shows, go to ``.odoo/screenshots``:
look at them when a screen has changed.
"""

from __future__ import annotations

import os
import shutil
import socket

import console
import database
import layout
import locks
import postgres
import process
import python_env
from addons import MAIN_ADDON
from commands import run
from environment import ready
from errors import ExitCode, ToolError, Unavailable

MODULES = (MAIN_ADDON, "my_demo_api")
TIME_LIMIT = 5 * 60  # seconds for all pictures

_SCRIPT = layout.ROOT / "tools" / "in_venv" / "take_screenshots.py"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Take all pictures anew.

    :raises errors.ToolError: if one can't be taken
    """
    chromium = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if chromium is None:
        raise Unavailable(
            "There is no Chromium", "install it (`apt install chromium` on Debian)"
        )
    layout.make_state()
    with locks.held(layout.LOCKS / "set-up", "another command's set-up here"):
        python = python_env.ensure_environment(
            layout.STATE / "venv-screenshots",
            [layout.REQUIREMENTS / "screenshots.txt"],
        )
    name = f"{postgres.get_database_name(os.environ)}_screenshots"
    with ready() as environment:
        database.create(environment, name, MODULES, demo=True)
        with socket.create_server((run.HOST, 0)) as probe:
            port = probe.getsockname()[1]
        with (layout.LOGS / "screenshots.log").open("wb") as log:
            command = environment.get_odoo_command(
                *("--database", name, "--http-port", str(port)),
                *("--max-cron-threads", "0"),
            )
            with process.started(
                command, env=environment.variables, cwd=environment.cwd, output=log
            ) as odoo:
                run.wait_until_it_answers(odoo, port)
                console.line("==> taking pictures")
                with process.started(
                    [python, _SCRIPT, chromium, f"http://{run.HOST}:{port}", name],
                    cwd=layout.ROOT,
                ) as browser:
                    code = process.wait(browser, TIME_LIMIT)
    if code is None:
        raise ToolError(f"Not all pictures were taken after {TIME_LIMIT} seconds.")
    if code:
        raise ToolError("A picture could not be taken; the reason stands above.")
    return ExitCode.OK
