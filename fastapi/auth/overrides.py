# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dependency overrides of an endpoint that authenticates, or runs as the caller.

The app's own overrides win over them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import Host, Mount

from odoo.api import Environment
from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner

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
    Caller,
    authenticated_caller,
    authenticated_partner_impl,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from .run_as import become, check_user, enter_company
from .ways import Authentication, Way

__all__ = ["check_runs_as_caller", "find_ways", "is_by_app", "make_overrides"]

Overrides = dict[Callable[..., Any], Callable[..., Any]]

#: Dependencies that apps override to identify the caller.
_IMPLS = authenticated_partner_impl, optionally_authenticated_partner_impl
_TELL_WHO_CALLS = *_IMPLS, authenticated_caller, optionally_authenticated_caller


def make_overrides(
    authentication: Authentication | None,
    *,
    run_as_caller: bool,
    allow_portal_users: bool,
    endpoint_uid: int,
) -> Overrides:
    """Return the overrides of an endpoint.

    :param authentication: None if no way is chosen
    :param run_as_caller: whether ``odoo_env`` is the caller's
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
    """Return whether an app authenticates its callers by overrides of its own."""
    return any(
        impl in overrides and not hasattr(overrides[impl], "authentication")
        for impl in _IMPLS
    )


def find_ways(
    overrides: Mapping[Callable[..., Any], Callable[..., Any]],
) -> tuple[Way, ...]:
    """Return the ways to authenticate that overrides of an app use."""
    for impl in _IMPLS:
        authentication = getattr(overrides.get(impl), "authentication", None)
        if authentication is not None:
            return authentication.ways
    return ()


def check_runs_as_caller(app: FastAPI) -> None:
    """Look for routes that work with records, but have not got these overrides.

    They would run as the endpoint's user for any caller. Such are routes of an app that
    is mounted in another one, or of an app that an override of ``_get_app`` returns.

    :raises ValueError: there is such a route
    """
    for part in _iter_apps(app):
        if odoo_env in getattr(part, "dependency_overrides", ()):
            continue
        for route in iter_route_contexts(part.routes):
            if isinstance(route.original_route, APIRoute) and _asks_for_env(
                route.dependant
            ):
                raise ValueError(
                    f"{route.path_format} works with records and can't run as the "
                    "caller: its app, mounted or of its own, has no overrides of the "
                    "endpoint. Include its router instead (include_router), or run as "
                    "the endpoint's user."
                )


def _iter_apps(app: Any) -> Iterator[Any]:
    """Yield an app, and what is mounted in it, however deep, that has routes."""
    yield app
    for context in iter_route_contexts(app.routes):
        route = context._effective_route
        # as in app.exception_handlers.record_mounted_apps
        mount = getattr(route, "starlette_route", None) or route
        if isinstance(mount, Mount | Host):
            mounted = mount.app
            while not hasattr(mounted, "routes") and hasattr(mounted, "app"):
                mounted = mounted.app  # of a middleware
            if hasattr(mounted, "routes"):
                yield from _iter_apps(mounted)


def _asks_for_env(dependant: Dependant) -> bool:
    # the app may call a replacement of the function, which has its names
    call = dependant.call
    return (
        getattr(call, "__module__", ""),
        getattr(call, "__qualname__", ""),
    ) == (odoo_env.__module__, odoo_env.__qualname__) or any(
        map(_asks_for_env, dependant.dependencies)
    )


def _make_partners(authentication: Authentication) -> Overrides:
    required, optional = authentication.required, authentication.optional

    def partner_of_way(
        caller: Annotated[Caller, Depends(required)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> ResPartner:
        """Return the partner whose credential was sent."""
        return odoo_env(company)["res.partner"].browse(caller.partner_id)

    def partner_of_way_if_any(
        caller: Annotated[Caller | None, Depends(optional)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> ResPartner | None:
        """Return the partner whose credential was sent, None without one."""
        if caller is None:
            return None
        return odoo_env(company)["res.partner"].browse(caller.partner_id)

    overrides: Overrides = {
        authenticated_partner_impl: partner_of_way,
        optionally_authenticated_partner_impl: partner_of_way_if_any,
    }
    for override in overrides.values():
        override.authentication = authentication
    return overrides


def _make_environments(allow_portal_users: bool, endpoint_uid: int) -> Overrides:
    def get_env(
        connection: HTTPConnection, caller: Caller, company: int | None
    ) -> Environment:
        is_checked = connection.scope.get(CALLER_KEY) is caller
        # else an override of the app has identified the caller
        if caller.user_id is not None and not is_checked:
            env = odoo_env_ctx.get()
            try:
                check_user(env, caller.user_id, allow_portal_users)
            except InvalidCredentials as err:
                raise HTTPException(401, err.detail) from err
        return enter_company(become(connection, caller), company)

    def env_of_caller(
        connection: HTTPConnection,
        caller: Annotated[Caller, Depends(authenticated_caller)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> Environment:
        """Return the environment of the user who calls."""
        return get_env(connection, caller, company)

    def partner_env_of_caller(
        env: Annotated[Environment, Depends(odoo_env)],
    ) -> Environment:
        """Return the caller's environment, where rules know the partner already."""
        return env

    def partner_env_of_caller_if_any(
        connection: HTTPConnection,
        caller: Annotated[Caller | None, Depends(optionally_authenticated_caller)],
        company: Annotated[int | None, Depends(company_id)],
    ) -> Environment:
        """Return the caller's environment, the endpoint's for an anonymous caller."""
        if caller is None:
            return odoo_env(company)
        return get_env(connection, caller, company)

    def endpoint_of_its_user(
        _id: Annotated[int, Depends(fastapi_endpoint_id)],
    ) -> BaseModel:
        """Return the endpoint as its user sees it: callers can't read endpoints."""
        env = odoo_env_ctx.get()
        return env(user=endpoint_uid)["fastapi.endpoint"].browse(_id)

    overrides: Overrides = {
        odoo_env: env_of_caller,
        authenticated_partner_env: partner_env_of_caller,
        optionally_authenticated_partner_env: partner_env_of_caller_if_any,
        fastapi_endpoint: endpoint_of_its_user,
    }
    for override in overrides.values():
        # an override of the app that identifies the caller runs as the endpoint's user
        override.not_below = _TELL_WHO_CALLS
    return overrides
