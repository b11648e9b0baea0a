# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Opens the database, and finds its endpoints and their OpenAPI documents."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry

from ..app.docs_pages import locate_document
from ..exceptions import CommandError
from ..root_paths import clean_root_path

if TYPE_CHECKING:
    from odoo.models import BaseModel

__all__ = [
    "check_live",
    "describe_endpoints",
    "find_endpoint",
    "get_document",
    "open_env",
]


@contextmanager
def open_env(dbname: str) -> Iterator[Environment]:
    """Provide an environment with all rights. Its changes are not committed.

    :raises CommandError: the database does not exist, or does not have the addon
    """
    vars(threading.current_thread())["dbname"] = dbname  # for the log
    try:
        registry = Registry(dbname)
    except psycopg2.Error as err:
        reason = str(err).strip().rpartition("FATAL: ")[2].strip()
        raise CommandError(f"can't open the database {dbname}: {reason}") from err
    if "fastapi.endpoint" not in registry:
        raise CommandError(
            f"the addon fastapi is not installed in the database {dbname}"
        )
    with closing(registry.cursor()) as cr:
        yield Environment(cr, SUPERUSER_ID, {})


def find_endpoint(env: Environment, root_path: str) -> BaseModel:
    """Return the active endpoint at a root path.

    :raises CommandError: there is no endpoint, or it is broken
    """
    root_path = clean_root_path(root_path)
    endpoint = env["fastapi.endpoint"].search([("root_path", "=", root_path)], limit=1)
    if not endpoint:
        raise CommandError(f"no endpoint at {root_path}; {describe_endpoints(env)}")
    check_live(endpoint)
    return endpoint


def check_live(endpoint: BaseModel) -> None:
    """Check that an endpoint is served.

    :raises CommandError: it is broken
    """
    if endpoint.build_error:
        raise CommandError(
            f"the endpoint at {endpoint.root_path} is broken: {endpoint.build_error}"
        )


def describe_endpoints(env: Environment) -> str:
    """List the endpoints of the database, for a message."""
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
            served = endpoint._get_built_app().openapi()
    except Exception as err:
        raise CommandError(
            f"the app at {root_path} has no OpenAPI document: "
            f"{type(err).__name__}: {err}"
        ) from err
    document: dict[str, Any] = copy.deepcopy(served)
    document["servers"] = document.get("servers") or [{"url": root_path}]
    locate_document(document, root_path, endpoint.base_url)
    return document
