# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Databases: one to be served, kept and upgraded; one for the tests, made for each run.

The tests' one is a copy of a template, which no test has touched. Two templates are
kept: one with the addons of Odoo that ours need, made of it one with ours. What a
database was made of is the comment on it in PostgreSQL.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

import console
import layout
import process
from addons import find_addons, get_dependencies, get_tested_together
from console import ToolError
from environment import Odoo


def get_name(purpose: str = "") -> str:
    """Return the name of the database to serve, or of another one derived from it."""
    return (os.environ.get("PGDATABASE") or "fastapi") + purpose


def create(odoo: Odoo, name: str, init: Sequence[str], *options: str) -> None:
    """Create a database with some modules, in place of one that is there."""
    _drop(name)
    _call_odoo(odoo, name, init, *options)


def install(odoo: Odoo, name: str, modules: Sequence[str]) -> None:
    """Install modules in a database, unless they are."""
    if missing := set(modules) - _get_installed(name):
        _call_odoo(odoo, name, sorted(missing))


def create_for_tests(odoo: Odoo, name: str, *, new: bool = False) -> None:
    """Create a database for the tests, if need be or told so from new templates.

    :param new: for all tests: with the scripts and styles of pages
    """
    with_assets = new
    addons = get_tested_together()
    base, template = f"{name}_base", f"{name}_template"
    needed = get_dependencies(addons)
    # A server may be shared with other checkouts.
    made_of = {"checkout": str(layout.STATE), "odoo": odoo.get_digest(), "of": needed}
    if new := new or not _is_kept(base, made_of):
        create(odoo, base, needed)
        _comment(base, made_of)
    digests = {addon.name: addon.get_digest() for addon in addons}
    made_of = {**made_of, **digests, "packages": _get_packages(odoo)}
    if new := new or not _is_kept(template, made_of):
        copy(base, template)
        _call_odoo(odoo, template, [addon.name for addon in addons])
        if with_assets:
            _build_assets(odoo, template)
        _comment(template, made_of)
    state = "which is new" if new else "reused: nothing has changed"
    with console.step(f"copying the database {template}, {state}"):
        copy(template, name)


def bring_up_to_date(odoo: Odoo, name: str, modules: Sequence[str]) -> None:
    """Create a database with demo data, or install and upgrade what is due."""
    unfinished = layout.DATA / f"{name}.unfinished"
    if unfinished.exists():
        _drop(name)
    addons = find_addons(odoo.own_addons)
    digests = {addon.name: addon.get_digest(full=False) for addon in addons}
    if not ask("SELECT 1 FROM pg_database WHERE datname = %s", name):
        unfinished.touch()
        _call_odoo(odoo, name, modules, "--with-demo")
        unfinished.unlink()
    else:
        known, installed = _get_comment(name), _get_installed(name)
        changed = {module for module in digests if known.get(module) != digests[module]}
        init = [module for module in modules if module not in installed]
        if update := ",".join(sorted(changed & installed)):
            _call_odoo(odoo, name, init, "--update", update)
        elif init:
            _call_odoo(odoo, name, init)
    _comment(name, digests)


def get_endpoints(name: str) -> list[tuple[Any, ...]]:
    """Return name and root path of each endpoint, and whether it has documentation."""
    query = "SELECT name, root_path, docs_access <> 'off' FROM fastapi_endpoint"
    return ask(f"{query} WHERE active ORDER BY root_path", database=name)


def _call_odoo(odoo: Odoo, name: str, init: Sequence[str], *options: str) -> None:
    options += ("--database", name, "--stop-after-init", "--no-http")
    options += ("--max-cron-threads", "0", *(["--init", ",".join(init)] * bool(init)))
    what = ", ".join(init) or options[1]
    log = f"database-{name}"
    with console.step(f"installing or upgrading {what} in the database {name}"):
        process.run_step(odoo.get_command(*options), log, cwd=layout.DATA)
    if missing := set(init) - _get_installed(name):
        names = ", ".join(sorted(missing))
        unknown = missing - {addon.name for addon in find_addons(odoo.own_addons)}
        hint = (
            "To serve addons of another folder, name that: "
            f"make run MODULES={','.join(sorted(unknown))} ADDONS_PATH=/path/to/folder"
        )
        raise ToolError(
            f"Odoo didn't install {names}; see {layout.LOGS}/{log}.log."
            + f" {hint}" * bool(unknown)
        )


def _build_assets(odoo: Odoo, name: str) -> None:
    command = odoo.get_command("shell", "--database", name, "--no-http")
    with (
        console.step(f"building scripts and styles in the database {name}"),
        (layout.TOOLS / "build_assets.py").open("rb") as script,
    ):
        process.run_step(command, f"assets-{name}", cwd=layout.DATA, stdin=script)


def _get_packages(odoo: Odoo) -> str:
    command = (layout.UV, "pip", "freeze", "--quiet", f"--python={odoo.python}")
    return subprocess.check_output(command, text=True)


def _get_installed(name: str) -> set[str]:
    if ask("SELECT to_regclass('ir_module_module')", database=name) == [(None,)]:
        return set()
    query = "SELECT name FROM ir_module_module WHERE state = 'installed'"
    return {module for (module,) in ask(query, database=name)}


def _is_kept(name: str, made_of: Mapping[str, Any]) -> bool:
    return _get_comment(name) == made_of and _get_file_store(name).is_dir()


def _get_comment(name: str) -> dict[str, Any]:
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
    try:
        return json.loads(ask(f"{query} WHERE datname = %s", name)[0][0])
    except (IndexError, TypeError, ValueError):  # not there, or not by this program
        return {}


def _comment(name: str, made_of: Mapping[str, Any]) -> None:
    ask("COMMENT ON DATABASE {} IS %s", json.dumps(made_of), names=[name])


def _drop(name: str) -> None:
    ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", names=[name])
    shutil.rmtree(_get_file_store(name), ignore_errors=True)


def copy(source: str, name: str) -> None:
    """Copy a database and its files, in place of one that is there."""
    _drop(name)
    ask("CREATE DATABASE {} TEMPLATE {}", names=[name, source])
    shutil.copytree(_get_file_store(source), _get_file_store(name))


def _get_file_store(name: str) -> Path:
    return layout.DATA / "filestore" / name


def ask(
    query: str, *values: str, names: Sequence[str] = (), database: str = "postgres"
) -> list[tuple[Any, ...]]:
    """Return the rows of a query.

    :param names: identifiers for each ``{}`` in it
    """
    composed = sql.SQL(query).format(*map(sql.Identifier, names))
    try:
        with closing(psycopg2.connect(dbname=database)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(composed, values)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise ToolError(
            f"PostgreSQL refuses ({' '.join(str(error).split())}): correct the PG* "
            "variables, or unset them for an embedded server."
        ) from error
