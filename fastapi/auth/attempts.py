# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Failed attempts to authenticate, counted for all processes of a database.

After too many failures, a client gets a 429 and has to wait. Odoo's parameter
``base.login_cooldown_after`` limits the failures of one address for one subject (a
login, or the first characters of a key). The limit for all subjects of one address is
:data:`ADDRESS_FACTOR` times as high. Other addresses are not affected. (Odoo itself
counts in each process, and only by address: one client with a wrong password locks out
all others behind the same address.)

The database stores keyed hashes of addresses and subjects, not their text.
"""

from __future__ import annotations

import hmac
import logging
import re
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from odoo.http import request

from ..exceptions import TooManyAttempts
from ..follow_up import run_afterwards

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

__all__ = ["ADDRESS_FACTOR", "TooManyAttempts", "check", "failed", "get_address"]

_logger = logging.getLogger(__name__)

#: Limit for all subjects of an address, as a multiple of the limit for one.
ADDRESS_FACTOR = 4
#: Bits of an IPv6 network; all its addresses have the same owner.
IPV6_PREFIX = 64
#: An address with a port, as some reverse proxies send it. Each connection of a client
#: has another port.
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+|\[(.+)\](?::[0-9]+)?")


def check(env: Environment, connection: HTTPConnection | None, subject: str) -> None:
    """Refuse an attempt after too many failures.

    Call this before verifying a credential, unless ``verified`` has it. A refused
    attempt is not counted.

    :param env: environment of the request; nothing is written
    :param connection: connection of the client; None for Odoo's request
    :param subject: what the client may be guessing: the login, or the first characters
        of the key
    :raises TooManyAttempts: the client has to wait
    """
    address = get_address(connection)
    limits = _get_limits(env, address, subject)
    seconds = limits and env["fastapi.auth.failure"]._get_seconds_to_wait(limits)
    if seconds:
        address = address or "an unknown address"
        _logger.info("Too many failures: %s is refused for %s s", address, seconds)
        raise TooManyAttempts(seconds)


def failed(env: Environment, connection: HTTPConnection | None, subject: str) -> None:
    """Count a failure in a transaction after that of the request.

    If this transaction fails, the failure is only logged. Parameters as for
    :func:`check`.
    """
    limits = _get_limits(env, get_address(connection), subject)
    if limits:
        run_afterwards(
            env,
            lambda env: env["fastapi.auth.failure"]._count(limits),
            "A failed attempt to authenticate is not counted",
        )


def _get_limits(env: Environment, address: str, subject: str) -> dict[str, int]:
    """Return the limit of failures by key; empty if there is no limit."""
    limit = env["fastapi.auth.failure"]._get_limit()
    if limit <= 0:
        return {}
    return {
        _hash(env, address, subject): limit,
        _hash(env, address): limit * ADDRESS_FACTOR,
    }


def _hash(env: Environment, *parts: str) -> str:
    secret = env["ir.config_parameter"].sudo().get_param("database.secret")
    text = "\0".join(["fastapi.auth.failure", *parts]).encode(errors="surrogatepass")
    return hmac.digest(secret.encode(), text, "sha256").hex()


def get_address(connection: HTTPConnection | None) -> str:
    """Return the address of a client, or its network for IPv6."""
    address = ""
    if connection is not None and connection.client is not None:
        address = connection.client.host
    elif request:
        address = request.httprequest.remote_addr or ""
    return _get_network(address)


@lru_cache(1024)
def _get_network(address: str) -> str:
    found = _WITH_PORT.fullmatch(address)
    try:
        ip = ip_address(found[1] or found[2] if found else address)
    except ValueError:  # the name of a test client
        return address
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return str(IPv6Network((int(ip), IPV6_PREFIX), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)
