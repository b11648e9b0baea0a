# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counts a request for the rates of a dependency, and refuses it if there are too many.

A request is counted once for each rate, also if Odoo replays it. Its counts are kept in
the WSGI environ of Odoo's request, which all attempts share.
"""

from __future__ import annotations

import hmac
import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from odoo.http import request
from odoo.modules import module

from odoo.addons.fastapi.auth.attempts import get_address
from odoo.addons.fastapi.bridge import get_state
from odoo.addons.fastapi.context import odoo_env_ctx
from odoo.addons.fastapi.dependencies import fastapi_endpoint_id
from odoo.addons.fastapi.message_connection import MESSAGE_KEY

from ..exceptions import TooManyRequests
from .counters import CONFIGURATION_ERRORS, Counter, Hit, LibraryCounter
from .postgres import CursorCounter, PostgresCounter
from .window import Window

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from typing import Any

    from starlette.requests import HTTPConnection

    from odoo.api import Environment

    from odoo.addons.fastapi.auth import Caller

    from .rate import Rate

__all__ = ["COUNTED_KEY", "Policy", "count", "get_counter"]

_logger = logging.getLogger(__name__)

#: Key of the ASGI scope: policies and windows of the request, by name of the policy.
COUNTED_KEY = "odoo.fastapi_limits.counted"
#: Key of the environ of Odoo's request: the windows of all attempts, by their keys.
WINDOWS_KEY = "odoo.fastapi_limits.windows"
#: Hashes that a process remembers.
MAX_KEYS = 4096
#: Databases whose counters a process keeps.
MAX_DATABASES = 32
#: The scheme of the URI of a storage. What comes before another colon may be a secret.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
#: The method that is not counted: a browser sends it by itself before a request.
NOT_COUNTED = "OPTIONS"


class Policy:
    """A rate of a dependency.

    :param rate: the rate
    :param name: its name in the headers
    """

    def __init__(self, rate: Rate, name: str) -> None:
        self.rate, self.name = rate, name
        #: What the header ``RateLimit-Policy`` says of it.
        self.header = f'"{name}";q={rate.amount};w={rate.seconds}'


def count(
    connection: HTTPConnection,
    policies: Sequence[Policy],
    caller: Caller | None,
    place: str,
) -> None:
    """Count a request, unless it was counted already.

    Messages of a ``MessageRoute`` are not counted. Their handshake was.

    :param policies: the rates, the shortest window first
    :param caller: who calls, None for an anonymous client
    :param place: what is counted together within the endpoint
    :raises TooManyRequests: a rate refuses the request
    """
    scope = connection.scope
    if scope.get("method") == NOT_COUNTED or MESSAGE_KEY in scope:
        return
    env = odoo_env_ctx.get()
    endpoint_id = _get_endpoint_id(scope)
    endpoint = env["fastapi.endpoint"].browse(endpoint_id or ())
    address = get_address(connection)
    secret, uri = env["fastapi.rate.count"]._get_settings()
    hits = []
    for policy in policies:
        rate = policy.rate
        subject = endpoint._get_rate_subject(rate.by, caller, address)
        key = _hash(secret, endpoint_id, place, subject, rate.by, rate.text)
        hits.append(Hit(key, rate))
    windows = _get_windows(scope)
    new = [hit for hit in hits if hit.key not in windows] if windows else hits
    if new:
        for hit, found in zip(new, _find_counter(env, uri).hit(new), strict=False):
            windows[hit.key] = found
    counted = scope.setdefault(COUNTED_KEY, {})
    refused = None
    for hit, policy in zip(hits, policies, strict=True):
        window = windows.get(hit.key)
        if window is not None:
            counted[policy.name] = policy, window
            if window.refused and (refused is None or window.wait > refused[1].wait):
                refused = hit, window
    if refused is not None:
        hit, window = refused
        rate = hit.rate
        _logger.info(
            "Too many requests: %s by %s at %s is refused for %s s, address %s",
            rate,
            endpoint._get_rate_subject(rate.by, caller, address),
            place,
            window.wait,
            address or "unknown",
        )
        endpoint._rate_exceeded(rate, hit.key, place, caller, window.wait)
        raise TooManyRequests(rate.words, window.wait)


def get_counter(env: Environment) -> Counter:
    """Return the counter of a database, which all requests of the process share."""
    _secret, uri = env["fastapi.rate.count"]._get_settings()
    return _find_counter(env, uri)


def _find_counter(env: Environment, uri: str) -> Counter:
    if not uri and module.current_test:
        return CursorCounter(env)
    return _get_counter(env.cr.dbname, uri)


@lru_cache(MAX_DATABASES)
def _get_counter(dbname: str, uri: str) -> Counter:
    if not uri:
        return PostgresCounter(dbname)
    try:
        return LibraryCounter(uri)
    except CONFIGURATION_ERRORS as err:
        # the text of the error may quote the URI, which may contain a password
        scheme = _SCHEME.match(uri)
        _logger.error(
            "Rates are counted in PostgreSQL, because the system parameter "
            "fastapi_limits.storage_uri names a storage of the scheme %r that can't be "
            "used (%s): the library limits does not know it, its URI is not valid, or "
            "the Python package that it needs is missing or too old",
            scheme[1] if scheme else "",
            type(err).__name__,
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
    try:
        holder = request.httprequest.environ
    except RuntimeError:  # no request of Odoo: a test without a server
        holder = scope
    windows: dict[str, Window] = holder.setdefault(WINDOWS_KEY, {})
    return windows


@lru_cache(MAX_KEYS)
def _hash(secret: bytes, *parts: str | int | None) -> str:
    text = "\0".join(["fastapi.rate", *map(str, parts)])
    return hmac.digest(secret, text.encode(errors="surrogatepass"), "sha256").hex()
