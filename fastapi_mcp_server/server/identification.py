# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The hidden route of the MCP server: finds out who calls.

The dependencies of the app apply to it, so rates count its requests. It authenticates
the caller in the ways of the endpoint.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from starlette.requests import HTTPConnection

from odoo.addons.fastapi.app.openapi import GROUPS_KEY
from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.auth.caller import (
    authenticated_caller,
    authenticated_partner_impl,
    optionally_authenticated_caller,
    optionally_authenticated_partner_impl,
)
from odoo.addons.fastapi.auth.ways import NOT_AUTHENTICATED, find_authentication
from odoo.addons.fastapi.bridge import IDENTIFICATION_KEY
from odoo.addons.fastapi.context import odoo_env_ctx

from ..tools import RouteCall, ToolSet
from .access import may_call
from .authorization import MCP_PATH

__all__ = ["Visible", "add_hidden_route"]


class Visible:
    """Which tools, resources and prompts a caller may see.

    They see nothing if a middleware responds instead of the hidden route.

    :param offered: all that the MCP server offers
    """

    def __init__(self, offered: ToolSet) -> None:
        self._offered = offered
        self._caller: Caller | None = None
        self._is_known = self._sees_all = False
        self._groups: dict[str, bool] = {}

    def note(self, connection: HTTPConnection, caller: Caller | None) -> None:
        """Store who calls.

        :raises HTTPException: 401, an anonymous caller may call nothing
        """
        self._caller, self._is_known = caller, True
        calls = self._offered.calls
        if caller is None:
            if calls and not any(map(self.may_see, calls)):
                overrides = connection.app.dependency_overrides
                authentication = find_authentication(overrides)
                if authentication is not None:
                    raise authentication.refuse_anonymous()
                raise HTTPException(401, NOT_AUTHENTICATED)
            return
        groups = {
            group
            for call in calls
            for requirement in call.operation.get(GROUPS_KEY, ())
            for group in requirement
        }
        if groups and caller.user_id is not None:
            user = odoo_env_ctx.get()["res.users"].sudo().browse(caller.user_id)
            self._groups = {group: user._has_group(group) for group in groups}

    def show_all(self) -> None:
        """Store that anyone may see all."""
        self._sees_all = True

    def may_see(self, call: RouteCall) -> bool:
        if self._sees_all:
            return True
        return self._is_known and may_call(
            call, self._caller, lambda group: self._groups.get(group, False)
        )


def add_hidden_route(app: FastAPI) -> None:
    """Add the route to an app, before all others.

    :param app: has its dependency overrides
    """
    app.router.add_api_route(
        MCP_PATH,
        _make_handler(app),
        methods=["POST"],
        include_in_schema=False,
        name="mcp_server",
    )
    # a route for all paths, or a mount at the root, would match first
    app.router.routes.insert(0, app.router.routes.pop())


def _make_handler(app: FastAPI) -> Callable[..., Any]:
    """Return the handler: it authenticates callers if the app can do that."""
    overrides = app.dependency_overrides
    if optionally_authenticated_partner_impl in overrides:
        identify: Any = optionally_authenticated_caller
    elif authenticated_partner_impl in overrides:
        identify = authenticated_caller
    else:

        def show_all(connection: HTTPConnection) -> None:
            """Only the dependencies of the app protect the tools."""
            visible = connection.scope.get(IDENTIFICATION_KEY)
            if visible is not None:
                visible.show_all()

        return show_all

    def note_caller(
        connection: HTTPConnection, caller: Annotated[Any, Depends(identify)]
    ) -> None:
        visible = connection.scope.get(IDENTIFICATION_KEY)
        if visible is not None:
            visible.note(connection, caller)

    return note_caller
