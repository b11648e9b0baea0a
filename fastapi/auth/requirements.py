# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What routes ask of callers: scopes of the credential, groups of the user."""

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

__all__ = ["check_groups_exist", "check_scopes", "require_group", "require_scopes"]

#: A scope (RFC 6749, 3.3).
_SCOPE = re.compile(r"[!#-\[\]-~]+")


def require_scopes(*scopes: str) -> Any:
    """Return a dependency that only lets callers pass whose credential has the scopes.

    For a route, a router or an app, or as a parameter that is the :class:`Caller`::

        @router.post("/orders", dependencies=[require_scopes("orders:write")])

    All of the scopes are needed. A credential that is not limited by scopes has them
    all. OpenAPI shows them beside the ways to authenticate. Others get a 403.

    :param scopes: printable ASCII characters each, without spaces, ``"`` and ``\\``
    :raises ValueError: there are no scopes, or one that can't be sent
    """
    if not scopes:
        raise ValueError("require_scopes() needs at least one scope.")
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise ValueError(f"This can't be a scope: {scope!r}")
    return Security(_require_scopes, scopes=list(scopes))


def require_group(*xml_ids: str) -> Any:
    """Return a dependency that only lets members of a group pass.

    For a route, a router or an app, or as a parameter that is the :class:`Caller`::

        salesmen = require_group("sales_team.group_sale_salesman")

        @router.get("/orders", dependencies=[salesmen])

    The caller's user has to be in any one of the groups, by itself or because another
    group implies it. Others, and callers without a user, get a 403. OpenAPI names the
    groups. An app with a group that does not exist can't be built.

    :param xml_ids: the groups, with the names of their addons
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
    """Look for the groups that the routes of an app ask for.

    :raises ValueError: there is no such group
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
    """Dependency of :func:`require_group`; of equal ones, FastAPI calls one.

    Async, so that it stays this object in the routes of an app (``bridge.callables``):
    ``openapi_document`` reads the groups.

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
