# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Checks whether a user may call an API, and runs requests as the caller's user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException

from odoo.exceptions import MissingError

from ..bridge import get_state
from ..context import odoo_env_ctx
from ..exceptions import InvalidCredentials

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from odoo.api import Environment

    from odoo.addons.base.models.res_users import ResUsers

    from .caller import Caller

__all__ = [
    "ENDPOINT_USER_KEY",
    "RUNS_AS_KEY",
    "become",
    "check_user",
    "enter_company",
    "get_user",
    "is_active",
]

#: Key of the ASGI scope: user, context and mode of the environment before ``become``.
ENDPOINT_USER_KEY = "odoo.fastapi.endpoint_user"
#: Key of the ASGI scope: the caller whose user the request runs as.
RUNS_AS_KEY = "odoo.fastapi.runs_as"


def get_user(env: Environment, user_id: int) -> ResUsers:
    """Return a user with sudo, and fetch only the fields that each request needs."""
    user = env["res.users"].sudo().browse(user_id)
    user.fetch(["active", "partner_id"])
    return user


def is_active(user_id: int, env: Environment) -> bool:
    """Return whether a user exists and is not archived."""
    try:
        return bool(get_user(env, user_id).active)
    except MissingError:
        return False


def check_user(env: Environment, user_id: int, allow_portal_users: bool) -> None:
    """Refuse a user who may not call an API, even with a valid credential.

    :raises InvalidCredentials: the user is archived
    :raises HTTPException: 403, another kind of user is refused
    """
    if not is_active(user_id, env):
        raise InvalidCredentials("The credentials are not valid any more.")
    user = get_user(env, user_id)
    if user._is_superuser() or user._is_public():
        raise HTTPException(403, "This user can't call the API.")
    if not allow_portal_users and not user._is_internal():
        raise HTTPException(403, "Only internal users can call this API.")


def become(connection: HTTPConnection, caller: Caller) -> Environment:
    """Run the rest of the request as the caller's user.

    Computations that are pending at the commit run as that user, too. The language
    comes from ``Accept-Language``, or else from the user. Record rules can use
    ``authenticated_partner_id``.

    :return: the environment of the handlers
    :raises HTTPException: 403, the caller has no user
    """
    env = odoo_env_ctx.get()
    if env.uid == caller.user_id and connection.scope.get(RUNS_AS_KEY) == caller:
        return env
    if caller.user_id is None:
        raise HTTPException(
            403, "You have no user in Odoo, and this API needs the rights of a user."
        )
    user = env.uid, env.context, env.su
    connection.scope.setdefault(ENDPOINT_USER_KEY, user)
    header = connection.headers.get("Accept-Language")
    lang = env["res.lang"]._get_lang_from_accept_language(header)
    env = env(user=caller.user_id, su=False)
    context = {**env.context, **env["res.users"].context_get()}
    context["authenticated_partner_id"] = caller.partner_id
    if lang:
        context["lang"] = lang
    env = env(context=context)
    odoo_env_ctx.set(env)
    env.transaction.default_env = env
    state = get_state(connection.scope)
    if state is not None:
        state.caller_env = env
    connection.scope[RUNS_AS_KEY] = caller
    return env


def enter_company(env: Environment, company_id: int | None) -> Environment:
    """Return the environment of the caller's user in a company.

    :param company_id: None for the user's default company
    :raises HTTPException: 403, the user does not belong to the company
    """
    if company_id is None:
        return env
    if company_id not in env.user._get_company_ids():
        raise HTTPException(
            403, "Your user does not belong to the company that this API works in."
        )
    return env(context=dict(env.context, allowed_company_ids=[company_id]))
