# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Serve Odoo with the addon and its demo data; start again when code has changed.

``PORT`` is the port on 127.0.0.1, ``MODULES`` a comma-separated list of modules to
install besides. Arguments go to Odoo.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence

import console
import database
import postgres
import process
from addons import MAIN_ADDON, find_addons
from environment import Environment, ready
from errors import ExitCode, ToolError, Unavailable
from sources import Sources

HOST = "127.0.0.1"
DEFAULT_PORT = 8069
START_TIMEOUT = 120  # seconds until the first answer

#: Options of Odoo that have a variable here.
_VARIABLES = {
    **dict.fromkeys(("-p", "--http-port"), "PORT"),
    **dict.fromkeys(("-d", "--database"), "PGDATABASE"),
}


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until Ctrl-C.

    :param arguments: Odoo's
    :return: 0 after Ctrl-C, Odoo's exit code if it ends by itself
    """
    check_options(arguments)
    port = get_port(os.environ.get("PORT", ""))
    modules = [MAIN_ADDON, *get_modules(os.environ.get("MODULES", ""))]
    _check_free(port)
    name = postgres.get_database_name(os.environ)
    with ready() as environment:
        _check_known(modules, environment)
        database.bring_up_to_date(environment, name, modules)
        with process.foreground():
            try:
                return _serve(environment, name, modules, port, arguments)
            except KeyboardInterrupt:
                console.line("stopped")
                return ExitCode.OK


def check_options(arguments: Iterable[str]) -> None:
    """Refuse options of Odoo that a variable stands for.

    :raises Unavailable: if there is one
    """
    for argument in arguments:
        option = argument.partition("=")[0]
        if option in _VARIABLES:
            variable = _VARIABLES[option]
            raise Unavailable(
                f"{option} is no option here",
                f"`make run {variable}=…` says the same to all that has to know it",
            )


def get_port(text: str) -> int:
    """Return the port from the variable's text.

    :raises Unavailable: if it isn't a port's number
    """
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Unavailable(f"PORT={text} is no port", "give a number from 1 to 65535")
    return int(text)


def get_modules(text: str) -> list[str]:
    """Return the modules' names from the variable's text."""
    return text.replace(",", " ").split()


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Unavailable(
                f"Port {port} can't be used ({(error.strerror or '').lower()})",
                "stop the program that listens there, or take another one with "
                f"`make run PORT={port + 100 if port < 65000 else DEFAULT_PORT}`",
            ) from error


def _check_known(modules: list[str], environment: Environment) -> None:
    own = [addon.name for addon in find_addons()]
    for module in modules:
        core = environment.odoo.core_addons / module / "__manifest__.py"
        if module not in own and not core.is_file():
            raise Unavailable(
                f"There is no module {module}",
                f"the addons of this repository are {', '.join(own)}; Odoo's own are "
                f"in {environment.odoo.core_addons}",
            )


def _serve(
    environment: Environment,
    name: str,
    modules: Sequence[str],
    port: int,
    arguments: Sequence[str],
) -> int:
    command = environment.get_odoo_command(
        *("--database", name, "--http-port", str(port), *arguments)
    )
    sources = Sources(find_addons())
    console.line("==> starting Odoo")
    reloads = False
    while True:
        try:
            if reloads:
                database.bring_up_to_date(environment, name, modules)
            with process.started(
                command, env=environment.variables, cwd=environment.cwd
            ) as odoo:
                wait_until_it_answers(odoo, port)
                if reloads:
                    seconds = time.monotonic() - sources.changed_at
                    console.line(f"==> reloaded in {seconds:.1f} s")
                else:
                    _say_what_to_open(port, database.get_endpoints(environment, name))
                if not sources.wait_for_change(odoo):
                    return odoo.returncode
        except ToolError as error:
            if not reloads:
                raise
            console.error(f"{error}\nOdoo starts again after the next change.")
            sources.wait_for_change()
        reloads = True


def wait_until_it_answers(odoo: subprocess.Popen[bytes], port: int) -> None:
    """Wait for the first answer of a server that has been started.

    :raises errors.ToolError: if there is none
    """
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(port):
        if process.wait(odoo, 0.2) is not None:
            raise ToolError(
                f"Odoo ended while it started (exit code {odoo.returncode}); the "
                "reason stands in its log."
            )
        if time.monotonic() > deadline:
            raise ToolError(f"Odoo has not answered for {START_TIMEOUT} seconds.")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/web/health", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        # It listens, and can't load the database.
        raise ToolError(
            f"Odoo answers with {error.code}; the reason stands in its log."
        ) from error
    except OSError:
        return False


def _say_what_to_open(port: int, endpoints: Iterable[tuple[str, str, bool]]) -> None:
    address = f"http://{HOST}:{port}"
    found = {"/web": "Odoo (login admin, password admin)"}
    for name, root_path, has_docs in endpoints:
        found[root_path] = name
        if has_docs:
            found[f"{root_path}/docs"] = "its documentation"
    width = max(map(len, found))
    lines = [f"  {address}{path:<{width}}  {what}" for path, what in found.items()]
    console.line("\n".join(["", *lines, "", "  Ctrl-C stops everything.", ""]))
