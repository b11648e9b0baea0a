# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependencies of route handlers, for ``Depends``.

Apps can override each of them (``dependency_overrides``). They have to override
``fastapi_endpoint_id`` and those that end in ``_impl``.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Header, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBasicCredentials
from starlette.requests import HTTPConnection

from odoo.api import Environment
from odoo.models import BaseModel

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.base.models.res_users import ResUsers

from .auth.basic import BasicScheme, authenticate_basic
from .auth.caller import (
    Caller,
    authenticated_caller,
    authenticated_partner_impl,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from .auth.requirements import require_group, require_scopes
from .auth.session import check_password_site, get_odoo_user
from .context import odoo_env_ctx
from .exceptions import InvalidCredentials
from .schemas import Paging
from .transactions import Transactions

__all__ = [
    "Caller",
    "accept_language",
    "authenticated_caller",
    "authenticated_partner",
    "authenticated_partner_env",
    "authenticated_partner_from_basic_auth_user",
    "authenticated_partner_from_odoo_user",
    "authenticated_partner_impl",
    "basic_auth_user",
    "company_id",
    "fastapi_endpoint",
    "fastapi_endpoint_id",
    "make_paging",
    "odoo_env",
    "odoo_user",
    "optionally_authenticated_caller",
    "optionally_authenticated_partner",
    "optionally_authenticated_partner_env",
    "optionally_authenticated_partner_impl",
    "own_value",
    "paging",
    "require_group",
    "require_scopes",
    "transactions",
]

#: Default number of records on a page.
PAGE_SIZE = 80
#: Largest number of records on a page that a client may ask for.
MAX_PAGE_SIZE = 1000
#: Largest number of a page, and of records on it. The product of both fits into a
#: bigint of PostgreSQL.
MAX_PAGE = 2**31 - 1
PAGE_SIZE_DESCRIPTION = "Most items on a page."
Page = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description="Number of the page, from 1.")
]


def company_id() -> int | None:
    """Return the id of the company of the environment.

    The app of an endpoint overrides this with the company of the endpoint. An override
    may also read it from the request.

    :return: id of a company of the user, None for the default company
    """
    return None


def own_value(dependency: Callable[..., Any], value: Any) -> Callable[..., Any]:
    """Return an override of a dependency: a value of one app.

    Apps that differ only in such values use the same routes, see ``app.lazy_routes``::

        overrides[get_stock_location_id] = own_value(get_stock_location_id, 7)
    """

    def get_value(connection: HTTPConnection = None) -> Any:  # type: ignore[assignment]
        app = connection and connection.scope.get("app")
        overrides = getattr(app, "dependency_overrides", {})
        return getattr(overrides.get(dependency), "value", value)

    get_value.value = value  # type: ignore[attr-defined]
    get_value.dependency = dependency  # type: ignore[attr-defined]
    get_value.sharing_key = own_value  # type: ignore[attr-defined]
    return get_value


def odoo_env(company_id: Annotated[int | None, Depends(company_id)]) -> Environment:
    """Return the environment of the request.

    It has the endpoint's user and the client's language. If the app runs as the caller,
    it has the caller's user, and clients have to authenticate. Use
    ``authenticated_partner_env`` if record rules depend on the partner.

    :raises LookupError: called outside of a request
    """
    env = odoo_env_ctx.get()
    if company_id is not None:
        env = env(context=dict(env.context, allowed_company_ids=[company_id]))
    return env


Env: TypeAlias = Annotated[Environment, Depends(odoo_env)]
Partner: TypeAlias = Annotated[ResPartner, Depends(authenticated_partner_impl)]
OptionalPartner: TypeAlias = Annotated[
    ResPartner | None, Depends(optionally_authenticated_partner_impl)
]


def transactions(env: Env) -> Transactions:
    """Return an object that runs functions in transactions of their own.

    For WebSocket handlers, which have no transaction after ``accept``::

        Tx = Annotated[Transactions, Depends(transactions)]

        async def add(ws: WebSocket, tx: Tx):
            await ws.accept()
            name = await ws.receive_text()
            await tx.run(lambda env: env["res.partner"].create({"name": name}).id)

    In other handlers, for what has to be saved even if the request fails.
    """
    return Transactions(env)


def fastapi_endpoint_id() -> int:
    """Return the id of the endpoint. The app of an endpoint overrides this.

    :raises NotImplementedError: the app does not belong to an endpoint
    """
    raise NotImplementedError(
        "No endpoint: fastapi_endpoint_id is not in the app's dependency_overrides."
    )


def fastapi_endpoint(
    _id: Annotated[int, Depends(fastapi_endpoint_id)], env: Env
) -> BaseModel:
    """Return the ``fastapi.endpoint`` that serves the request."""
    return env["fastapi.endpoint"].browse(_id)


def authenticated_partner_env(partner: Partner) -> Environment:
    """Return an environment with the partner's id as ``authenticated_partner_id``.

    Record rules can use that name, to restrict the records to those of the partner.
    """
    return partner.with_context(authenticated_partner_id=partner.id).env


