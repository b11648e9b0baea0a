# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes the dependency overrides for authentication, and for apps run as the caller.

The app's own overrides take precedence.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache, partial
from inspect import ismethod
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Host, Mount

from odoo.api import Environment
from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner

from ..app.error_log import iter_routes
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_partner_env,
    company_id,
    fastapi_endpoint,
    fastapi_endpoint_id,
    odoo_env,
    optionally_authenticated_partner_env,
)
from ..exceptions import InvalidCredentials
from .caller import (
    CALLER_KEY,
    PARTNER_IMPLS,
    Caller,
    authenticated_caller,
    authenticated_partner_impl,
    note_partner,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from .route_calls import iter_route_calls
from .run_as import become, check_user, enter_company
from .ways import Authentication, Way, find_authentication

__all__ = [
    "check_runs_as_caller",
    "find_ways",
    "is_by_app",
    "make_overrides",
    "note_callers",
]

Overrides = dict[Callable[..., Any], Callable[..., Any]]

#: Dependencies that identify the caller.
_IDENTIFYING = *PARTNER_IMPLS, authenticated_caller, optionally_authenticated_caller


def make_overrides(
    authentication: Authentication | None,
    *,
    run_as_caller: bool,
    allow_portal_users: bool,
    endpoint_uid: int,
) -> Overrides:
    """Return the overrides of an endpoint.

    :param authentication: None if no way is chosen
    :param run_as_caller: whether ``odoo_env`` is the caller's environment
    :param allow_portal_users: whether users who are not internal may call
    :param endpoint_uid: id of the endpoint's user
    """
    overrides: Overrides = {}
    if authentication is not None:
        overrides.update(_make_partners(authentication))
    if run_as_caller:
        overrides.update(_make_environments(allow_portal_users, endpoint_uid))
    return overrides


def is_by_app(overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> bool:
    """Return whether an app authenticates its callers with its own overrides."""
    return any(
        impl in overrides and not hasattr(overrides[impl], "authentication")
        for impl in PARTNER_IMPLS
    )


def note_callers(overrides: Overrides) -> None:
    """Let an app's own overrides also note whom they find, see ``note_partner``.

    :param overrides: those of the app, before they are put into its routes
    """
    for impl in PARTNER_IMPLS:
        override = overrides.get(impl)
        # ways note their callers; an app may be built again
        done = hasattr(override, "authentication") or hasattr(override, "notes_caller")
        if override is not None and not done:
            overrides[impl] = _noting(override)


def _noting(override: Callable[..., Any]) -> Callable[..., Any]:
    """Return an override that does the same, and notes the partner."""
    # FastAPI's overrides need no hash, but dependencies do
    original = override if isinstance(override, Hashable) else partial(override)

    def partner_of_app(
        connection: HTTPConnection, partner: Annotated[Any, Depends(original)]
    ) -> Any:
        """Return the partner from the app's override."""
        note_partner(connection, partner)
        return partner

    partner_of_app.notes_caller = True  # type: ignore[attr-defined]
    # apps with the same override share routes
    key = "noting", override if ismethod(override) else id(override)
    partner_of_app.sharing_key = key  # type: ignore[attr-defined]
    for name, value in getattr(override, "__dict__", {}).items():
        if not name.startswith("__"):  # a decorator's are about its signature
            setattr(partner_of_app, name, value)
    return partner_of_app


def find_ways(
    overrides: Mapping[Callable[..., Any], Callable[..., Any]],
) -> tuple[Way, ...]:
    """Return the ways to authenticate that overrides of an app use."""
    found = find_authentication(overrides)
    return found.ways if found else ()


def check_runs_as_caller(app: FastAPI) -> None:
    """Refuse routes that depend on ``odoo_env`` in an app without these overrides.

    They would run as the endpoint's user for every caller. Such an app is mounted in
    another one, or comes from an override of ``_get_app``.

    :raises ValueError: there is such a route
    """
    for part in _iter_apps(app):
        if odoo_env in getattr(part, "dependency_overrides", ()):
            continue
        for path, call in iter_route_calls(part.routes):
            if call is odoo_env:
                raise ValueError(
                    f"{path} works with records and can't run as the caller: its app "
                    "does not have the overrides of the endpoint. Include its router "
                    "instead (include_router), or run as the endpoint's user."
                )


def _iter_apps(app: Any) -> Iterator[Any]:
    """Yield an app, and all mounted apps with routes, at all levels."""
    yield app
    for mount in iter_routes(app.routes):
        if isinstance(mount, Mount | Host):
            mounted = mount.app
            while not hasattr(mounted, "routes") and hasattr(mounted, "app"):
                mounted = mounted.app  # of a middleware
            if hasattr(mounted, "routes"):
                yield from _iter_apps(mounted)


def _make_partners(authentication: Authentication) -> Overrides:
    required = authentication.make_dependency(optional=False)
    optional = authentication.make_dependency(optional=True)

    def partner_of_way(
        caller: Annotated[Caller, Depends(required)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> ResPartner:
        """Return the partner of the credential."""
        return odoo_env(company)["res.partner"].browse(caller.partner_id)

    def partner_of_way_if_any(
        caller: Annotated[Caller | None, Depends(optional)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> ResPartner | None:
        """Return the partner of the credential, None without one."""
        return partner_of_way(caller, company) if caller else None

    overrides: Overrides = {
        authenticated_partner_impl: partner_of_way,
        optionally_authenticated_partner_impl: partner_of_way_if_any,
    }
    for override in overrides.values():
        override.authentication = authentication  # type: ignore[attr-defined]
        override.sharing_key = authentication.sharing_key  # type: ignore[attr-defined]
    return overrides


@cache
def _make_environments(allow_portal_users: bool, endpoint_uid: int) -> Overrides:
    def get_env(
        connection: HTTPConnection, caller: Caller, company: int | None
    ) -> Environment:
        # a way has checked its caller; an override of the app may not have
        is_checked = connection.scope.get(CALLER_KEY) is caller
        if caller.user_id is not None and not is_checked:
            try:
                check_user(odoo_env_ctx.get(), caller.user_id, allow_portal_users)
            except InvalidCredentials as err:
                raise HTTPException(401, err.detail) from err
        return enter_company(become(connection, caller), company)

    def env_of_caller(
        connection: HTTPConnection,
        caller: Annotated[Caller, Depends(authenticated_caller)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> Environment:
        """Return the environment of the caller's user."""
        return get_env(connection, caller, company)

    def partner_env_of_caller(
        env: Annotated[Environment, Depends(odoo_env)],
    ) -> Environment:
        """Return the caller's environment; record rules know the partner in it."""
        return env

    def partner_env_of_caller_if_any(
        connection: HTTPConnection,
        caller: Annotated[Caller | None, Depends(optionally_authenticated_caller)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> Environment:
        """Return the caller's environment, or the endpoint's without a caller."""
        return get_env(connection, caller, company) if caller else odoo_env(company)

    def endpoint_of_its_user(
        _id: Annotated[int, Depends(fastapi_endpoint_id)],
    ) -> BaseModel:
        """Return the endpoint in its user's environment, as callers can't read it."""
        env = odoo_env_ctx.get()(user=endpoint_uid)
        return env["fastapi.endpoint"].browse(_id)

    overrides: Overrides = {
        odoo_env: env_of_caller,
        authenticated_partner_env: partner_env_of_caller,
        optionally_authenticated_partner_env: partner_env_of_caller_if_any,
        fastapi_endpoint: endpoint_of_its_user,
    }
    for override in overrides.values():
        # the app's code that identifies the caller runs as the endpoint's user
        override.not_below = _IDENTIFYING  # type: ignore[attr-defined]
    return overrides
