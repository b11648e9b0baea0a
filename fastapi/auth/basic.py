# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic: clients send the login and the password of a user with each request.

The first call goes through Odoo's ``res.users.authenticate``, which other addons may
extend. After that, the process remembers the credential for some minutes
(``verified``). As for Odoo's sessions, each later call checks in the database that the
user is active, and that the password, the login and the second factor are the same.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import TYPE_CHECKING

from fastapi.security import HTTPBasic, HTTPBasicCredentials
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import Field
from starlette.requests import HTTPConnection

from odoo.exceptions import AccessDenied

from ..exceptions import InvalidCredentials
from . import attempts, verified
from .caller import Caller
from .run_as import get_user
from .session import check_password_site
from .verified import Verified
from .ways import Way

if TYPE_CHECKING:
    from odoo.api import Environment

    from odoo.addons.base.models.res_users import ResUsers

    from .ways import Recheck

__all__ = [
    "BasicCredentials",
    "BasicScheme",
    "BasicWay",
    "authenticate_basic",
    "is_api_login",
]

#: Context key of API logins, see ``models.res_users``.
_API_LOGIN_KEY = "fastapi_login"
#: Its value: clients of RPC can send any other one.
_API_LOGIN = object()
#: Characters; passlib refuses longer passwords (``PasswordSizeError``).
MAX_PASSWORD_LENGTH = 4096


class BasicCredentials(HTTPBasicCredentials):
    """Login and password; ``repr`` hides the password."""

    password: str = Field(repr=False)


class BasicScheme(HTTPBasic):
    """FastAPI's scheme, for logins and passwords in UTF-8.

    With ``auto_error=False``, an invalid header becomes an empty credential. So it gets
    the same response as a wrong one.
    """

    def __init__(self, *, auto_error: bool = True) -> None:
        super().__init__(scheme_name="HTTPBasic", auto_error=auto_error)

    async def __call__(  # type: ignore[override]  # as in HTTPBasic
        self, request: HTTPConnection
    ) -> BasicCredentials | None:
        """Return the login and password that the client sent.

        :raises HTTPException: 401 without a credential, unless ``auto_error`` is off
        """
        header = request.headers.get("Authorization")
        scheme, param = get_authorization_scheme_param(header)
        if scheme.lower() == "basic":
            try:
                login, separator, password = b64decode(param).decode().partition(":")
            except ValueError:  # not base64 or not UTF-8
                separator = ""
            if separator:
                return BasicCredentials(username=login, password=password)
            if not self.auto_error:
                return BasicCredentials(username="", password="")
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class BasicWay(Way):
    """Clients send the login and the password of a user."""

    name = "basic"
    challenge = 'Basic realm="API", charset="UTF-8"'

    def __init__(self) -> None:
        self.scheme = BasicScheme(auto_error=False)

    def authenticate(
        self,
        credential: HTTPBasicCredentials,
        connection: HTTPConnection,
        env: Environment,
    ) -> Caller:
        user = get_user(env, authenticate_basic(credential, connection, env))
        return Caller(self.name, user.partner_id.id, user.id)

    def check_request(self, connection: HTTPConnection) -> None:
        check_password_site(connection)

    def make_recheck(
        self,
        caller: Caller,
        credential: HTTPBasicCredentials,
        connection: HTTPConnection,
        env: Environment,
    ) -> Recheck:
        """Return a function that reads what a login depends on, without hashing."""
        secret = _secret(credential.username, credential.password, env)
        known = verified.get(env, "basic", secret)
        if known is not None:
            return lambda env: _is_unchanged(known, env)
        # forgotten meanwhile, or the database can't tell, as for a password in LDAP
        assert caller.user_id is not None
        user_id = caller.user_id
        states = _get_states(user_id, env)
        return lambda env: _get_states(user_id, env) == states


def authenticate_basic(
    credential: HTTPBasicCredentials,
    connection: HTTPConnection | None,
    env: Environment,
) -> int:
    """Return the id of the user whose login and password were sent.

    The response time does not reveal which logins exist.

    :param connection: connection of the client; None for Odoo's request
    :param env: environment of the request; nothing is written
    :raises InvalidCredentials: the login or the password is wrong
    :raises TooManyAttempts: there were too many failures
    """
    login, password = credential.username, credential.password
    if (
        not 0 < len(password) <= MAX_PASSWORD_LENGTH
        or "\0" in login + password  # PostgreSQL refuses NUL
    ):
        raise _invalid()
    users = _users(env)
    secret = _secret(login, password, env)
    known = verified.get(env, "basic", secret)
    if known is not None:
        if _is_unchanged(known, env):
            return known.user_id
        verified.forget_user(env, known.user_id)
    subject = login.casefold()
    attempts.check(env, connection, subject)
    try:
        auth_info = users.authenticate(
            {"type": "password", "login": login, "password": password},
            {"interactive": False},
        )
    except AccessDenied as err:
        attempts.failed(env, connection, subject)
        raise _invalid() from err
    user_id: int = auth_info["uid"]
    method: str = auth_info["auth_method"]
    state = users.browse(user_id)._get_credential_state(method)
    if state is not None:
        found = Verified(user_id, fingerprint=verified.digest(state), method=method)
        verified.put(env, "basic", secret, found)
    return user_id


def is_api_login(env: Environment) -> bool:
    """Return whether a login comes from ``authenticate_basic``."""
    return env.context.get(_API_LOGIN_KEY) is _API_LOGIN


def _users(env: Environment) -> ResUsers:
    return env["res.users"].sudo().with_context(**{_API_LOGIN_KEY: _API_LOGIN})


def _secret(login: str, password: str, env: Environment) -> str:
    # several users may have the same login, for example one per website
    return f"{_users(env)._get_login_domain(login)!r}\0{password}"


def _get_states(user_id: int, env: Environment) -> list[str | None]:
    """Return what a login depends on, for a password and for a key."""
    user = _users(env).browse(user_id)
    return [user._get_credential_state(method) for method in ("password", "apikey")]


def _is_unchanged(known: Verified, env: Environment) -> bool:
    """Return whether all is the same as when a login was verified."""
    state = _users(env).browse(known.user_id)._get_credential_state(known.method)
    return state is not None and hmac.compare_digest(
        verified.digest(state), known.fingerprint
    )


def _invalid() -> InvalidCredentials:
    return InvalidCredentials("Incorrect username or password")
