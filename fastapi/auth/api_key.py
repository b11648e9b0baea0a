# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""API keys of Odoo: those of the endpoint, and users' own where they are accepted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from fastapi.security import APIKeyHeader

from odoo.tools import SQL

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from ..exceptions import InvalidCredentials
from . import attempts, verified
from .bearer import BearerScheme
from .caller import Caller
from .run_as import get_user
from .ways import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import HTTPConnection

    from odoo.api import Environment

__all__ = ["ApiKeyWay", "may_be_key"]

#: Characters of a key; Odoo makes keys of 40.
MAX_KEY_LENGTH = 512
#: What a client with a wrong key is told.
INVALID_KEY = "Invalid API key"


def may_be_key(text: str) -> bool:
    """Return whether a text can be looked up as a key: PostgreSQL takes no NUL."""
    return text.isprintable() and 0 < len(text) <= MAX_KEY_LENGTH


class ApiKeyWay(Way):
    """An API key in ``Authorization: Bearer``, or in another header.

    :param endpoint_id: id of the endpoint, whose keys have a scope of their own
    :param header: name of the header, None for ``Authorization``
    :param accept_unscoped: whether to accept keys that users made for themselves
    """

    name = "api_key"

    def __init__(
        self,
        endpoint_id: int,
        header: str | None = None,
        accept_unscoped: bool = False,
    ) -> None:
        self._endpoint_id = endpoint_id
        self._accept_unscoped = accept_unscoped
        self._leaves_tokens = False
        description = "An API key of this endpoint."
        if accept_unscoped:
            description = (
                "An API key of this endpoint, or one of your own: "
                "My Preferences, tab Security."
            )
        if header:
            self.scheme = APIKeyHeader(
                name=header,
                scheme_name="APIKey",
                description=description,
                auto_error=False,
            )
            self.challenge = "APIKey"
        else:
            self.scheme = BearerScheme(scheme_name="APIKey", description=description)
            self.challenge = "Bearer"
        self._hash_of_nothing = KEY_CRYPT_CONTEXT.hash(secrets.token_hex())

    def join(self, others: Sequence[Way]) -> None:
        if self.challenge == "Bearer":
            self._leaves_tokens = any(
                (other.challenge or "").startswith("Bearer") for other in others
            )

    def authenticate(
        self, credential: Any, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        key = credential if isinstance(credential, str) else credential.credentials
        if self._leaves_tokens and key.count(".") == 2:
            return None  # a JSON Web Token
        if not may_be_key(key):
            raise InvalidCredentials(INVALID_KEY)
        keys = env["fastapi.endpoint.key"]
        known = verified.get(env, self.name, key)
        valid = known and keys._is_still_valid(
            known.key_id, self._endpoint_id, self._accept_unscoped
        )
        if not valid:
            valid = self._verify(key, connection, env)
        if valid.key_id is not None:
            keys._note_use(valid.key_id)
        user = get_user(env, valid.user_id)
        return Caller(
            self.name, user.partner_id.id, user.id, valid.scopes, valid.key_id
        )

    def _verify(self, key: str, connection: HTTPConnection, env: Environment) -> Any:
        """Return what a key allows, and remember it for the next calls.

        :raises InvalidCredentials: it does not open the endpoint
        :raises fastapi.HTTPException: 429, after too many failures
        """
        subject = key[:INDEX_SIZE]
        attempts.check(env, connection, subject)
        keys = env["fastapi.endpoint.key"]
        valid = keys._find_valid(self._endpoint_id, key, self._accept_unscoped)
        if valid is None:
            if not self._has_candidate(env, key):
                KEY_CRYPT_CONTEXT.verify(key, self._hash_of_nothing)
            attempts.failed(env, connection, subject)
            raise InvalidCredentials(INVALID_KEY)
        verified.put(
            env, self.name, key, verified.Verified(valid.user_id, valid.api_key_id)
        )
        return valid

    def _has_candidate(self, env: Environment, key: str) -> bool:
        """Return whether Odoo has compared a wrong key with the hash of another one.

        The query is that of Odoo's ``_check_credentials``. Without a comparison, the
        time of the response would tell that no key begins like this one.
        """
        query = SQL(
            """
            SELECT 1 FROM res_users_apikeys AS key
              JOIN res_users ON res_users.id = key.user_id
             WHERE res_users.active
               AND key.index = %s
               AND (key.scope IS NULL OR key.scope = %s)
               AND (key.expiration_date IS NULL
                    OR key.expiration_date >= now() AT TIME ZONE 'UTC')
             LIMIT 1
            """,
            key[:INDEX_SIZE],
            env["fastapi.endpoint.key"]._get_scope(self._endpoint_id),
        )
        return bool(env.execute_query(query))
