# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who calls an API."""

from dataclasses import dataclass

__all__ = ["Caller"]


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
