# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Failed attempts to authenticate, counted over all workers and hosts of a database.

After too many of them a client has to wait: 429. Odoo counts too, but separately in
each process, and by address only: one client with a wrong password would lock out all
others behind the same address. Here Odoo's parameter ``base.login_cooldown_after``
limits the failures of one address for one subject (a login, the beginning of a key).
For all subjects together, one address has :data:`ADDRESS_FACTOR` times as many. So the
right credential at another address is not locked out.

The database stores a keyed hash of the address and the subject, not their text.
"""

from __future__ import annotations

import hmac
import logging
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import request
from odoo.sql_db import Cursor

from ..exceptions import TooManyAttempts

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from odoo.modules.registry import Registry

__all__ = ["ADDRESS_FACTOR", "TooManyAttempts", "check", "failed"]

_logger = logging.getLogger(__name__)

#: Limit of an address for all subjects together, as a multiple of that for one.
ADDRESS_FACTOR = 4
#: Bits of an IPv6 address that name the network; its owner has all addresses in it.
IPV6_PREFIX = 64


def check(env: Environment, connection: HTTPConnection | None, subject: str) -> None:
    """Refuse an attempt after too many failures; called before it is verified.

    A refused attempt is not counted. Don't call this for a credential that is known
    to be right (``verified``).

    :param env: of the request; nothing is written
    :param connection: of the client; None for that of Odoo's request
    :param subject: what is guessed: a login, the first characters of a key
    :raises TooManyAttempts: the client has to wait
    """
    address = _get_address(connection)
    limits = _get_limits(env, address, subject)
    if limits:
        seconds = env["fastapi.auth.failure"]._get_seconds_to_wait(limits)
        if seconds:
            _logger.info(
                "Too many failed attempts from %s: refused for %s seconds",
                address or "an unknown address",
                seconds,
            )
            raise TooManyAttempts(seconds)


def failed(env: Environment, connection: HTTPConnection | None, subject: str) -> None:
    """Count a failure when the transaction of the request is over.

    The count has its own transaction, because that of a failed request is rolled back.
    If there is no database connection for it, the failure is logged, not counted.

    :param env: of the request; nothing is written with it
    :param connection: of the client; None for that of Odoo's request
    :param subject: what is guessed: a login, the first characters of a key
    """
    limits = _get_limits(env, _get_address(connection), subject)
    if not limits:
        return
    registry = env.registry

    def count() -> None:
        _count(registry, limits)

    # one of them runs: a rollback clears postcommit, a commit clears postrollback
    env.cr.postrollback.add(count)
    env.cr.postcommit.add(count)


def _count(registry: Registry, limits: dict[str, int]) -> None:
    try:
        with registry.cursor() as cr:
            if isinstance(cr, Cursor):  # a test's cursor has a transaction already
                # two failures at once must both count, without a conflict
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            env = Environment(cr, SUPERUSER_ID, {})
            env["fastapi.auth.failure"]._count(limits)
    except Exception as err:  # the response stays as it is
        _logger.warning("A failed attempt to authenticate is not counted: %s", err)


def _get_limits(env: Environment, address: str, subject: str) -> dict[str, int]:
    """Return the keys to count, each with its limit; empty if limits are off."""
    limit = env["fastapi.auth.failure"]._get_limit()
    if limit <= 0:
        return {}
    return {
        _hash(env, address, subject): limit,
        _hash(env, address): limit * ADDRESS_FACTOR,
    }


def _hash(env: Environment, *parts: str) -> str:
    secret = env["ir.config_parameter"].sudo().get_param("database.secret")
    text = "\0".join(["fastapi.auth.failure", *parts])
    return hmac.digest(
        secret.encode(), text.encode(errors="surrogatepass"), "sha256"
    ).hex()


def _get_address(connection: HTTPConnection | None) -> str:
    """Return the address of a client, or its network for IPv6.

    In Odoo's proxy mode, the reverse proxy says which address that is.
    """
    address = ""
    if connection is not None and connection.client is not None:
        address = connection.client.host
    elif request:
        address = request.httprequest.remote_addr or ""
    try:
        ip = ip_address(address)
    except ValueError:  # a test client has another name
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Network((int(ip), IPV6_PREFIX), strict=False))
