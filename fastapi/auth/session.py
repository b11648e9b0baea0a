# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's session as a way to authenticate.

Browsers also send the cookie with requests from pages of other sites. So a request with
an unsafe method must come from a page of this site, or contain Odoo's CSRF token, which
only pages of this site can read.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fastapi import HTTPException
from fastapi.security import APIKeyCookie
from fastapi.security.utils import get_authorization_scheme_param

from odoo.http import SAFE_HTTP_METHODS, request, root
from odoo.service.security import check_session
from odoo.tools import SQL

from odoo.addons.base.models.res_users import INDEX_SIZE

from ..handshake import is_known_origin, is_upgrade
from .caller import Caller
from .run_as import get_user, is_active
from .ways import Way

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

    from odoo.addons.base.models.res_users import ResUsers

    from .ways import Recheck

__all__ = [
    "SESSION_SCHEME",
    "OdooCaller",
    "SessionWay",
    "check_password_site",
    "check_site",
    "check_site_of_endpoint",
    "get_odoo_caller",
    "get_odoo_user",
    "make_odoo_recheck",
    "odoo_caller",
]


class OdooCaller(NamedTuple):
    """What the handshake of a WebSocket says about its caller.

    :ivar uid: id of the user whom Odoo has authenticated, None for a visitor
    :ivar by_session: whether only a session identifies the user
    :ivar recheck: returns whether Odoo would still authenticate the user
    :ivar from_unknown_site: whether a page of another site has opened the WebSocket
    """

    uid: int | None
    by_session: bool
    recheck: Recheck | None
    from_unknown_site: bool


#: Whose message is being handled. Messages have no request of Odoo.
odoo_caller: ContextVar[OdooCaller | None] = ContextVar("odoo_caller", default=None)

#: Describes the cookie in OpenAPI.
SESSION_SCHEME = APIKeyCookie(
    name="session_id",
    scheme_name="OdooSession",
    description="The session of a user who has logged in to Odoo at `/web/login`. A "
    "browser sends it by itself: leave the value empty.",
    auto_error=False,
)
#: Header with the token that ``odoo.http.Request.csrf_token`` returns.
CSRF_HEADER = "X-CSRF-Token"


class SessionWay(Way):
    """The user who is logged in to Odoo in the browser."""

    name = "session"
    scheme = SESSION_SCHEME
    is_ambient = True

    def authenticate(
        self, credential: str, connection: HTTPConnection, env: Environment
    ) -> Caller | None:
        """Return the user who is logged in, None for a visitor.

        Odoo has already read the cookie, so the credential is not used.
        """
        user = _get_user(env)
        if not user or not _is_identified_by_session(user):
            return None
        user = get_user(env, user.id)
        return Caller(self.name, user.partner_id.id, user.id)

    def check_request(self, connection: HTTPConnection) -> None:
        check_site()

    def make_recheck(
        self,
        caller: Caller,
        credential: str,
        connection: HTTPConnection,
        env: Environment,
    ) -> Recheck:
        sender = odoo_caller.get()
        return (sender and sender.recheck) or _make_session_recheck()


def _make_session_recheck() -> Recheck:
    """Return a function that says whether the session of the request goes on.

    Odoo checks the same for each request (``odoo.http.Request._get_session_and_dbname``
    and ``ir.http._authenticate_explicit``).
    """
    sid, uid = request.session.sid, request.session.uid

    def recheck(env: Environment) -> bool:
        nonlocal sid
        session = root.session_store.get(sid)
        if "next_sid" in session:  # rotated
            sid = session["next_sid"]
            session = root.session_store.get(sid)
        if session.uid != uid or session.db != env.cr.dbname:
            return False
        return bool(check_session(session, env))

    return recheck


def make_odoo_recheck() -> Recheck | None:
    """Return a function that says whether Odoo would still authenticate the user.

    None if the request is a visitor's.
    """
    user = _get_user(request.env)
    if not user:
        return None
    if _is_identified_by_session(user):
        return _make_session_recheck()
    key = _get_bearer_key()
    if not key:  # verified by the authentication of another addon
        return partial(is_active, user.id)
    # ``ir.http._auth_method_bearer`` has verified the key
    query = SQL(
        """
        SELECT 1 FROM res_users_apikeys AS key
          JOIN res_users ON res_users.id = key.user_id
         WHERE res_users.active
           AND key.user_id = %s
           AND key.index = %s
           AND (key.expiration_date IS NULL
                OR key.expiration_date >= now() AT TIME ZONE 'UTC')
        """,
        user.id,
        key[:INDEX_SIZE],
    )
    return lambda env: bool(env.execute_query(query))


