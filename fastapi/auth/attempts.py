# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Failed attempts to authenticate, counted over all workers and hosts of a database.

After too many of them a client has to wait: 429. Odoo counts too, but each of its
processes for itself, and by address only: one client with a wrong password would lock
all others behind the same address. Here one address may fail for one subject (a login,
the beginning of a key) as often as Odoo's parameter ``base.login_cooldown_after`` says,
and :data:`ADDRESS_FACTOR` times as often for all subjects together. So the right
credential at another address is not locked.

What is counted is stored as a keyed hash: neither logins nor addresses are.
"""

from __future__ import annotations

import hmac
import logging
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from fastapi import HTTPException, status

from odoo.api import SUPERUSER_ID, Environment
from odoo.http import request
from odoo.sql_db import Cursor

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from odoo.modules.registry import Registry

__all__ = ["ADDRESS_FACTOR", "TooManyAttempts", "check", "failed"]

_logger = logging.getLogger(__name__)

#: How many times as many failures an address has for all subjects as for one.
ADDRESS_FACTOR = 4
#: Bits of an IPv6 address that are its owner's network, of which one has them all.
IPV6_PREFIX = 64


class TooManyAttempts(HTTPException):
    """There were too many failures: 429.

    :param seconds: until an attempt is looked at again
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            status_code=status.HTTP_429_TOO_MANY_REQUESTS,
            detail="Too many failed attempts. Try again later.",
            headers={"Retry-After": str(seconds)},
        )


def check(env: Environment, connection: HTTPConnection | None, subject: str) -> None:
    """Refuse an attempt if there were too many failures, before it is verified.

    An attempt that is refused is not counted. What is known to be right
    (``verified``) is not to be checked.

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
    """Count a failure, when the transaction of the request is over.

    It has a transaction of its own, as that of a failed request is rolled back. If
    there is no connection for it, the log says so and the failure is not counted.

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

    # a rollback forgets the one, a commit the other
    env.cr.postrollback.add(count)
    env.cr.postcommit.add(count)


def _count(registry: Registry, limits: dict[str, int]) -> None:
    try:
        with registry.cursor() as cr:
            if isinstance(cr, Cursor):  # one of tests is amid their transaction
                # a failure that waits for another one is not to be refused for it
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            env = Environment(cr, SUPERUSER_ID, {})
            env["fastapi.auth.failure"]._count(limits)
    except Exception as err:  # the client has its answer, whatever it is
        _logger.warning("A failed attempt to authenticate is not counted: %s", err)


def _get_limits(env: Environment, address: str, subject: str) -> dict[str, int]:
    """Return what to count, and up to how many failures; empty if limits are off."""
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
    """Return the address of a client, of IPv6 its network.

    Behind a reverse proxy it is what that says, in Odoo's proxy mode.
    """
    address = ""
    if connection is not None and connection.client is not None:
        address = connection.client.host
    elif request:
        address = request.httprequest.remote_addr or ""
    try:
        ip = ip_address(address)
    except ValueError:  # of a client for tests
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Network((int(ip), IPV6_PREFIX), strict=False))
