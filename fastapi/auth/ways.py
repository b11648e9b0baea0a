# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Ways to authenticate, which an administrator chooses on the endpoint.

A way reads one kind of credential. :class:`Authentication` asks all ways of an
endpoint. It also does what is the same for each way: it checks which users may call,
refuses credentials of different users, and words the refusals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from ..context import odoo_env_ctx
from ..exceptions import InvalidCredentials
from .caller import CALLER_KEY, Caller
from .requirements import check_scopes
from .run_as import become, check_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi.security.base import SecurityBase

    from odoo.api import Environment

__all__ = ["Authentication", "Way"]

#: The refusal of a request without credentials.
NOT_AUTHENTICATED = "Not authenticated"


class Way(ABC):
    """One way for clients to say who they are."""

    #: Name of the way, the ``method`` of its callers.
    name: str
    #: Reads the credential, and describes it in OpenAPI: one of FastAPI's security
    #: classes with ``auto_error=False``.
    scheme: SecurityBase
    #: Value of the header ``WWW-Authenticate``, None if HTTP has no scheme for the way.
    challenge: str | None = None
    #: Whether browsers send the credential by themselves, for pages of other sites too.
    #: Of two credentials of the same user, the other one counts.
    is_ambient: bool = False

    @abstractmethod
    def authenticate(
        self, credential: Any, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        """Return who has sent a credential.

        :class:`Authentication` checks afterwards that the user is active and may call.

        :param credential: what ``scheme`` returns, never None
        :param env: the environment of the endpoint's user
        :return: None if the credential is meant for another way
        :raises InvalidCredentials: it is wrong, has expired, or was revoked
        :raises fastapi.HTTPException: 429, after too many failures
        """

    def check_request(self, connection: HTTPConnection) -> None:  # noqa: B027
        """Refuse a request that the credential is not enough for.

        Called if no other credential of the same user was sent.

        :raises fastapi.HTTPException: the request is refused
        """

    def join(self, others: Sequence[Way]) -> None:  # noqa: B027
        """Note which other ways the endpoint has; called once, before any request."""

    def prepare(self, headers: Mapping[str, str]) -> Callable[[], None] | None:
        """Return a function to call before the request can be authenticated, if any.

        Called before the app runs. An override must be quick, and must not use the
        database. The function that it returns is called while no transaction is open,
        so it may wait for another server. A way without an override costs nothing.

        :param headers: headers of the request; upper and lower case don't differ
        """
        return None


class Authentication:
    """The ways of an endpoint as dependencies; any one of them is enough.

    :param ways: the ways; with two credentials, the first way says who calls, and
        those that browsers send by themselves come last
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
        #: Dependency: the caller; refuses a request without credentials.
        self.required: Callable[..., Caller] = self._make_dependency(optional=False)
        #: Dependency: the caller, None without credentials. Wrong ones are refused.
        self.optional: Callable[..., Caller | None] = self._make_dependency(
            optional=True
        )

    def _make_dependency(self, optional: bool) -> Callable[..., Any]:
        """Return a function that depends on all schemes.

        FastAPI reads its signature, and shows the schemes as alternatives. The function
        checks the scopes that a route asks for with FastAPI's ``Security``.
        """

        def authenticate(
            connection: HTTPConnection,
            security_scopes: SecurityScopes,
            **credentials: Any,
        ) -> Any:
            caller = self._authenticate(connection, credentials)
            if caller is not None:
                check_scopes(caller, security_scopes.scopes)
            elif not optional:
                raise self._refuse(NOT_AUTHENTICATED)
            return caller

        parameters = [
            Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)
            for name, annotation in (
                ("connection", HTTPConnection),
                ("security_scopes", SecurityScopes),
            )
        ]
        for way in self.ways:
            annotation = Annotated[Any, Depends(way.scheme)]
            parameters.append(
                Parameter(
                    _parameter_name(way), Parameter.KEYWORD_ONLY, annotation=annotation
                )
            )
        returned = Caller | None if optional else Caller
        authenticate.__signature__ = Signature(parameters, return_annotation=returned)
        # for openapi_document
        authenticate.optional_auth = optional
        return authenticate

    def _authenticate(
        self, connection: HTTPConnection, credentials: Mapping[str, Any]
    ) -> Caller | None:
        """Return who calls; the ways are asked once for each request.

        FastAPI calls the dependency again where OAuth2 scopes differ.
        """
        scope = connection.scope
        if CALLER_KEY in scope:
            return scope[CALLER_KEY]
        env = odoo_env_ctx.get()
        caller = None
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
            if caller is None:
                if found:
                    way.check_request(connection)
                caller = found
            elif found and _identity(found) != _identity(caller):
                raise HTTPException(
                    403, "The credentials that were sent name different users."
                )
        scope[CALLER_KEY] = caller
        if caller and self._run_as_caller:
            become(connection, caller)
        return caller

    def _refuse(
        self, detail: str, way: Way | None = None, error: str | None = None
    ) -> HTTPException:
        """Return a 401 that names all ways.

        :param way: the way whose credential is wrong
        :param error: error code for its challenge, if that is a Bearer's
        """
        # each challenge once, in the order of the ways: two may have the same
        challenges = {
            item.challenge: item.challenge for item in self.ways if item.challenge
        }
        challenge = way and way.challenge
        if challenge and challenge.startswith("Bearer"):
            separator = "," if " " in challenge else ""
            error = error or "invalid_token"
            challenges[challenge] = f'{challenge}{separator} error="{error}"'
        value = ", ".join(challenges.values())
        headers = {"WWW-Authenticate": value} if value else None
        return HTTPException(401, detail, headers)


def _parameter_name(way: Way) -> str:
    return f"{way.name}_credential"


def _identity(caller: Caller) -> tuple[int | None, int]:
    return caller.user_id, caller.partner_id
