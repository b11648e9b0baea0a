# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A server of Odoo that starts again when its sources have changed.

Odoo's own ``--dev=reload`` would watch its 600 addons and all of ``.odoo/``, and know
nothing of upgrades.
"""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from compileall import compile_file
from contextlib import suppress
from pathlib import Path

import watchfiles

import console
import database
import layout
import process
from addons import Addon, find_addons
from console import ToolError
from environment import Odoo

HOST = "127.0.0.1"
START_TIMEOUT = 120  # seconds until the first answer
LOOK = 100  # milliseconds without a change after which the changes are taken


def find_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return probe.getsockname()[1]


def serve(
    odoo: Odoo, name: str, modules: Sequence[str], port: int, arguments: Sequence[str]
) -> int:
    """Serve a database until Odoo ends by itself; return its exit code.

    :raises ToolError: if it doesn't start the first time
    """
    options = (*arguments, "--database", name, "--http-port", str(port))
    changes = watch(find_addons(odoo.own_addons))
    next(changes)
    console.line("==> starting Odoo")
    changed_at = 0.0
    while True:
        try:
            if changed_at:
                database.bring_up_to_date(odoo, name, modules)
            command = odoo.get_command(*options)
            with process.started(command, cwd=layout.DATA) as server:
                wait_until_it_answers(server, port)
                if changed_at:
                    seconds = time.monotonic() - changed_at
                    console.line(f"==> reloaded in {seconds:.1f} s")
                else:
                    _say_what_to_open(port, database.get_endpoints(name))
                while not (changed := next(changes)):
                    if server.poll() is not None:
                        return server.returncode
                changed_at = time.monotonic()
        except ToolError as error:
            if not changed_at:
                raise
            console.line(f"{error}\nOdoo starts again after the next change.")
            changed = next(filter(None, changes))
            changed_at = time.monotonic()
        console.line(f"==> changed: {', '.join(sorted(path.name for path in changed))}")


def watch(addons: Sequence[Addon]) -> Iterator[set[Path]]:
    """Yield the sources that have changed, and nothing each half second.

    Files whose syntax is wrong are named, and waited for.
    """

    def is_source(_change: watchfiles.Change, name: str) -> bool:
        return any(addon.is_source(Path(name)) for addon in addons)

    changed: set[Path] = set()
    for found in watchfiles.watch(
        *(addon.path for addon in addons),
        watch_filter=is_source,
        step=LOOK,
        rust_timeout=500,
        yield_on_timeout=True,
    ):
        changed |= {Path(name) for _change, name in found}
        # prints the syntax errors
        if found and all([compile_file(path, force=True, quiet=1) for path in changed]):
            yield changed
            changed = set()
        else:
            yield set()


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the first answer of a server that has been started.

    :raises ToolError: if there is none
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/web/health", timeout=10):
                return
        except urllib.error.HTTPError as error:  # it can't load the database
            raise ToolError(f"Odoo answers with {error.code}: see its log.") from error
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
    raise ToolError(f"Odoo doesn't start (exit code {server.poll()}): see its log.")


def _say_what_to_open(port: int, endpoints: Iterable[tuple[str, str, bool]]) -> None:
    found = {"/web": "Odoo (login admin, password admin)"}
    for name, root_path, has_docs in endpoints:
        found[root_path] = name
        if has_docs:
            found[f"{root_path}/docs"] = "its documentation"
    width = max(map(len, found))
    lines = [f"  http://{HOST}:{port}{path:<{width}}  {found[path]}" for path in found]
    console.line("\n".join(["", *lines, "", "  Ctrl-C stops everything.", ""]))
