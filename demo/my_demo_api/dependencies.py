# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies of the app ``my_demo``."""

from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import APIKeyHeader

from odoo.api import Environment

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.dependencies import odoo_env

__all__ = [
    "API_KEY_SCOPE",
    "authenticated_partner_from_api_key",
]

#: API keys of Odoo have a scope, or none at all: those that users make for themselves.
API_KEY_SCOPE = "my_demo_api"

api_key_header = APIKeyHeader(
    name="api-key",
    description="An API key of Odoo: My Profile, tab Security, Add API Key.",
)


def authenticated_partner_from_api_key(
    api_key: Annotated[str, Depends(api_key_header)],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner:
    """Return the partner of the user whose API key was sent.

    For ``authenticated_partner_impl``. Odoo stores hashes of the keys and compares in
    constant time; keys that have expired and those of archived users are not valid.

    :raises HTTPException: 401, missing or wrong key
    """
    user_id = None
    if "\0" not in api_key:  # PostgreSQL takes no NUL in a text
        user_id = env["res.users.apikeys"]._check_credentials(
            scope=API_KEY_SCOPE, key=api_key
        )
    if not user_id:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect API key",
            headers={"WWW-Authenticate": "APIKey"},
        )
    # sudo: the app can't read other users. Only the id leaves it.
    partner_id = env["res.users"].sudo().browse(user_id).partner_id.id
    return env["res.partner"].browse(partner_id)
