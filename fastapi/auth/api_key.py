# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""API keys as a way to authenticate: an endpoint's keys, and users' own if accepted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

    from .ways import Recheck

__all__ = ["ApiKeyWay", "ValidKey", "may_be_key"]

#: Characters of the longest key; Odoo makes keys of 40.
MAX_KEY_LENGTH = 512
#: Detail of the 401 for a wrong key.
INVALID_KEY = "Invalid API key"


class ValidKey(NamedTuple):
    """A key that a client may use now.

    :param user_id: id of its user
    :param api_key_id: id of the ``res.users.apikeys``
    :param key_id: id of the ``fastapi.endpoint.key``, None for a user's own key
    :param scopes: what the key allows, None if it is not limited by scopes
    """

    user_id: int
    api_key_id: int
    key_id: int | None
    scopes: frozenset[str] | None


def may_be_key(text: str) -> bool:
    """Return whether a text can be looked up as a key; PostgreSQL refuses NUL."""
    return text.isprintable() and 0 < len(text) <= MAX_KEY_LENGTH


class ApiKeyWay(Way):
    """An API key in ``Authorization: Bearer``, or in another header.

    :param endpoint_id: id of the endpoint
    :param header: name of the other header
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
        own = ", or one of your own: My Preferences, tab Security"
        description = f"An API key of this endpoint{own if accept_unscoped else ''}."
        options: Any = {"scheme_name": "APIKey", "description": description}
        if header:
            self.scheme = APIKeyHeader(name=header, auto_error=False, **options)
            self.challenge = "APIKey"
        else:
            self.scheme = BearerScheme(**options)
            self.challenge = "Bearer"
        self._unused_hash = KEY_CRYPT_CONTEXT.hash(secrets.token_hex())

    def authenticate(
        self, credential: Any, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        key = credential if isinstance(credential, str) else credential.credentials
        if self.shares_bearer and key.count(".") == 2:
            return None  # a JSON Web Token
        if not may_be_key(key):
            raise InvalidCredentials(INVALID_KEY)
        known = verified.get(env, self.name, key)
        valid = known and known.key_id and self._read(known.key_id, env)
        if not valid:
            valid = self._verify(key, connection, env)
        if valid.key_id is not None:
            env["fastapi.endpoint.key"]._note_use(valid.key_id)
        user = get_user(env, valid.user_id)
        return Caller(
            self.name, user.partner_id.id, user.id, valid.scopes, valid.key_id
        )

    def make_recheck(
        self,
        caller: Caller,
        credential: Any,
        connection: HTTPConnection,
        env: Environment,
    ) -> Recheck:
        """Return a function that takes one query and no hashing."""
        key = credential if isinstance(credential, str) else credential.credentials
        known = verified.get(env, self.name, key)
        if known is None or known.key_id is None:  # forgotten since ``authenticate``
            return super().make_recheck(caller, credential, connection, env)
        key_id = known.key_id
        before = self._read(key_id, env)

        def recheck(env: Environment) -> bool:
            return before is not None and self._read(key_id, env) == before

        return recheck

    def _read(self, api_key_id: int, env: Environment) -> ValidKey | None:
        keys = env["fastapi.endpoint.key"]
        valid: ValidKey | None = keys._is_still_valid(
            api_key_id, self._endpoint_id, self._accept_unscoped
        )
        return valid

    def _verify(
        self, key: str, connection: HTTPConnection, env: Environment
    ) -> ValidKey:
        """Return what a key allows, and remember the key for the next calls.

        :raises InvalidCredentials: the key does not open the endpoint
        :raises TooManyAttempts: there were too many failures
        """
        subject = key[:INDEX_SIZE]
        attempts.check(env, connection, subject)
        valid: ValidKey | None = env["fastapi.endpoint.key"]._find_valid(
            self._endpoint_id, key, self._accept_unscoped
        )
        if valid is None:
            if not self._has_candidate(env, key):
                KEY_CRYPT_CONTEXT.verify(key, self._unused_hash)
            attempts.failed(env, connection, subject)
            raise InvalidCredentials(INVALID_KEY)
        verified.put(
            env, self.name, key, verified.Verified(valid.user_id, valid.api_key_id)
        )
        return valid

    def _has_candidate(self, env: Environment, key: str) -> bool:
        """Return whether Odoo has hashed a wrong key, to compare it with another key.

        Otherwise the key has to be hashed here. Without that, a fast response would
        reveal that no key has the same first characters. The query is that of Odoo's
        ``_check_credentials``.
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
