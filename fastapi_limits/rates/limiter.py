# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counts a request for the rates of a dependency, and refuses it if there are too many.

A request is counted once for each rate, also if Odoo replays it. Its counts are kept in
the WSGI environ of Odoo's request, which all attempts share.
"""

from __future__ import annotations

import hmac
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from limits.errors import ConfigurationError

from odoo.http import request
from odoo.modules import module

from odoo.addons.fastapi.auth.attempts import get_address
from odoo.addons.fastapi.bridge import get_state
from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.dependencies import fastapi_endpoint_id

from ..exceptions import TooManyRequests
from .counters import Counter, Hit, LibraryCounter
from .postgres import CursorCounter, PostgresCounter
from .window import Window

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from typing import Any

    from starlette.requests import HTTPConnection

    from odoo.addons.fastapi.auth import Caller

    from .rate import Rate

__all__ = ["COUNTED_KEY", "STORAGE_PARAMETER", "Counted", "count", "get_counter"]

_logger = logging.getLogger(__name__)

#: Key of the ASGI scope: the :class:`Counted` of the request, by their names. Key of
#: the environ of Odoo's request: the windows of all attempts, by their keys.
COUNTED_KEY = "odoo.fastapi_limits.counted"
#: System parameter: URI of a storage of the library ``limits``. Empty: PostgreSQL.
STORAGE_PARAMETER = "fastapi_limits.storage_uri"
#: Databases whose counters a process keeps.
MAX_DATABASES = 32
#: Methods that are not counted: a browser sends OPTIONS by itself before a request.
NOT_COUNTED = frozenset({"HEAD", "OPTIONS"})


class Counted(NamedTuple):
    """A rate that has counted the request."""

    rate: Rate
    window: Window


def count(
    connection: HTTPConnection,
    rates: Sequence[Rate],
    caller: Caller | None,
    place: str,
    prefix: str,
) -> None:
    """Count a request, unless it was counted already.

    :param rates: the rates, the shortest window first
    :param caller: who calls, None for an anonymous client
    :param place: what is counted together within the endpoint
    :param prefix: first part of the names of the rates in the headers; empty for those
        of an endpoint
    :raises TooManyRequests: a rate refuses the request
    """
    scope = connection.scope
    if scope.get("method") in NOT_COUNTED:
        return
    env = odoo_env_ctx.get()
    address = get_address(connection)
    endpoint_id = _get_endpoint_id(scope)
    endpoint = env["fastapi.endpoint"].browse(endpoint_id or ())
    parameters = env["ir.config_parameter"].sudo()
    secret = parameters.get_param("database.secret").encode()
    subjects = {
        by: endpoint._get_rate_subject(by, caller, address)
        for by in {rate.by for rate in rates}
    }
    hits = []
    for rate in rates:
        parts = [str(endpoint_id), place, subjects[rate.by], rate.by, rate.text]
        hits.append(Hit(_hash(secret, parts), rate))
    windows = _get_windows(scope)
    new = [hit for hit in hits if hit.key not in windows]
    if new:
        found = get_counter(parameters).hit(new)
        windows.update(
            (hit.key, window) for hit, window in zip(new, found, strict=False)
        )
    counted = scope.setdefault(COUNTED_KEY, {})
    refused = None
    for hit in hits:
        window = windows.get(hit.key)
        if window is not None:
            rate = hit.rate
            name = "-".join(filter(None, (prefix, rate.by, rate.period)))
            counted[name] = Counted(rate, window)
            if window.refused and (refused is None or window.wait > refused[1].wait):
                refused = hit, window
    if refused is not None:
        hit, window = refused
        _logger.info(
            "Too many requests (%s by %s): %s of %s is refused for %s s",
            hit.rate,
            hit.rate.by,
            subjects[hit.rate.by] or "an unknown address",
            address or "an unknown address",
            window.wait,
        )
        endpoint._rate_exceeded(hit.rate, hit.key, place, caller, window.wait)
        raise TooManyRequests(hit.rate.words, window.wait)


def get_counter(parameters: Any) -> Counter:
    """Return the counter of a database, which all requests of the process share.

    :param parameters: ``ir.config_parameter`` with sudo
    """
    uri = (parameters.get_param(STORAGE_PARAMETER) or "").strip()
    if not uri and module.current_test:
        return CursorCounter(parameters.env)
    return _get_counter(parameters.env.cr.dbname, uri)


@lru_cache(MAX_DATABASES)
def _get_counter(dbname: str, uri: str) -> Counter:
    if not uri:
        return PostgresCounter(dbname)
    try:
        return LibraryCounter(uri)
    except (ConfigurationError, TypeError, ValueError) as err:
        _logger.error(
            "Rates are counted in PostgreSQL, because the system parameter %s names a "
            "storage that can't be used: %s",
            STORAGE_PARAMETER,
            err,
        )
        return PostgresCounter(dbname)


def _get_endpoint_id(scope: MutableMapping[str, Any]) -> int | None:
    """Return the id of the endpoint that serves a request, also in a mounted app."""
    state = get_state(scope)
    app = (state and state.app) or scope.get("app")
    overrides = getattr(app, "dependency_overrides", {})
    return getattr(overrides.get(fastapi_endpoint_id), "value", None)


def _get_windows(scope: MutableMapping[str, Any]) -> dict[str, Window]:
    """Return the windows of all attempts at a request, by their keys."""
    holder = request.httprequest.environ if request else scope
    windows: dict[str, Window] = holder.setdefault(f"{COUNTED_KEY}.windows", {})
    return windows


def _hash(secret: bytes, parts: Sequence[str]) -> str:
    text = "\0".join(["fastapi.rate", *parts]).encode(errors="surrogatepass")
    return hmac.digest(secret, text, "sha256").hex()