def get_odoo_caller() -> OdooCaller | None:
    """Return the caller of a handshake, None if there is no request of Odoo."""
    if not request:
        return None
    user = _get_user(request.env)
    by_session = bool(user) and _is_identified_by_session(user)
    from_unknown_site = request.dispatcher.from_unknown_site
    uid = user.id if user else None
    return OdooCaller(uid, by_session, make_odoo_recheck(), from_unknown_site)


def get_odoo_user(env: Environment) -> ResUsers | None:
    """Return the user whom Odoo has authenticated, None for a visitor.

    Odoo uses the session, or the ``auth`` of the endpoint's routing info.

    :raises HTTPException: 403, only a session identifies the user, and the request may
        come from another site
    """
    user = _get_user(env)
    if user and _is_identified_by_session(user):
        check_site()
    return user or None


def _get_user(env: Environment) -> ResUsers | None:
    sender = odoo_caller.get()
    if sender is not None:
        if sender.recheck is None or not sender.recheck(env):
            return None
        return env["res.users"].browse(sender.uid)
    return env["ir.http"]._get_authenticated_user() if request else None


def _is_identified_by_session(user: ResUsers) -> bool:
    """Return whether only a session identifies the user."""
    sender = odoo_caller.get()
    if sender is not None:
        return sender.by_session
    # an API key that ``ir.http._auth_method_bearer`` has read is not ambient: pages of
    # other sites can't send it
    return request.session.uid == user.id and not _get_bearer_key()


def _get_bearer_key() -> str:
    """Return the API key that Odoo has read, an empty text without one."""
    httprequest = request.httprequest
    mount = request.env["fastapi.endpoint"]._get_mounts().find(httprequest.path)
    if mount is None or mount.routing["auth"] != "bearer":
        return ""
    authorization = httprequest.headers.get("Authorization")
    scheme, key = get_authorization_scheme_param(authorization)
    return key.strip() if scheme.lower() == "bearer" else ""


def check_site() -> None:
    """Refuse a request that may come from another site.

    :raises HTTPException: 403
    """
    from_unknown_site = _opens_unknown_site()
    if from_unknown_site:
        raise HTTPException(
            403,
            "With a session, a WebSocket is for pages of this site and of the origins "
            "that the endpoint names.",
        )
    if from_unknown_site is not None:
        return  # safe or not is up to the messages that follow
    method = request.httprequest.method
    if method in SAFE_HTTP_METHODS or _is_from_this_site() or _has_csrf_token():
        return
    raise HTTPException(
        403,
        f"With a session, {method} is for pages of this site: send its Origin, "
        "Sec-Fetch-Site: same-origin, or the session's CSRF token in the header "
        f"{CSRF_HEADER}.",
    )


def check_site_of_endpoint() -> None:
    """Refuse a request that may come from another site if a session opens all routes.

    That is so if the routing info of the endpoint has ``auth="user"``.

    :raises HTTPException: 403
    """
    path = request.httprequest.path
    mount = request.env["fastapi.endpoint"]._get_mounts().find(path)
    if mount is not None and mount.routing["auth"] == "user":
        check_site()


def check_password_site(connection: HTTPConnection) -> None:
    """Refuse a password that a browser has added to the request of another site's page.

    Browsers remember a password that was entered in their own dialog (HTTP Basic), and
    send it with links and forms of all pages. The mode of such a request tells it from
    that of a script, which has to send the password itself.

    :raises HTTPException: 403
    """
    method = connection.scope.get("method")
    headers = connection.headers
    if _opens_unknown_site() or (
        method not in SAFE_HTTP_METHODS
        and headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
        and headers.get("Sec-Fetch-Mode") in ("navigate", "no-cors")
    ):
        raise HTTPException(
            403, "A page of another site can't use a password that the browser knows."
        )


def _opens_unknown_site() -> bool | None:
    """Return whether a page of any site may have opened the WebSocket.

    None if this is not a WebSocket.
    """
    sender = odoo_caller.get()
    if sender is not None:
        return sender.from_unknown_site
    if request and is_upgrade(request.httprequest.environ):
        from_unknown_site: bool = request.dispatcher.from_unknown_site
        return from_unknown_site
    return None


def _is_from_this_site() -> bool:
    """Return whether the browser says that a page of this site sent the request.

    ``Sec-Fetch-Site`` takes precedence: pages can't set it, and it stays right if a
    proxy changes the URL. Browsers omit it over plain HTTP; then ``Origin`` counts.
    """
    httprequest = request.httprequest
    site = httprequest.headers.get("Sec-Fetch-Site")
    if site is not None:
        return bool(site == "same-origin")
    own = f"{httprequest.scheme}://{httprequest.host}"
    return is_known_origin(httprequest.headers.get("Origin"), own)


def _has_csrf_token() -> bool:
    token: str = request.httprequest.headers.get(CSRF_HEADER, "")
    # Odoo's comparison raises TypeError for other characters
    return token.isascii() and bool(request.validate_csrf(token))
