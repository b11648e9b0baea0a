# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate, which an administrator chooses on the endpoint.

A way verifies one kind of credential. :class:`Authentication` combines the ways of an
endpoint: it calls them, checks whether the user may call, refuses credentials of
different users, and makes the 401 responses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from ..bridge import get_state
from ..context import odoo_env_ctx
from ..exceptions import InvalidCredentials
from .caller import CALLER_KEY, PARTNER_IMPLS, Caller
from .requirements import check_scopes
from .run_as import become, check_user

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from fastapi.security.base import SecurityBase

    from odoo.api import Environment

    #: Returns whether a credential is still valid. Gets an environment of the
    #: endpoint's user, in which it must not write. Odoo has no request then.
    Recheck = Callable[[Environment], bool]

__all__ = [
    "NOT_AUTHENTICATED",
    "Authentication",
    "Way",
    "find_authentication",
]

#: Detail of the 401 for a request without credentials.
NOT_AUTHENTICATED = "Not authenticated"


class Way(ABC):
    """Verifies one kind of credential."""

    #: Name of the way, the ``method`` of its callers.
    name: str
    #: Reads the credential, and describes it in OpenAPI: one of FastAPI's security
    #: classes with ``auto_error=False``.
    scheme: SecurityBase
    #: Value of ``WWW-Authenticate``, None if HTTP has no scheme for the way.
    challenge: str | None = None
    #: Whether browsers send the credential by themselves, even from pages of other
    #: sites. Any other credential of the same user takes precedence.
    is_ambient: bool = False
    #: Whether another way of the endpoint reads ``Authorization: Bearer``, too.
    shares_bearer: bool = False
    #: URLs of the authorization servers that issue the credential, each as in the claim
    #: ``iss`` of their tokens. Clients without a token may be sent there (RFC 9728).
    authorization_servers: tuple[str, ...] = ()

    @abstractmethod
    def authenticate(
        self, credential: Any, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        """Return the caller who has sent a credential.

        :class:`Authentication` checks afterwards that the user is active and may call.

        :param credential: what ``scheme`` returns, not None
        :param env: environment of the endpoint's user
        :return: None if the credential is for another way
        :raises InvalidCredentials: the credential is wrong, expired or revoked
        :raises TooManyAttempts: there were too many failures
        """

    def check_request(self, connection: HTTPConnection) -> None:  # noqa: B027
        """Refuse a request for which this credential alone is not enough.

        Called if the client sent no other credential of the same user.

        :raises fastapi.HTTPException: the request is refused
        """

    def join(self, others: Sequence[Way]) -> None:
        """Set attributes that depend on the other ways of the endpoint; called once."""
        self.shares_bearer = _is_bearer(self) and any(map(_is_bearer, others))

    def get_client_scopes(self, scopes: Iterable[str]) -> list[str]:
        """Return the scopes that a client has to ask an authorization server for.

        Override this if the servers use other names for scopes than their tokens.

        :param scopes: scopes that routes require
        """
        return list(scopes)

    def prepare(self, headers: Mapping[str, str]) -> Callable[[], None] | None:
        """Return a function that must run before the request is authenticated, if any.

        Called before the app. An override must be fast, and must not use the database.
        The function may wait for other servers: it runs while no transaction is open.

        :param headers: headers of the request, case-insensitive
        """
        return None

    def make_recheck(
        self,
        caller: Caller,
        credential: Any,
        connection: HTTPConnection,
        env: Environment,
    ) -> Recheck:
        """Return a function that says whether a credential is still valid.

        Called after ``authenticate`` if the client opens a WebSocket, or gets
        server-sent events. As long as these go on, the function is called every few
        seconds, for each client. By default it authenticates again. Override this if
        that is slow, writes, or counts failures. :class:`Authentication` also checks
        the user. After an exception, the connection is closed: with 1008 if a request
        would get a status below 500 for it, otherwise with 1011.

        :param caller: what ``authenticate`` has returned
        :param env: environment of the endpoint's user, closed when the function runs
        """

        def recheck(env: Environment) -> bool:
            return self.authenticate(credential, connection, env) == caller

        return recheck


class Authentication:
    """Dependencies that accept a credential for any of the ways of an endpoint.

    :param ways: ways by precedence; ambient ones are moved to the end
    :param allow_portal_users: whether users who are not internal may call
    :param run_as_caller: whether the request continues as the caller's user
    """

    def __init__(
        self,
        ways: Sequence[Way],
        *,
        allow_portal_users: bool = False,
        run_as_caller: bool = False,
    ) -> None:
        self.ways = tuple(sorted(ways, key=lambda way: way.is_ambient))
        self._allow_portal_users = allow_portal_users
        self._run_as_caller = run_as_caller
        for way in self.ways:
            way.join([other for other in self.ways if other is not way])

    @property
    def sharing_key(self) -> Hashable:
        """What routes contain of the ways, see ``app.lazy_routes``: their schemes."""
        return tuple(
            (way.name, type(way.scheme), repr(vars(way.scheme))) for way in self.ways
        )

    def make_dependency(self, *, optional: bool) -> Callable[..., Any]:
        """Return a dependency on all schemes, which returns the caller.

        FastAPI reads its signature and documents the schemes as alternatives. It also
        checks the scopes of FastAPI's ``Security``.

        Apps with an equal ``sharing_key`` share routes, and so this dependency. If the
        overrides of the request's app have another object of this class, that one
        authenticates.

        :param optional: whether it returns None without credentials, or refuses the
            request
        """

        def authenticate(
            connection: HTTPConnection,
            security_scopes: SecurityScopes,
            **credentials: Any,
        ) -> Any:
            app = connection.scope.get("app")
            overrides = getattr(app, "dependency_overrides", {})
            authentication = find_authentication(overrides) or self
            caller = authentication._authenticate(connection, credentials)
            if caller is not None:
                check_scopes(caller, security_scopes.scopes)
            elif not optional:
                raise authentication.refuse_anonymous()
            return caller

        annotations: dict[str, Any] = {
            "connection": HTTPConnection,
            "security_scopes": SecurityScopes,
        }
        for way in self.ways:
            scheme: Any = way.scheme
            annotations[_parameter_name(way)] = Annotated[Any, Depends(scheme)]
        signature = Signature(
            [
                Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)
                for name, annotation in annotations.items()
            ],
            return_annotation=Caller | None if optional else Caller,
        )
        authenticate.__signature__ = signature  # type: ignore[attr-defined]
        # for app.openapi_document
        authenticate.optional_auth = optional  # type: ignore[attr-defined]
        return authenticate

    def _authenticate(
        self, connection: HTTPConnection, credentials: Mapping[str, Any]
    ) -> Caller | None:
        """Return the caller. The ways are called only once in each request.

        FastAPI calls the dependency again for other scopes.
        """
        scope = connection.scope
        caller: Caller | None = None
        if CALLER_KEY in scope:
            caller = scope[CALLER_KEY]
            return caller
        env = odoo_env_ctx.get()
        used: list[tuple[Way, Caller, Any]] = []
        for way in self.ways:
            credential = credentials[_parameter_name(way)]
            if credential is None:
                continue
            try:
                found = way.authenticate(credential, connection, env)
                if found and found.user_id is not None:
                    check_user(env, found.user_id, self._allow_portal_users)
            except InvalidCredentials as err:
                raise self._refuse(err.detail, way, err.error) from err
            if found:
                used.append((way, found, credential))
            if caller is None:
                if found:
                    way.check_request(connection)
                caller = found
            elif found and _identity(found) != _identity(caller):
                raise HTTPException(
                    403, "The credentials that were sent name different users."
                )
        scope[CALLER_KEY] = caller
        if caller:
            state = get_state(scope)
            if state is not None:
                state.caller = caller
                # without the connection, which refers to the state
                state.make_recheck = partial(self._make_recheck, caller, used)
        if caller and self._run_as_caller:
            become(connection, caller)
        return caller

    def _make_recheck(
        self,
        caller: Caller,
        used: Sequence[tuple[Way, Caller, Any]],
        connection: HTTPConnection,
        env: Environment,
    ) -> Recheck:
        """Return a function that says whether a listening caller may still call."""
        rechecks = [
            way.make_recheck(found, credential, connection, env)
            for way, found, credential in used
        ]
        return partial(self._recheck, caller, rechecks)

    def _recheck(
        self, caller: Caller, rechecks: Sequence[Recheck], env: Environment
    ) -> bool:
        try:
            if not all(recheck(env) for recheck in rechecks):
                return False
            if caller.user_id is not None:
                check_user(env, caller.user_id, self._allow_portal_users)
        except (InvalidCredentials, HTTPException):
            return False
        return True

    def refuse_anonymous(self) -> HTTPException:
        """Return the 401 for a request without credentials."""
        return self._refuse(NOT_AUTHENTICATED)

    def _refuse(
        self, detail: str, way: Way | None = None, error: str | None = None
    ) -> HTTPException:
        """Return a 401 with the challenges of all ways.

        :param way: the way whose credential is wrong
        :param error: error code for its challenge, if that is ``Bearer``
        """
        # two ways may have the same challenge
        challenges = {
            item.challenge: item.challenge for item in self.ways if item.challenge
        }
        if way and way.challenge and _is_bearer(way):
            challenge = way.challenge
            separator = "," if " " in challenge else ""
            error = error or "invalid_token"
            challenges[challenge] = f'{challenge}{separator} error="{error}"'
        value = ", ".join(challenges.values())
        headers = {"WWW-Authenticate": value} if value else None
        return HTTPException(401, detail, headers)


def find_authentication(
    overrides: Mapping[Callable[..., Any], Callable[..., Any]],
) -> Authentication | None:
    """Return the object that authenticates for overrides of an app, if one does."""
    for impl in PARTNER_IMPLS:
        found: Authentication | None = getattr(
            overrides.get(impl), "authentication", None
        )
        if found is not None:
            return found
    return None


def _is_bearer(way: Way) -> bool:
    return bool(way.challenge and way.challenge.startswith("Bearer"))


def _parameter_name(way: Way) -> str:
    return f"{way.name}_credential"


def _identity(caller: Caller) -> tuple[int | None, int]:
    return caller.user_id, caller.partner_id
