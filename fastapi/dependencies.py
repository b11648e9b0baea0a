# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a route handler can ask for with ``Depends``.

Each of these is also a key of an app's ``dependency_overrides``. Those ending in
``_impl``, and ``fastapi_endpoint_id``, are there to be overridden: they name something
that only the app can know.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Query, status
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
from .auth.session import get_odoo_user
from .context import odoo_env_ctx
from .exceptions import InvalidCredentials
from .schemas import Paging

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
    "paging",
    "require_group",
    "require_scopes",
]

#: Records on a page unless the client asks for another number.
PAGE_SIZE = 80
#: Most records on a page that a client may ask for.
MAX_PAGE_SIZE = 1000
#: Largest number of a page, and of records on it: what is left out by both together is
#: still a number for PostgreSQL (bigint).
MAX_PAGE = 2**31 - 1
#: What the documentation says of the query parameter ``page_size``.
PAGE_SIZE_DESCRIPTION = "Most items on a page."
#: The query parameter ``page``.
Page = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description="Number of the page, from 1.")
]


def company_id() -> int | None:
    """Return the id of the company that the environment works in.

    :return: None for the default company of the user. An app of an endpoint overrides
        this with the company of the endpoint; an override of yours may take it from
        the request. The user must be allowed to work in it.
    """
    return None


def odoo_env(company_id: Annotated[int | None, Depends(company_id)]) -> Environment:
    """Return the environment of the request.

    Its user is that of the endpoint, its context holds the language of the client. In
    an app that runs as the caller, it is the caller's environment, and clients have to
    authenticate. Use ``authenticated_partner_env`` where record rules restrict what a
    partner sees.

    :raises LookupError: called outside of a request
    """
    env = odoo_env_ctx.get()
    if company_id is not None:
        env = env(context=dict(env.context, allowed_company_ids=[company_id]))
    return env


def fastapi_endpoint_id() -> int:
    """Return the id of the endpoint; overridden by the app of each endpoint.

    :raises NotImplementedError: the app is none of an endpoint
    """
    raise NotImplementedError(
        "No endpoint: fastapi_endpoint_id is not in the app's dependency_overrides."
    )


def fastapi_endpoint(
    _id: Annotated[int, Depends(fastapi_endpoint_id)],
    env: Annotated[Environment, Depends(odoo_env)],
) -> BaseModel:
    """Return the ``fastapi.endpoint`` that serves the request."""
    return env["fastapi.endpoint"].browse(_id)


def authenticated_partner_env(
    partner: Annotated[ResPartner, Depends(authenticated_partner_impl)],
) -> Environment:
    """Return the environment with the partner's id as ``authenticated_partner_id``.

    Record rules can use that name: this is the environment to read an authenticated
    partner's records with.
    """
    return partner.with_context(authenticated_partner_id=partner.id).env


def authenticated_partner(
    partner: Annotated[ResPartner, Depends(authenticated_partner_impl)],
    partner_env: Annotated[Environment, Depends(authenticated_partner_env)],
) -> ResPartner:
    """Return the partner who calls, in ``authenticated_partner_env``."""
    return partner_env["res.partner"].browse(partner.id)


def optionally_authenticated_partner_env(
    partner: Annotated[
        ResPartner | None, Depends(optionally_authenticated_partner_impl)
    ],
    env: Annotated[Environment, Depends(odoo_env)],
) -> Environment:
    """Return ``authenticated_partner_env``, or ``odoo_env`` for an anonymous caller."""
    if partner:
        return partner.with_context(authenticated_partner_id=partner.id).env
    return env


def optionally_authenticated_partner(
    partner: Annotated[
        ResPartner | None, Depends(optionally_authenticated_partner_impl)
    ],
    partner_env: Annotated[Environment, Depends(optionally_authenticated_partner_env)],
) -> ResPartner | None:
    """Return the partner who calls, None for an anonymous one."""
    if partner:
        return partner_env["res.partner"].browse(partner.id)
    return None


