# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may read the documentation of an app, and whose name and logo it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..bridge import get_state, wsgi_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

__all__ = ["DocsAccess", "DocsBrand", "DocsGuard", "get_access", "get_guard"]


class DocsAccess(Enum):
    """The response to a request for documentation."""

    #: The documentation.
    GRANTED = "granted"
    #: A redirect to the login page, or a 401.
    LOGIN = "login"
    #: A 403.
    REFUSED = "refused"
    #: A 404.
    ABSENT = "absent"


@dataclass(frozen=True)
class DocsBrand:
    """Name and logo on the documentation pages.

    :param name: name of the company
    :param logo_path: URL path of its logo, None without a logo
    """

    name: str
    logo_path: str | None = None


@dataclass
class DocsGuard:
    """Tells who may read the documentation of an app.

    Every request has a guard, so it only calls its functions when they are needed.

    :param ask: returns the access to the documentation at a path
    :param path_info: ``PATH_INFO`` of WSGI, with the root path
    :param script_name: ``SCRIPT_NAME`` of WSGI, the prefix of a reverse proxy
    :param handled: whether a route of the documentation has handled the request
    :param ask_brand: returns the brand of a path, None to show none
    """

    ask: Callable[[str], DocsAccess]
    path_info: str
    script_name: str = ""
    handled: bool = False
    ask_brand: Callable[[str], DocsBrand | None] = lambda _path: None

    def get_brand(self) -> DocsBrand | None:
        """Return the brand. The path of its logo has the prefix of a reverse proxy."""
        brand = self.ask_brand(wsgi_path({"PATH_INFO": self.path_info}))
        if brand and brand.logo_path:
            prefix = quote(wsgi_path({"PATH_INFO": self.script_name}))
            return replace(brand, logo_path=prefix + brand.logo_path)
        return brand

    @cached_property
    def access(self) -> DocsAccess:
        """The access of the request."""
        return self.ask(wsgi_path({"PATH_INFO": self.path_info}))

    @property
    def login_path(self) -> str:
        """Path of the login page."""
        return wsgi_path({"PATH_INFO": f"{self.script_name}/web/login"})


def get_guard(scope: Scope) -> DocsGuard | None:
    """Return the guard of a request, None without Odoo."""
    state = get_state(scope)
    return state.docs_guard if state else None


def get_access(scope: Scope) -> DocsAccess:
    """Return the access of a request to the documentation."""
    guard = get_guard(scope)
    return guard.access if guard else DocsAccess.GRANTED
