# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What routes can require: scopes of the credential, or groups of the user."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import SecurityScopes

from odoo.api import Environment

from ..context import odoo_env_ctx
from .caller import Caller, authenticated_caller
from .route_calls import iter_route_calls

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

    Use it on a route, a router or an app, or as a parameter that is the
    :class:`Caller`::

        @router.post("/orders", dependencies=[require_scopes("orders:write")])

    Callers need all scopes, and get a 403 otherwise. A credential that is not limited
    by scopes has all of them. OpenAPI shows the scopes.

    :param scopes: each of printable ASCII characters, without spaces, ``"`` and ``\\``
    :raises ValueError: there are no scopes, or one has other characters
    """
    if not scopes:
        raise ValueError("require_scopes() needs at least one scope.")
    for scope in scopes:
        if not SCOPE.fullmatch(scope):
            raise ValueError(f"This can't be a scope: {scope!r}")
    return Security(_require_scopes, scopes=list(scopes))


def require_group(*xml_ids: str) -> Any:
    """Return a dependency that refuses users who do not belong to any of the groups.

    Use it like :func:`require_scopes`::

        salesmen = require_group("sales_team.group_sale_salesman")

        @router.get("/orders", dependencies=[salesmen])

    A group that implies one of the groups is enough. Other users, and callers without a
    user, get a 403. OpenAPI shows the groups. The app can't be built if one of them
    does not exist.

    :param xml_ids: XML ids of the groups, each with the name of its addon
    :raises ValueError: there are no groups
    """
    if not xml_ids:
        raise ValueError("require_group() needs at least one group.")
    return Depends(_GroupRequirement(xml_ids))


def check_scopes(caller: Caller, scopes: Iterable[str]) -> None:
    """Refuse a caller whose credential lacks one of the scopes.

    :raises HTTPException: 403
    """
    if caller.scopes is None:
        return
    needed = list(scopes)
    missing = [scope for scope in needed if scope not in caller.scopes]
    if missing:
        noun = "scope" if len(missing) == 1 else "scopes"
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(needed)}"'
        detail = f"The credential lacks the {noun} {', '.join(missing)}."
        raise HTTPException(403, detail, {"WWW-Authenticate": challenge})


def check_groups_exist(app: FastAPI, env: Environment) -> None:
    """Check that the groups that routes of an app require exist.

    :raises ValueError: a group does not exist
    """
    groups = env["res.groups"]._get_group_definitions()
    for path, call in iter_route_calls(app.routes):
        if not isinstance(call, _GroupRequirement):
            continue
        for xml_id in call.required_groups:
            if groups.get_id(xml_id) is None:
                raise ValueError(
                    f"{path} is for members of a group that does not exist: {xml_id}"
                )


def _require_scopes(
    security_scopes: SecurityScopes,
    caller: Annotated[Caller, Depends(authenticated_caller)],
) -> Caller:
    check_scopes(caller, security_scopes.scopes)
    return caller


@dataclass(frozen=True)
class _GroupRequirement:
    """Dependency of :func:`require_group`; FastAPI calls equal ones only once.

    It is async so that ``app.callables`` does not replace it in the routes:
    ``openapi_document`` reads the groups there.
    """

    required_groups: tuple[str, ...]

    async def __call__(
        self, caller: Annotated[Caller, Depends(authenticated_caller)]
    ) -> Caller:
        if caller.user_id is not None:
            user = odoo_env_ctx.get()["res.users"].sudo().browse(caller.user_id)
            if any(map(user._has_group, self.required_groups)):
                return caller
        groups = " or ".join(self.required_groups)
        raise HTTPException(403, f"Only for members of {groups}.")