def paging(
    page: Page = 1,
    page_size: Annotated[
        int, Query(ge=1, le=MAX_PAGE_SIZE, description=PAGE_SIZE_DESCRIPTION)
    ] = PAGE_SIZE,
) -> Paging:
    """Return which records of a search the client asks for.

    An app that has pages of other sizes overrides this, by :func:`make_paging` or by a
    function that calls this one: called, it takes any size.

    :param page: number of the page, from 1
    :param page_size: records on a page
    :raises RequestValidationError: 422, called by an override that takes larger numbers
    """
    if max(page, page_size) > MAX_PAGE:
        raise RequestValidationError(
            [
                {
                    "type": "value_error",
                    "loc": ("query", "page"),
                    "msg": f"Page {page} of {page_size} records is out of any range.",
                    "input": page,
                }
            ]
        )
    return Paging(limit=page_size, offset=(page - 1) * page_size)


def make_paging(
    page_size: int = PAGE_SIZE, max_page_size: int = MAX_PAGE_SIZE
) -> Callable[..., Paging]:
    """Return an override of :func:`paging`, with pages of other sizes::

        overrides[paging] = make_paging(page_size=20, max_page_size=5000)

    :param page_size: records on a page unless the client asks for another number
    :param max_page_size: largest number that a client may ask for
    """

    def get_paging(
        page: Page = 1,
        page_size: Annotated[
            int, Query(ge=1, le=max_page_size, description=PAGE_SIZE_DESCRIPTION)
        ] = page_size,
    ) -> Paging:
        return paging(page, page_size)

    return get_paging


def basic_auth_user(
    credential: Annotated[HTTPBasicCredentials, Depends(BasicScheme())],
    env: Annotated[Environment, Depends(odoo_env)],
    connection: HTTPConnection = None,
) -> ResUsers:
    """Return the user whose login and password the client sent.

    The time that it takes does not tell which logins exist. The process remembers a
    right credential for some minutes. Nothing is written, except that failures are
    counted after the transaction.

    :param connection: of the client; None for that of Odoo's request
    :raises HTTPException: 401, missing or wrong credentials; 429 after too many
        failures
    """
    try:
        user_id = authenticate_basic(credential, connection, env)
    except InvalidCredentials as err:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail=err.detail,
            headers={"WWW-Authenticate": "Basic"},
        ) from err
    return env["res.users"].browse(user_id)


def authenticated_partner_from_basic_auth_user(
    user: Annotated[ResUsers, Depends(basic_auth_user)],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner:
    """Return the partner of ``basic_auth_user``: for ``authenticated_partner_impl``."""
    return env["res.partner"].browse(user.sudo().partner_id.id)


def odoo_user(env: Annotated[Environment, Depends(odoo_env)]) -> ResUsers:
    """Return the user whom Odoo has authenticated, in the environment of the request.

    That is who is logged in with the session of the request, or with what else the
    ``auth`` of ``_get_routing_info`` asks for (``bearer``: an API key). It does not
    become the user of the environment.

    Browsers also send a session with requests from pages of other sites. So a request
    that may change something needs ``Sec-Fetch-Site: same-origin``, an ``Origin`` of
    this site, or Odoo's token in the header ``X-CSRF-Token``.

    :raises HTTPException: 401, no user is authenticated; 403, the request has a session
        and may come from another site
    """
    user = get_odoo_user(env)
    if user:
        return user
    raise HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Not logged in",
        headers={"WWW-Authenticate": "Bearer"},
    )


def authenticated_partner_from_odoo_user(
    user: Annotated[ResUsers, Depends(odoo_user)],
    env: Annotated[Environment, Depends(odoo_env)],
) -> ResPartner:
    """Return the partner of ``odoo_user``: for ``authenticated_partner_impl``."""
    return env["res.partner"].browse(user.sudo().partner_id.id)


def accept_language(
    accept_language: Annotated[
        str | None,
        Header(
            alias="Accept-Language",
            description="Languages for the answer, the preferred one first, as in "
            "`fr-BE,fr;q=0.9,en;q=0.5`. Without one that is installed, the answer is "
            "in the default language.",
        ),
    ] = None,
) -> str | None:
    """Document the header: Odoo has set the language before an app runs.

    Every app of an endpoint depends on it, and describes the header once. A route, a
    router or an app that depends on it besides has it as a parameter of each operation.
    """
    return accept_language


#: Nothing to do on a request, unless somebody asks for the value.
accept_language.documents_only = True