def authenticated_partner(
    partner: Partner,
    partner_env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> ResPartner:
    """Return the calling partner, in ``authenticated_partner_env``."""
    return partner_env["res.partner"].browse(partner.id)


def optionally_authenticated_partner_env(
    partner: OptionalPartner, env: Env
) -> Environment:
    """Return ``authenticated_partner_env``, or ``odoo_env`` for an anonymous caller."""
    return authenticated_partner_env(partner) if partner else env


def optionally_authenticated_partner(
    partner: OptionalPartner,
    partner_env: Annotated[Environment, Depends(optionally_authenticated_partner_env)],
) -> ResPartner | None:
    """Return the calling partner, or None for an anonymous caller."""
    return partner_env["res.partner"].browse(partner.id) if partner else None


@cache
def make_paging(
    page_size: int = PAGE_SIZE, max_page_size: int = MAX_PAGE_SIZE
) -> Callable[..., Paging]:
    """Return an override of ``paging`` with other page sizes::

        overrides[paging] = make_paging(page_size=20, max_page_size=5000)

    :param page_size: default number of records on a page
    :param max_page_size: largest number that a client may ask for
    """

    def get_paging(
        page: Page = 1,
        page_size: Annotated[
            int, Query(ge=1, le=max_page_size, description=PAGE_SIZE_DESCRIPTION)
        ] = page_size,
    ) -> Paging:
        """Return offset and limit of the page that the client asks for.

        For other page sizes, override this with :func:`make_paging`, or with a function
        that calls this one. Such a call may pass any size.

        :param page: number of the page, from 1
        :param page_size: records on a page
        :raises RequestValidationError: 422, an override has passed a number that is too
            large
        """
        if max(page, page_size) > MAX_PAGE:
            error = {
                "type": "value_error",
                "loc": ("query", "page"),
                "msg": f"Page {page} of {page_size} records is out of any range.",
                "input": page,
            }
            raise RequestValidationError([error])
        return Paging(limit=page_size, offset=(page - 1) * page_size)

    return get_paging


#: Dependency: offset and limit of the page that the client asks for.
paging = make_paging()


def basic_auth_user(
    credential: Annotated[HTTPBasicCredentials, Depends(BasicScheme())],
    env: Env,
    connection: HTTPConnection = None,  # type: ignore[assignment]
) -> ResUsers:
    """Return the user whose login and password the client sent.

    Unknown logins take as long as wrong passwords. The process caches valid credentials
    for some minutes. The transaction of the request only reads. Failures are counted
    after it.

    :param connection: connection of the client; None for Odoo's request
    :raises HTTPException: 401, missing or wrong credentials; 403, a page of another
        site uses a password that the browser knows; 429, too many failures
    """
    if connection is not None:
        check_password_site(connection)
    try:
        user_id = authenticate_basic(credential, connection, env)
    except InvalidCredentials as err:
        headers = {"WWW-Authenticate": "Basic"}
        raise HTTPException(401, err.detail, headers) from err
    return env["res.users"].browse(user_id)


def authenticated_partner_from_basic_auth_user(
    user: Annotated[ResUsers, Depends(basic_auth_user)], env: Env
) -> ResPartner:
    """Override ``authenticated_partner_impl`` with ``basic_auth_user``'s partner."""
    return env["res.partner"].browse(user.sudo().partner_id.id)


def odoo_user(env: Env) -> ResUsers:
    """Return the user whom Odoo has authenticated, in the environment of the request.

    Odoo authenticates by session, or as the ``auth`` of ``_get_routing_info`` says
    (``bearer``: by API key). The environment keeps its own user.

    Browsers also send the session with requests from pages of other sites. So a request
    with an unsafe method needs ``Sec-Fetch-Site: same-origin``, an ``Origin`` of this
    site, or Odoo's token in the header ``X-CSRF-Token``.

    :raises HTTPException: 401, no user is authenticated; 403, the request has a session
        and may come from another site
    """
    user = get_odoo_user(env)
    if not user:
        raise HTTPException(401, "Not logged in", {"WWW-Authenticate": "Bearer"})
    return user


def authenticated_partner_from_odoo_user(
    user: Annotated[ResUsers, Depends(odoo_user)], env: Env
) -> ResPartner:
    """Override ``authenticated_partner_impl`` with ``odoo_user``'s partner."""
    return env["res.partner"].browse(user.sudo().partner_id.id)


def accept_language(
    accept_language: Annotated[
        str | None,
        Header(
            alias="Accept-Language",
            description="Languages for the response, the preferred one first: "
            "`fr-BE,fr;q=0.9,en;q=0.5`. If none of them is installed, the response is "
            "in the default language.",
        ),
    ] = None,
) -> str | None:
    """Return the header; the dispatcher sets the language before an app runs.

    The app of an endpoint depends on this, and documents the header once. If a route, a
    router or an app explicitly depends on it, each operation documents the header.
    """
    return accept_language


#: Requests call it only if something depends on its value.
accept_language.documents_only = True  # type: ignore[attr-defined]
