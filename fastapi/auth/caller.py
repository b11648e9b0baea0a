# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The caller of an API: ways to authenticate return it, handlers depend on it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner

from ..bridge import get_state

__all__ = [
    "CALLER_KEY",
    "PARTNER_IMPLS",
    "Caller",
    "authenticated_caller",
    "authenticated_partner_impl",
    "note_partner",
    "optionally_authenticated_caller",
    "optionally_authenticated_partner_impl",
]

#: Key of the ASGI scope: the caller that the ways of the endpoint have found, or None.
CALLER_KEY = "odoo.fastapi.caller"


@dataclass(frozen=True)
class Caller:
    """The result of an authentication.

    :param method: name of the way, for example ``api_key``, or ``app`` for an override
        of the app
    :param partner_id: id of the partner
    :param user_id: id of the user, None for a partner without a user
    :param scopes: what the credential allows, None if it is not limited by scopes
    :param key_id: id of the ``fastapi.endpoint.key``, if one was sent
    """

    method: str
    partner_id: int
    user_id: int | None = None
    scopes: frozenset[str] | None = None
    key_id: int | None = None


def authenticated_partner_impl() -> ResPartner:
    """Return the calling partner, or refuse the request; override this.

    An override raises ``HTTPException`` with status 401 if there is no valid
    credential. Endpoints with a way to authenticate have an override.

    :raises NotImplementedError: there is no override, so clients can't authenticate
    """
    raise NotImplementedError(
        "No authentication: authenticated_partner_impl is not in the app's "
        "dependency_overrides."
    )


def optionally_authenticated_partner_impl() -> ResPartner | None:
    """Return the calling partner, None for an anonymous caller; override this."""
    return None


#: Dependencies that apps override to identify the caller.
PARTNER_IMPLS = authenticated_partner_impl, optionally_authenticated_partner_impl


def authenticated_caller(
    connection: HTTPConnection,
    partner: Annotated[ResPartner, Depends(authenticated_partner_impl)],
) -> Caller:
    """Return the caller.

    :raises HTTPException: 401, from ``authenticated_partner_impl``
    """
    return _get_caller(connection, partner)


def optionally_authenticated_caller(
    connection: HTTPConnection,
    partner: Annotated[
        ResPartner | None, Depends(optionally_authenticated_partner_impl)
    ],
) -> Caller | None:
    """Return the caller, None for an anonymous one."""
    return _get_caller(connection, partner) if partner else None


def note_partner(connection: HTTPConnection, partner: object) -> None:
    """Note the partner from an override of the app as the caller of the request.

    Other addons may want to know it, also if no handler asks for the caller. The user
    is not looked up for that.

    :param partner: what the override has returned, which may be no partner
    """
    state = get_state(connection.scope)
    if state is None or not isinstance(partner, BaseModel) or len(partner) != 1:
        return
    if partner.id and (state.caller is None or state.caller.partner_id != partner.id):
        state.caller = Caller("app", partner.id)


def _get_caller(connection: HTTPConnection, partner: ResPartner) -> Caller:
    """Return the caller for a partner.

    For a partner from an override of the app, the user is the partner's active user, or
    None if there is not exactly one.
    """
    caller: Caller | None = connection.scope.get(CALLER_KEY)
    if caller is None or caller.partner_id != partner.id:
        users = partner.sudo().with_context(active_test=True).user_ids
        caller = Caller("app", partner.id, users.id if len(users) == 1 else None)
        state = get_state(connection.scope)
        if state is not None:
            state.caller = caller
    return caller
