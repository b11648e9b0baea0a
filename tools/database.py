# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Databases: one to be served, kept and upgraded; one for the tests, always new."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import console
import layout
import process
import stamps
from addons import find_addons
from environment import Environment
from errors import ToolError, Unavailable

MIN_POSTGRES = 13  # odoo/release.py: MIN_PG_VERSION
_HELPER = Path(__file__).parent / "in_venv" / "database.py"
_SERVER_WAYS = (
    "correct the PG* variables (PGHOST, PGPORT, PGUSER, PGPASSWORD), or unset them for "
    "an embedded server"
)


def create(
    environment: Environment, name: str, modules: Sequence[str], *, demo: bool = False
) -> None:
    """Create a database, in place of one that is there.

    :param modules: the modules to install
    :param demo: with their demo data
    """
    state = _get_state(environment, name)
    _check_may_create(state)
    _drop(environment, name)
    with console.step(f"creating the database {name} with {', '.join(modules)}"):
        options = ["--with-demo"] if demo else []
        _call_odoo(environment, name, "--init", ",".join(modules), *options)
    _check_installed(environment, name, modules)


def bring_up_to_date(
    environment: Environment, name: str, modules: Sequence[str]
) -> None:
    """Create a database with demo data, or install and upgrade what is due.

    :param modules: the modules to have installed
    """
    unfinished = layout.STAMPS / f"database-{name}.unfinished"
    taken_over = layout.STAMPS / f"database-{name}.json"
    state = _get_state(environment, name)
    if unfinished.exists():
        _drop(environment, name)
        state |= {"exists": False, "modules": {}}
    digests = {addon.name: addon.get_digest() for addon in find_addons()}
    installed = [
        name for name, module in state["modules"].items() if module == "installed"
    ]
    new = [module for module in modules if module not in installed]
    known = json.loads(stamps.read(taken_over) or "{}")
    changed = [
        module
        for module, digest in digests.items()
        if module in installed and known.get(module) != digest
    ]
    if not state["exists"]:
        _check_may_create(state)
        stamps.write(unfinished, "")
        with console.step(f"creating the database {name} with {', '.join(new)}"):
            _call_odoo(environment, name, "--init", ",".join(new), "--with-demo")
        _check_installed(environment, name, modules)
        unfinished.unlink()
    elif new or changed:
        with console.step(f"installing or upgrading {', '.join(new + changed)}"):
            options = ["--init", ",".join(new)] if new else []
            options += ["--update", ",".join(changed)] if changed else []
            _call_odoo(environment, name, *options)
        _check_installed(environment, name, modules)
    stamps.write(taken_over, json.dumps(digests))


def _call_odoo(environment: Environment, name: str, *options: str) -> None:
    process.run_step(
        environment.get_odoo_command(
            *("--database", name, "--stop-after-init", "--no-http"),
            *("--max-cron-threads", "0"),
            *options,
        ),
        f"database-{name}",
        env=environment.variables,
        cwd=environment.cwd,
    )


def _check_installed(
    environment: Environment, name: str, modules: Sequence[str]
) -> None:
    found = _get_state(environment, name)["modules"]
    missing = [module for module in modules if found.get(module) != "installed"]
    if missing:
        raise ToolError(
            f"Odoo has not installed {', '.join(missing)}; the reason is in "
            f"{layout.LOGS}/database-{name}.log."
        )


def _check_may_create(state: dict[str, Any]) -> None:
    if not state["can_create"]:
        raise Unavailable(
            f"PostgreSQL's role {state['user']} may not create databases",
            f"`ALTER ROLE {state['user']} CREATEDB` as an administrator, name another "
            "role in PGUSER, or unset the PG* variables for an embedded server",
        )


def _get_state(environment: Environment, name: str) -> dict[str, Any]:
    state = _ask(environment, "state", name)
    if state["version"] < MIN_POSTGRES:
        raise Unavailable(
            f"PostgreSQL {state['version']} is too old for Odoo 19, which needs "
            f"{MIN_POSTGRES} or later",
            _SERVER_WAYS,
        )
    if state["user"] == "postgres":
        raise Unavailable(
            "Odoo refuses to work as PostgreSQL's user postgres",
            "name another role in PGUSER (`createuser --createdb odoo` makes one)",
        )
    return state


def _drop(environment: Environment, name: str) -> None:
    _ask(environment, "drop", name)
    shutil.rmtree(layout.DATA / "filestore" / name, ignore_errors=True)


def _ask(environment: Environment, action: str, name: str) -> dict[str, Any]:
    answer = process.capture(
        [environment.python, _HELPER, action, name],
        env=environment.variables,
        cwd=environment.cwd,
    )
    if answer.returncode:
        raise ToolError(f"{answer.stderr}\nPostgreSQL could not be asked.")
    result: dict[str, Any] = json.loads(answer.stdout)
    if "error" in result:
        raise Unavailable(f"PostgreSQL refuses ({result['error']})", _SERVER_WAYS)
    return result
