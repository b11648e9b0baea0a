# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a caller may see, by what the OpenAPI document says that routes require.

The routes themselves decide when they are called: a list that is too long leads to
calls that get a 403. A list that is too short would hide tools.
"""

from __future__ import annotations

from collections.abc import Callable

from odoo.addons.fastapi.app.openapi import GROUPS_KEY
from odoo.addons.fastapi.auth import Caller

from ..tools import RouteCall

__all__ = ["get_scopes", "may_call"]


def may_call(
    call: RouteCall, caller: Caller | None, has_group: Callable[[str], bool]
) -> bool:
    """Return whether a caller may call a route.

    :param caller: None for an anonymous caller
    :param has_group: returns whether the user of the caller belongs to a group
    """
    groups = call.operation.get(GROUPS_KEY, ())
    if caller is None:
        security = call.operation.get("security")
        return not groups and (not security or {} in security)
    scopes = caller.scopes
    if scopes is not None and not all(scope in scopes for scope in get_scopes(call)):
        return False
    if caller.user_id is None:
        return not groups
    return all(any(map(has_group, requirement)) for requirement in groups)


def get_scopes(call: RouteCall) -> list[str]:
    """Return the scopes that a route requires with any of its security schemes."""
    alternatives = call.operation.get("security", ())
    names = [
        scope
        for alternative in alternatives
        for scopes in alternative.values()
        for scope in scopes
    ]
    return list(dict.fromkeys(names))
