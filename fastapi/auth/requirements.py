# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What routes require of callers: scopes of the credential, groups of the user."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Security, status
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import SecurityScopes

from odoo.api import Environment

from ..context import odoo_env_ctx
from .caller import Caller, authenticated_caller

__all__ = [
    "SCOPE",
    "check_groups_exist",
    "check_scopes",
    "require_group",
    "require_scopes",
]

#: ``scope-token`` of RFC 6749, section 3.3.
SCOPE = re.compile(r"[!#-\[\]-~]+")


def require_scopes(*scopes: str) -> Any:
    """Return a dependency that refuses callers whose credential lacks a scope.

    Use it on a route, a router or an app, or as a parameter; it gives the
    :class:`Caller`::

        @router.post("/orders", dependencies=[require_scopes("orders:write")])

    All of the scopes are needed. A credential that scopes don't limit has all of them.
    Callers without them get a 403. OpenAPI shows them with the ways to authenticate.

    :param scopes: each of printable ASCII characters, without spaces, ``"`` and ``\\``
    :raises ValueError: there are no scopes, or one that can't be sent
    """
    if not scopes:
        raise ValueError("require_scopes() needs at least one scope.")
    for scope in scopes:
        if not SCOPE.fullmatch(scope):
            raise ValueError(f"This can't be a scope: {scope!r}")
    return Security(_require_scopes, scopes=list(scopes))


def require_group(*xml_ids: str) -> Any:
    """Return a dependency that refuses callers who are in none of the groups.

    Use it on a route, a router or an app, or as a parameter; it gives the
    :class:`Caller`::

        salesmen = require_group("sales_team.group_sale_salesman")

        @router.get("/orders", dependencies=[salesmen])

    One of the groups is enough, and a group that implies it counts too. Other users,
    and callers without a user, get a 403. OpenAPI names the groups. If a group does not
    exist, the app can't be built.

    :param xml_ids: XML ids of the groups, each with the name of its addon
    :raises ValueError: there are no groups
    """
    if not xml_ids:
        raise ValueError("require_group() needs at least one group.")
    return Depends(_GroupRequirement(xml_ids))


def check_scopes(caller: Caller, scopes: Iterable[str]) -> None:
    """Refuse a caller whose credential lacks scopes.

    :param scopes: what is needed, for example ``SecurityScopes.scopes``
    :raises HTTPException: 403
    """
    needed = list(scopes)
    if caller.scopes is None:
        return
    missing = [scope for scope in needed if scope not in caller.scopes]
    if missing:
        noun = "scope" if len(missing) == 1 else "scopes"
        raise HTTPException(
            status_code=status.HTTP_403_FORBIDDEN,
            detail=f"The credential lacks the {noun} {', '.join(missing)}.",
            headers={
                "WWW-Authenticate": 'Bearer error="insufficient_scope", '
                f'scope="{" ".join(needed)}"'
            },
        )


def check_groups_exist(app: FastAPI, env: Environment) -> None:
    """Check that the groups exist that the routes of an app ask for.

    :raises ValueError: a group does not exist
    """
    groups = env["res.groups"]._get_group_definitions()
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        for xml_id in _iter_groups(route.dependant):
            if groups.get_id(xml_id) is None:
                raise ValueError(
                    f"{route.path_format} is for members of a group that does not "
                    f"exist: {xml_id}"
                )


def _iter_groups(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, _GroupRequirement):
        yield from dependant.call.required_groups
    for dependency in dependant.dependencies:
        yield from _iter_groups(dependency)


def _require_scopes(
    security_scopes: SecurityScopes,
    caller: Annotated[Caller, Depends(authenticated_caller)],
) -> Caller:
    check_scopes(caller, security_scopes.scopes)
    return caller


@dataclass(frozen=True)
class _GroupRequirement:
    """Dependency of :func:`require_group`; FastAPI calls equal ones only once.

    It is async, so ``app.callables`` does not replace it in the routes of an app:
    ``openapi_document`` reads its groups there.

    :param required_groups: XML ids
    """

    required_groups: tuple[str, ...]

    async def __call__(
        self, caller: Annotated[Caller, Depends(authenticated_caller)]
    ) -> Caller:
        if caller.user_id is not None:
            user = odoo_env_ctx.get()["res.users"].sudo().browse(caller.user_id)
            if any(map(user._has_group, self.required_groups)):
                return caller
        raise HTTPException(
            status_code=status.HTTP_403_FORBIDDEN,
            detail=f"Only for members of {' or '.join(self.required_groups)}.",
        )
