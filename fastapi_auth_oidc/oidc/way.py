# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The way to authenticate with a token of an OpenID provider."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from odoo.http import request

from odoo.addons.fastapi.auth import Caller, InvalidCredentials, Way
from odoo.addons.fastapi.auth.bearer import BearerScheme

from .key_ring import RETRY_INTERVAL, KeyRing, KeysNotLoaded
from .tokens import InvalidToken, TokenRules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi.security import HTTPAuthorizationCredentials
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

__all__ = ["OidcWay", "Provider"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Provider:
    """What the way has to know of a ``fastapi.oidc.provider``.

    :param id: id of the record
    :param name: its name, for the log
    :param rules: what its tokens must be like
    :param key_ring: its keys
    :param scope_claims: names of the claims with scopes; if empty, scopes don't limit
        callers
    """

    id: int
    name: str
    rules: TokenRules
    key_ring: KeyRing
    scope_claims: tuple[str, ...] = ()


class OidcWay(Way):
    """Authenticates with a token of an OpenID provider, as ``Authorization: Bearer``.

    In OpenAPI its type is ``http`` with the scheme ``bearer``, not ``openIdConnect``.
    Code generators make clients for it that can send a token; most ignore the other
    type. For that type, Swagger UI would load the provider's configuration in the
    browser, which the Content Security Policy of the pages forbids.

    :param provider: the provider; None if none is chosen or it is archived, so that no
        token is valid
    """

    name = "oidc"
    challenge = "Bearer"

    def __init__(self, provider: Provider | None) -> None:
        self._provider = provider
        self._leaves_others = False
        issuer = f" of `{provider.rules.issuer}`" if provider else ""
        self.scheme = BearerScheme(
            scheme_name="OpenIDToken", description=f"An access token{issuer}."
        )
        self.scheme.model.bearerFormat = "JWT"

    def join(self, others: Sequence[Way]) -> None:
        self._leaves_others = any(
            (other.challenge or "").startswith("Bearer") for other in others
        )

    def prepare(self, headers: Mapping[str, str]) -> Callable[[], None] | None:
        """Return a function that waits for the keys, None if they are there.

        The dispatcher calls this before the app, and the function when no transaction
        is open.

        :param headers: of the request; names in any case
        """
        kind, _space, encoded = headers.get("Authorization", "").partition(" ")
        if self._provider is None or kind.lower() != "bearer":
            return None
        return self._prepare(encoded.strip())

    def _prepare(self, encoded: str) -> Callable[[], None] | None:
        try:
            token = self._provider.rules.parse(encoded)
        except InvalidToken:
            return None
        key_ring = self._provider.key_ring
        attempt = key_ring.get_pending(token.kid)
        return attempt and partial(key_ring.wait, attempt)

    def authenticate(
        self,
        credential: HTTPAuthorizationCredentials,
        connection: HTTPConnection,
        env: Environment,
    ) -> Caller | None:
        """Return who has sent a token.

        Each call verifies the token and looks for its caller. Nothing is remembered,
        because each of the two takes less than a millisecond.

        :raises fastapi.HTTPException: 503, the keys of the provider can't be loaded
        """
        encoded = credential.credentials
        if self._leaves_others and encoded.count(".") != 2:
            return None
        provider = self._provider
        if provider is None:
            raise _invalid("Tokens are not accepted: no provider is active.")
        if not request:
            # a test without a server, so ``prepare`` was not called
            wait = self._prepare(encoded)
            if wait:
                wait()
        try:
            token = provider.rules.parse(encoded)
            claims = provider.rules.verify(token, provider.key_ring.find(token.kid))
        except InvalidToken as err:
            _logger.info("A token for %s is not valid: %s", provider.name, err)
            raise _invalid(err.detail) from err
        except KeysNotLoaded as err:
            raise HTTPException(
                status_code=503,
                detail="Tokens can't be verified at the moment.",
                headers={"Retry-After": str(RETRY_INTERVAL)},
            ) from err
        record = env["fastapi.oidc.provider"].sudo().browse(provider.id)
        caller = record._get_oidc_caller(claims)
        if caller is None:
            _logger.info("A token for %s is valid, its caller unknown", provider.name)
            raise _invalid("The token is not valid.")
        if provider.scope_claims and caller.scopes is None:
            caller = replace(caller, scopes=get_scopes(claims, provider.scope_claims))
        return caller


def get_scopes(claims: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """Return the scopes of a token: texts with spaces between, or lists.

    :param names: names of the claims
    """
    scopes: set[str] = set()
    for name in names:
        value = claims.get(name)
        if isinstance(value, str):
            scopes.update(value.split())
        elif isinstance(value, list):
            scopes.update(scope for scope in value if isinstance(scope, str))
    return frozenset(scopes)


def _invalid(detail: str) -> InvalidCredentials:
    return InvalidCredentials(detail, "invalid_token")
