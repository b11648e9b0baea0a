# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What all parts of the command need: a database, its endpoints, errors in words."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.modules.registry import Registry

from ..app.docs_pages import locate_document
from ..exceptions import CommandError
from ..root_paths import clean_root_path

if TYPE_CHECKING:
    from odoo.models import BaseModel

__all__ = [
    "CommandError",
    "check_live",
    "describe_endpoints",
    "find_endpoint",
    "get_document",
    "open_env",
]


@contextmanager
def open_env(dbname: str) -> Iterator[Environment]:
    """Provide an environment with all rights; nothing that it does is kept.

    :raises CommandError: no such database, or it has no APIs
    """
    threading.current_thread().dbname = dbname  # for the log
    try:
        registry = Registry(dbname)
    except psycopg2.Error as err:
        reason = str(err).strip().rpartition("FATAL: ")[2].strip()
        raise CommandError(f"can't open the database {dbname}: {reason}") from err
    if "fastapi.endpoint" not in registry:
        raise CommandError(
            f"the addon fastapi is not installed in the database {dbname}"
        )
    cr = registry.cursor()
    try:
        yield Environment(cr, SUPERUSER_ID, {})
    finally:
        cr.close()


def find_endpoint(env: Environment, root_path: str) -> BaseModel:
    """Return the active endpoint at a root path.

    :raises CommandError: there is no endpoint, or its app is broken
    """
    root_path = clean_root_path(root_path)
    endpoint = env["fastapi.endpoint"].search([("root_path", "=", root_path)], limit=1)
    if not endpoint:
        raise CommandError(f"no endpoint at {root_path}; {describe_endpoints(env)}")
    check_live(endpoint)
    return endpoint


def check_live(endpoint: BaseModel) -> None:
    """Check that the app of an active endpoint can be built.

    :raises CommandError: it can't
    """
    if endpoint.build_error:
        raise CommandError(
            f"the app at {endpoint.root_path} is broken: {endpoint.build_error}"
        )


def describe_endpoints(env: Environment) -> str:
    """Return which endpoints the database has, for a message."""
    paths = env["fastapi.endpoint"].search([]).mapped("root_path")
    if not paths:
        return f"the database {env.cr.dbname} has no endpoints"
    return f"there are {', '.join(sorted(paths))}"


def get_document(endpoint: BaseModel) -> dict[str, Any]:
    """Return the OpenAPI document of an endpoint, as clients get it.

    :raises CommandError: a type of the app has no JSON schema
    """
    root_path = endpoint.root_path
    try:
        with endpoint._app_context():
            document = endpoint._get_built_app().openapi()
    except Exception as err:
        raise CommandError(
            f"the app at {root_path} has no OpenAPI document: "
            f"{type(err).__name__}: {err}"
        ) from err
    document = copy.deepcopy(document)
    document["servers"] = document.get("servers") or [{"url": root_path}]
    locate_document(document, root_path, endpoint.base_url)
    return document
