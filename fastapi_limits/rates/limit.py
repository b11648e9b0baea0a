# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dependencies that limit rates: of a route, a router, an app, an endpoint."""

import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from odoo.addons.fastapi.app.error_log import find_mount
from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.dependencies import (
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)

from .limiter import Policy, count
from .rate import Rate, parse_rates

__all__ = [
    "AddressLimit",
    "CallerLimit",
    "has_no_callers",
    "limit",
    "make_limit",
    "merge_limits",
]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def limit(*rates: str, by: str = "caller", name: str = "") -> Any:
    """Return a dependency that refuses clients that call too often.

    Use it on a route, a router or an app::

        @router.get("/report", dependencies=[limit("5/minute", "100/day")])

    Each route counts for itself, also if its router or its app has the limit. Limits
    with the same name count together. A refused request is not counted.

    To limit addresses before clients are authenticated, make it the first dependency.

    :param rates: such as ``10/second`` or ``1000 per 2 hours``
    :param by: whose requests are counted together: those of a ``caller``, a ``key``
        (an API key; without one, the caller), or an ``address``. An anonymous caller
        counts as an address.
    :param name: name of the limit, to count routes of an endpoint together
    :raises TypeError: a rate is not a text
    :raises ValueError: a rate is not valid, or name or ``by`` is not possible
    """
    for rate in rates:
        if not isinstance(rate, str):
            raise TypeError(
                f'{rate!r} is not a rate: write a text such as "100/minute".'
            )
    parsed = parse_rates(";".join(rates), by)
    if name and not _NAME.fullmatch(name):
        raise ValueError(
            f"A limit can't have the name {name!r}: use letters, digits and - . _"
        )
    return Depends(make_limit(parsed, name))


def make_limit(
    rates: tuple[Rate, ...], name: str = "", place: str = ""
) -> "AddressLimit | CallerLimit":
    """Return the dependency for rates.

    :param rates: the rates, the shortest window first
    :param name: name of the limit
    :param place: what is counted together; empty for the name, or else the route
    """
    if all(rate.by == "address" for rate in rates):
        return AddressLimit(rates, name, place)
    return CallerLimit(rates, name, place)


@dataclass(frozen=True)
class _Limit:
    """A dependency; FastAPI calls equal ones only once.

    It is async so that ``app.callables`` of the addon ``fastapi`` does not replace it
    in the routes: their documentation reads ``error_statuses``.
    """

    rates: tuple[Rate, ...]
    name: str = ""
    place: str = ""

    #: Status codes that the documentation of a route has because of this.
    error_statuses = ("429",)

    @cached_property
    def _policies(self) -> tuple[Policy, ...]:
        prefix = self.name or ("" if self.place else "route")
        return tuple(
            Policy(rate, "-".join(filter(None, (prefix, rate.by, rate.period))))
            for rate in self.rates
        )

    def _count(self, connection: HTTPConnection, caller: Caller | None) -> None:
        place = self.place or self.name or _describe_route(connection.scope)
        count(connection, self._policies, caller, place)


@dataclass(frozen=True)
class AddressLimit(_Limit):
    """Limits addresses. It does not authenticate the client."""

    async def __call__(self, connection: HTTPConnection) -> None:
        self._count(connection, None)


@dataclass(frozen=True)
class CallerLimit(_Limit):
    """Limits callers or keys, when the client is authenticated."""

    async def __call__(
        self,
        connection: HTTPConnection,
        caller: Annotated[Caller | None, Depends(optionally_authenticated_caller)],
    ) -> None:
        self._count(connection, caller)


def has_no_callers(app: FastAPI) -> bool:
    """Return whether all clients of an app are anonymous."""
    return _IDENTIFYING.isdisjoint(app.dependency_overrides)


def merge_limits(
    limits: Iterable[AddressLimit | CallerLimit], place: str
) -> CallerLimit:
    """Return one limit with the rates of several, for an app without authentication.

    It still looks for a caller: a test may give the app one.

    :param place: what is counted together
    """
    rates = [rate for limit in limits for rate in limit.rates]
    rates.sort(key=lambda rate: rate.seconds)
    return CallerLimit(tuple(rates), place=place)


#: Dependencies that an app overrides to identify callers.
_IDENTIFYING = frozenset(
    (optionally_authenticated_caller, optionally_authenticated_partner_impl)
)


def _describe_route(scope: MutableMapping[str, Any]) -> str:
    """Return methods and path template of a route, which name it on all servers."""
    # FastAPI since 0.139: the route at its place, with the prefixes of its routers
    context = (scope.get("fastapi") or {}).get("effective_route_context")
    route = context or scope["route"]
    methods = ",".join(sorted(getattr(route, "methods", None) or ["WebSocket"]))
    return f"{methods} {find_mount(scope)}{route.path_format}"
