# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""HTTP Basic: the login and the password of a user with each request.

The first call goes through Odoo's ``res.users.authenticate`` and its extensions in
other addons. For some minutes after that the process remembers the credential
(``verified``). Each call then asks the database whether anything has changed that also
ends Odoo's sessions: the password, the login, a second factor, an archived user.
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
from .verified import Verified
from .ways import Way

if TYPE_CHECKING:
    from odoo.api import Environment

    from odoo.addons.base.models.res_users import ResUsers

__all__ = [
    "API_LOGIN_KEY",
    "BasicCredentials",
    "BasicScheme",
    "BasicWay",
    "authenticate_basic",
]

#: Key of the context in which an API authenticates a user. Unknown logins take as long
#: as wrong passwords, ``attempts`` counts the failures, and no login is recorded.
API_LOGIN_KEY = "fastapi_login"
#: Most characters of a password: passlib refuses longer ones (``PasswordSizeError``).
MAX_PASSWORD_LENGTH = 4096


class BasicCredentials(HTTPBasicCredentials):
    """Login and password; ``repr`` hides the password."""

    password: str = Field(repr=False)


class BasicScheme(HTTPBasic):
    """FastAPI's scheme, which also reads logins and passwords in UTF-8.

    With ``auto_error=False``, a header that can't be read becomes an empty credential,
    which is always wrong. So all wrong credentials get the same response.
    """

    def __init__(self, *, auto_error: bool = True) -> None:
        super().__init__(scheme_name="HTTPBasic", auto_error=auto_error)

    async def __call__(self, request: HTTPConnection) -> BasicCredentials | None:
        """Return the login and password that the client sent.

        :raises HTTPException: 401 without a credential, unless ``auto_error`` is off
        """
        header = request.headers.get("Authorization")
        scheme, param = get_authorization_scheme_param(header)
        if scheme.lower() == "basic":
            try:
                login, separator, password = b64decode(param).decode().partition(":")
            except ValueError:  # neither base64 nor UTF-8
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
        user_id = authenticate_basic(credential, connection, env)
        user = get_user(env, user_id)
        return Caller(self.name, partner_id=user.partner_id.id, user_id=user_id)


def authenticate_basic(
    credential: HTTPBasicCredentials,
    connection: HTTPConnection | None,
    env: Environment,
) -> int:
    """Return the id of the user whose login and password were sent.

    The time that a refusal takes does not tell which logins exist.

    :param connection: of the client; None for that of Odoo's request
    :param env: of the request; nothing is written
    :raises InvalidCredentials: the login or the password is wrong
    :raises TooManyAttempts: there were too many failures
    """
    login, password = credential.username, credential.password
    if (
        not 0 < len(password) <= MAX_PASSWORD_LENGTH  # no user has such a one
        or "\0" in login + password  # PostgreSQL takes no NUL in a text
    ):
        raise _invalid()
    users = env["res.users"].sudo().with_context(**{API_LOGIN_KEY: True})
    # several users may have the same login, for example one per website
    secret = f"{users._get_login_domain(login)!r}\0{password}"
    known = verified.get(env, "basic", secret)
    if known is not None:
        if _is_current(users.browse(known.user_id), known):
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
    user_id, method = auth_info["uid"], auth_info["auth_method"]
    state = users.browse(user_id)._get_credential_state(method)
    if state is not None:
        found = Verified(user_id, fingerprint=verified.digest(state), method=method)
        verified.put(env, "basic", secret, found)
    return user_id


def _is_current(user: ResUsers, known: Verified) -> bool:
    """Return whether the credential of a user is still what was verified."""
    state = user._get_credential_state(known.method)
    return state is not None and hmac.compare_digest(
        verified.digest(state), known.fingerprint
    )


def _invalid() -> InvalidCredentials:
    return InvalidCredentials("Incorrect username or password")
