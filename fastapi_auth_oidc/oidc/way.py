# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Tokens of an OpenID provider as a way to authenticate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from fastapi.security.utils import get_authorization_scheme_param

from odoo.http import request

from odoo.addons.fastapi.auth import Caller, InvalidCredentials, Way
from odoo.addons.fastapi.auth.bearer import BearerScheme

from .key_ring import RETRY_INTERVAL, KeyRing, KeysNotLoaded
from .tokens import InvalidToken, TokenRules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi.security import HTTPAuthorizationCredentials
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

__all__ = ["OidcWay", "Provider", "make_client_scopes"]

_logger = logging.getLogger(__name__)

#: Placeholder for a scope in the provider's names of scopes.
SCOPE_PLACE = "{scope}"


@dataclass(frozen=True)
class Provider:
    """The values of a ``fastapi.oidc.provider`` that the way needs.

    :param id: id of the record
    :param name: its name, for the log
    :param scope_claims: names of the claims with scopes; without any, callers are not
        limited by scopes
    :param client_scopes: scopes that clients ask the provider for, see
        :func:`make_client_scopes`
    """

    id: int
    name: str
    rules: TokenRules
    key_ring: KeyRing
    scope_claims: tuple[str, ...] = ()
    client_scopes: tuple[str, ...] = ()


class OidcWay(Way):
    """A token of an OpenID provider in ``Authorization: Bearer``.

    In OpenAPI its type is ``http``, not ``openIdConnect``, which most code generators
    ignore. For ``openIdConnect``, Swagger UI would also load the configuration of the
    provider in the browser, which the Content Security Policy of the pages forbids.

    :param provider: the provider; without one, no token is valid
    """

    name = "oidc"
    challenge = "Bearer"

    def __init__(self, provider: Provider | None) -> None:
        self._provider = provider
        if provider:
            self.authorization_servers = (provider.rules.issuer,)
        issuer = f" of `{provider.rules.issuer}`" if provider else ""
        self.scheme = BearerScheme(
            scheme_name="OpenIDToken",
            description=f"An access token{issuer}.",
            bearerFormat="JWT",
        )

    def get_client_scopes(self, scopes: Iterable[str]) -> list[str]:
        if self._provider is None or not self._provider.client_scopes:
            return super().get_client_scopes(scopes)
        return make_client_scopes(self._provider.client_scopes, scopes)

    def prepare(self, headers: Mapping[str, str]) -> Callable[[], None] | None:
        """Return a function that waits for the keys, None if they are loaded."""
        header = headers.get("Authorization")
        kind, encoded = get_authorization_scheme_param(header)
        if self._provider is None or kind.lower() != "bearer":
            return None
        return _prepare(self._provider, encoded.strip())

    def authenticate(
        self,
        credential: HTTPAuthorizationCredentials,
        connection: HTTPConnection,
        env: Environment,
    ) -> Caller | None:
        """Verify the token, and look for its caller.

        Nothing is remembered, because both take less than a millisecond.

        :raises fastapi.HTTPException: 503, the keys of the provider can't be loaded
        """
        encoded = credential.credentials
        if self.shares_bearer and encoded.count(".") != 2:
            return None
        provider = self._provider
        if provider is None:
            raise _invalid("Tokens are not accepted: no provider is active.")
        # in a test without a server, ``prepare`` was not called
        if not request and (wait := _prepare(provider, encoded)):
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
        caller: Caller | None = record._get_allowed_caller(claims)
        if caller is None:
            _logger.info("A token for %s is valid, its caller unknown", provider.name)
            raise _invalid("The token is not valid.")
        if provider.scope_claims and caller.scopes is None:
            caller = replace(caller, scopes=get_scopes(claims, provider.scope_claims))
        return caller


def _prepare(provider: Provider, encoded: str) -> Callable[[], None] | None:
    try:
        token = provider.rules.parse(encoded)
    except InvalidToken:
        return None
    attempt = provider.key_ring.get_pending(token.kid)
    return partial(provider.key_ring.wait, attempt) if attempt else None


def get_scopes(claims: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """Return the scopes of a token: texts separated by spaces, or lists of texts.

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


def make_client_scopes(names: Iterable[str], scopes: Iterable[str]) -> list[str]:
    """Return the scopes that clients ask a provider for, without duplicates.

    >>> make_client_scopes(["openid", "api://orders/{scope}"], ["read", "write"])
    ['openid', 'api://orders/read', 'api://orders/write']

    :param names: names of scopes at the provider; one with ``{scope}`` stands for all
        ``scopes``
    :param scopes: scopes that routes require
    """
    required = list(scopes)
    found = [
        name.replace(SCOPE_PLACE, scope)
        for name in names
        for scope in (required if SCOPE_PLACE in name else [""])
    ]
    return list(dict.fromkeys(found))


def _invalid(detail: str) -> InvalidCredentials:
    return InvalidCredentials(detail, "invalid_token")
