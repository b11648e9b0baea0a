# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A separate PostgreSQL server, which a test can stop while Odoo uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from .servers import connect

TIMEOUT = 60  # seconds for PostgreSQL to start or to stop


class OwnPostgres:
    """A PostgreSQL server with the programs of the tests' server, on a socket only.

    :param dbname: database of the tests' server to copy
    :raises LookupError: the tests' server or its programs can't be used
    """

    def __init__(self, dbname: str) -> None:
        self.dbname = dbname
        self._programs, self._account, self.role = _find_programs(dbname)
        self._folder = Path(
            tempfile.mkdtemp(prefix="pg-")
        )  # the path of a socket must be short
        if self._account:
            os.chown(self._folder, self._account["user"], self._account["group"])
        #: Environment variables that lead clients to it.
        self.variables = {
            "PGHOST": str(self._folder),
            "PGPORT": "5432",
            "PGUSER": self.role,
        }
        try:
            self._create()
            self._copy()
        except BaseException:
            self.stop()
            raise

    def _create(self) -> None:
        data = self._folder / "data"
        self._run(
            *("initdb", "-D", data, "-U", self.role, "--auth=trust"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
        )
        with (data / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self._folder}'\n"
                "port = 5432\n"
            )
        self._control("start")

    def _copy(self) -> None:
        dump = self._folder / "dump"
        variables = {name: os.environ[name] for name in os.environ if name[:2] == "PG"}
        self._run("pg_dump", "-Fc", "-Z0", "-f", dump, self.dbname, variables=variables)
        self._run("createdb", "-T", "template0", self.dbname)
        self._run("pg_restore", "--no-owner", "-d", self.dbname, dump)
        dump.unlink()

    def _control(self, action: str, *options: str) -> None:
        self._run(
            *("pg_ctl", action, "-w", "-t", str(TIMEOUT)),
            *("-D", self._folder / "data", *options),
            *(("-l", self._folder / "log") if action != "stop" else ()),
        )

    def _run(
        self,
        program: str,
        *arguments: str | Path,
        variables: dict[str, str] | None = None,
    ) -> None:
        # output to a file: the server would keep a pipe open
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(
                [str(self._programs / program), *map(str, arguments)],
                env={**os.environ, **(variables or self.variables)},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                check=False,
                **self._account,
            )
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed:\n{output.read()}")

    def connect(self) -> Any:
        """Return a connection of psycopg2 that commits each statement."""
        connection = psycopg2.connect(
            host=str(self._folder), port=5432, user=self.role, dbname=self.dbname
        )
        connection.autocommit = True
        return connection

    def restart(self, mode: str) -> None:
        """Stop and start again.

        :param mode: ``fast`` closes all connections, ``immediate`` crashes
        """
        self._control("restart", "-m", mode)

    def halt(self, mode: str) -> None:
        """Stop until :meth:`start`.

        :param mode: as for :meth:`restart`
        """
        self._control("stop", "-m", mode)

    def start(self) -> None:
        self._control("start")

    def stop(self) -> None:
        """Stop the server and remove its data; safe to repeat."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self._control("stop", "-m", "immediate")
        shutil.rmtree(self._folder, ignore_errors=True)


def _find_programs(dbname: str) -> tuple[Path, dict[str, Any], str]:
    """Return the folder of PostgreSQL's programs and how to run them.

    :return: the folder, arguments of ``subprocess.run``, role of the tests
    """
    connection = connect(dbname)
    try:
        with connection.cursor() as cr:
            cr.execute("SELECT pg_backend_pid(), current_user")
            pid, role = cr.fetchone()
        try:
            process = psutil.Process(pid)
            programs = Path(process.exe()).parent
            account = process.uids().real, process.gids().real
        except psutil.Error as err:
            raise LookupError(
                f"PostgreSQL's process can't be inspected: {err}"
            ) from err
    finally:
        connection.close()
    needed = ("initdb", "pg_ctl", "createdb", "pg_dump", "pg_restore")
    missing = [name for name in needed if not (programs / name).is_file()]
    if missing:
        raise LookupError(f"PostgreSQL's programs are not in {programs}: {missing}")
    if account[0] == os.geteuid():
        return programs, {}, role
    if os.geteuid():
        raise LookupError("PostgreSQL runs as another system user.")
    return programs, dict(user=account[0], group=account[1], extra_groups=()), role
