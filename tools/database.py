# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Databases: one to be served, kept and upgraded; one for the tests, made for each run.

The tests' one is a copy of a template, which no test has touched. Two templates are
kept: one with the addons of Odoo that ours need, made of it one with ours. What each
was made of is the comment on it in PostgreSQL; if that has changed, it is made again.
"""

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
from addons import find_addons, get_dependencies, get_tested_together
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
    _check_may_create(_get_state(environment, name))
    _drop(environment, name)
    _install(environment, name, modules, *(["--with-demo"] if demo else []))


def create_for_tests(environment: Environment, name: str, *, new: bool = False) -> None:
    """Create a database with the addons that are tested together.

    :param new: make the templates again, whatever they were made of
    """
    addons = get_tested_together(find_addons())
    base, template = f"{name}_base", f"{name}_template"
    needed = get_dependencies(addons)
    # A server may be shared with other checkouts.
    odoo = [str(layout.STATE), environment.odoo.get_digest(), *needed]
    made_of = stamps.get_digest(odoo)
    if new or not _is_kept(environment, base, made_of):
        create(environment, base, needed)
        _ask(environment, "comment", base, made_of)
        new = True
    packages = layout.STAMPS / f"{environment.python.parents[1].name}.txt"
    ours = [part for addon in addons for part in (addon.name, addon.get_full_digest())]
    made_of = stamps.get_digest([made_of, stamps.read(packages), *ours])
    if new or not _is_kept(environment, template, made_of):
        _copy(environment, base, template)
        _install(environment, template, [addon.name for addon in addons])
        _ask(environment, "comment", template, made_of)
        new = True
    state = "which is new" if new else "reused: nothing has changed"
    with console.step(f"copying the database {template}, {state}"):
        _copy(environment, template, name)


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
        _install(environment, name, modules, "--with-demo")
        unfinished.unlink()
    elif new or changed:
        with console.step(f"installing or upgrading {', '.join(new + changed)}"):
            options = ["--init", ",".join(new)] if new else []
            options += ["--update", ",".join(changed)] if changed else []
            _call_odoo(environment, name, *options)
        _check_installed(environment, name, modules)
    stamps.write(taken_over, json.dumps(digests))


def get_endpoints(environment: Environment, name: str) -> list[tuple[str, str, bool]]:
    """Return name and root path of each endpoint, and whether it has documentation."""
    return [tuple(row) for row in _ask(environment, "endpoints", name)["endpoints"]]


def _install(
    environment: Environment, name: str, modules: Sequence[str], *options: str
) -> None:
    with console.step(f"installing {', '.join(modules)} in the database {name}"):
        _call_odoo(environment, name, "--init", ",".join(modules), *options)
    _check_installed(environment, name, modules)


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
    shutil.rmtree(_get_file_store(name), ignore_errors=True)


def _copy(environment: Environment, source: str, name: str) -> None:
    _drop(environment, name)
    _ask(environment, "copy", name, source)
    shutil.copytree(_get_file_store(source), _get_file_store(name))


def _is_kept(environment: Environment, name: str, made_of: str) -> bool:
    comment = _get_state(environment, name)["comment"]
    return comment == made_of and _get_file_store(name).is_dir()


def _get_file_store(name: str) -> Path:
    return layout.DATA / "filestore" / name


def _ask(environment: Environment, action: str, *arguments: str) -> dict[str, Any]:
    answer = process.capture(
        [environment.python, _HELPER, action, *arguments],
        env=environment.variables,
        cwd=environment.cwd,
    )
    if answer.returncode:
        raise ToolError(f"{answer.stderr}\nPostgreSQL could not be asked.")
    result: dict[str, Any] = json.loads(answer.stdout)
    if "error" in result:
        raise Unavailable(f"PostgreSQL refuses ({result['error']})", _SERVER_WAYS)
    return result
