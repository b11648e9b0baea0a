# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who calls an API: ways to authenticate return it, handlers ask for it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from odoo.addons.base.models.res_partner import ResPartner

__all__ = [
    "Caller",
    "authenticated_caller",
    "authenticated_partner_impl",
    "optionally_authenticated_caller",
    "optionally_authenticated_partner_impl",
]

#: Key of the ASGI scope: the caller, set when the ways of the endpoint were asked. None
#: for an anonymous caller.
CALLER_KEY = "odoo.fastapi.caller"


@dataclass(frozen=True)
class Caller:
    """The result of an authentication.

    :param method: name of the way, for example ``api_key``; ``app`` if an override of
        the app has authenticated the caller
    :param partner_id: id of the partner who calls
    :param user_id: id of the user whose credential was sent, None for a partner without
        a user
    :param scopes: what the credential allows, None if it is not limited by scopes
    :param key_id: id of the ``fastapi.endpoint.key`` that was sent, if any
    """

    method: str
    partner_id: int
    user_id: int | None = None
    scopes: frozenset[str] | None = None
    key_id: int | None = None


def authenticated_partner_impl() -> ResPartner:
    """Return the partner who calls, or refuse the request; override this.

    An override depends on what identifies the caller. It raises ``HTTPException`` with
    status 401 if the request has no valid credential. An endpoint with a way to
    authenticate overrides this.

    :raises NotImplementedError: nothing overrides it, so clients can't authenticate
    """
    raise NotImplementedError(
        "No authentication: authenticated_partner_impl is not in the app's "
        "dependency_overrides."
    )


def optionally_authenticated_partner_impl() -> ResPartner | None:
    """Return the partner who calls, None for an anonymous one; override this."""
    return None


def authenticated_caller(
    connection: HTTPConnection,
    partner: Annotated[ResPartner, Depends(authenticated_partner_impl)],
) -> Caller:
    """Return who calls, and by which credential.

    :raises HTTPException: 401, as ``authenticated_partner_impl``
    """
    return _get_caller(connection, partner)


def optionally_authenticated_caller(
    connection: HTTPConnection,
    partner: Annotated[
        ResPartner | None, Depends(optionally_authenticated_partner_impl)
    ],
) -> Caller | None:
    """Return who calls, None for an anonymous caller."""
    return _get_caller(connection, partner) if partner else None


def _get_caller(connection: HTTPConnection, partner: ResPartner) -> Caller:
    """Return the caller that a partner stands for.

    An override of the app only returns the partner. The user is then that of the
    partner, if the partner has exactly one active user.
    """
    caller = connection.scope.get(CALLER_KEY)
    if caller is None or caller.partner_id != partner.id:
        users = partner.sudo().with_context(active_test=True).user_ids
        caller = Caller("app", partner.id, users.id if len(users) == 1 else None)
    return caller
