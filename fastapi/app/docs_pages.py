# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Documentation pages that work offline and have access rights.

FastAPI adds routes for Swagger UI, ReDoc, the redirect of OAuth2 and ``openapi.json``.
Its pages load scripts from other servers. This module replaces these routes by others,
which

* also serve the scripts (``docs_assets``);
* check who may read the documentation (``docs_guard``);
* send a policy that allows no other scripts (``_POLICY``);
* show name and logo of the company, and have a dark mode.

Routes that a developer has written do not change, nor do the settings of the app:
paths, title, parameters of Swagger UI.
"""

from __future__ import annotations

import html
import json
import secrets
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin

from fastapi.openapi.docs import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route

from .docs_assets import get_asset_url, serve_asset
from .docs_guard import DocsAccess, get_access, get_guard
from .error_log import iter_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

__all__ = [
    "DocsRoute",
    "PageRoute",
    "has_docs",
    "is_docs_route",
    "locate_document",
    "replace_docs",
]

#: FastAPI's names of the routes to which browsers are redirected from the root path.
_LED = ("swagger_ui_html", "redoc_html")

OAUTH_URLS = {"authorizationUrl", "refreshUrl", "tokenUrl"}

#: Key of the ASGI scope: the routes that are searched without running their app.
_ROUTES_KEY = "odoo.fastapi.searched_routes"

#: A page changes with its scripts, and with the rights of its reader.
_PAGE_HEADERS = {"Cache-Control": "private, no-cache"}
#: Content Security Policy of a page: only its own scripts, which have the nonce, no
#: frames, no forms. Both pages need inline styles, and ReDoc searches in a worker. A
#: description may have images of other servers, and *Try it out* may call any server in
#: the document.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src * data: blob:",
        "font-src 'self' data:",
        "connect-src *",
        "worker-src blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
#: Folder with the styles of the pages, and a script for ReDoc.
_STATIC = Path(__file__).parent.parent / "static" / "docs"

_replacing = threading.Lock()


class DocsRoute(Route):
    """A route of the documentation. It does not match if that is switched off."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        #: Part of every path that matches.
        self._mark = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # must be fast: most requests are for other routes, but try this one first
        if scope["type"] != "http" or self._mark not in scope["path"]:
            return Match.NONE, {}
        match, child_scope = super().matches(scope)
        if match is not Match.NONE and get_access(scope) is DocsAccess.ABSENT:
            return Match.NONE, {}
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        guard = get_guard(scope)
        if guard:
            guard.handled = True
        await super().handle(scope, receive, send)


class PageRoute(DocsRoute):
    """A route of a page, to which browsers are redirected from the root path.

    Routes of the app take precedence. Other clients get the app's 404, and so do
    browsers whose users may not read the documentation.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is Match.NONE and _is_base_url(scope) and self._leads(scope):
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}
        return match, child_scope

    def _leads(self, scope: Scope) -> bool:
        """Return whether a browser is redirected from the root path to the page."""
        accept = b",".join(v for name, v in scope["headers"] if name == b"accept")
        if scope["method"] not in ("GET", "HEAD") or b"text/html" not in accept:
            return False
        if get_access(scope) is not DocsAccess.GRANTED:
            return False
        # FastAPI tries the files of a frontend after all routes
        match_files = getattr(
            getattr(scope.get("app"), "router", None), "_match_low_priority", None
        )
        if match_files is not None and match_files({**scope})[0] is not Match.NONE:
            return False
        base_url = scope["path"].rstrip("/")
        # the app may redirect to the path with a slash
        return not any(
            route.matches({**scope, "path": path})[0] is Match.FULL
            for path in {scope["path"], f"{base_url}/"}
            for route in scope.get(_ROUTES_KEY) or scope["app"].routes
            if not isinstance(route, PageRoute)
        )


def _is_base_url(scope: Scope) -> bool:
    """Return whether a request is for the root path of the app."""
    if scope["type"] != "http":
        return False
    path, root_path = scope["path"], scope.get("root_path", "")
    return len(path) <= len(root_path) + 1 and path.removesuffix("/") == root_path


def replace_docs(routes: list[BaseRoute]) -> None:
    """Replace FastAPI's documentation; a second call does nothing.

    Mounted apps are changed as well, even if they are shared: the new routes do not
    belong to an endpoint, and also work without Odoo.
    """
    with _replacing:
        if any(_is_of_fastapi(route) for route in routes):
            # in one step, because other threads may be iterating over the list
            routes[:] = [new for route in routes for new in _replacements(route)]
    for mount in iter_routes(routes):
        if isinstance(mount, Mount | Host) and isinstance(mount.routes, list):
            replace_docs(mount.routes)


def has_docs(routes: list[BaseRoute], scope: Scope) -> bool:
    """Return whether an app, or an app mounted in it, has documentation at a path.

    A middleware may handle the request: see ``DocsGuard.handled``.

    :param routes: routes of an app
    :param scope: type, method, path, root_path, headers and state of a request
    """
    scope = {**scope, _ROUTES_KEY: routes}
    for route in iter_routes(routes):
        match, child_scope = route.matches(scope)
        if match is Match.FULL:  # the router takes the first one
            if isinstance(route, Mount | Host):
                return has_docs(route.routes or [], {**scope, **child_scope})
            return isinstance(route, DocsRoute)
    return False


def is_docs_route(route: BaseRoute) -> bool:
    """Return whether a route belongs to the documentation, replaced or not."""
    return isinstance(route, DocsRoute) or _is_of_fastapi(route)


def _is_of_fastapi(route: BaseRoute) -> bool:
    """Return whether a route was made by ``fastapi.applications.FastAPI.setup``."""
    return (
        type(route) is Route
        and getattr(route.endpoint, "__module__", None) == "fastapi.applications"
    )


def _replacements(route: Any) -> Iterable[BaseRoute]:
    """Return the replacements of a route, or the route itself."""
    return _docs_routes(route.name, route.path) if _is_of_fastapi(route) else (route,)


@cache
def _docs_routes(name: str, path: str) -> tuple[DocsRoute, ...]:
    """Return the routes of a page and its assets, or of the document.

    Apps share them.
    """
    options = {"name": name, "include_in_schema": False}
    page = _PAGES.get(name)
    if page is None:
        return (DocsRoute(path, _openapi, **options),)
    cls = PageRoute if name in _LED else DocsRoute
    assets = f"{path.rstrip('/')}/assets/{{version}}/{{name}}"
    return (
        cls(path, _page(page, path), **options),
        DocsRoute(assets, serve_asset, include_in_schema=False),
    )


def _page(
    make: Callable[[Request], Response], path: str
) -> Callable[..., Awaitable[Response]]:
    """Return the endpoint of a page."""

    async def page(request: Request) -> Response:
        guard = get_guard(request.scope)
        access = guard.access if guard else DocsAccess.GRANTED
        if get_route_path(request.scope) != path:
            headers = {**_PAGE_HEADERS, "Vary": "Accept"}
            return RedirectResponse(_url(request, path), 303, headers)
        if guard and access is DocsAccess.LOGIN:
            query = urlencode({"redirect": quote(request.scope["path"])})
            login_path = quote(guard.login_path)
            return RedirectResponse(f"{login_path}?{query}", 303, _PAGE_HEADERS)
        if access is DocsAccess.REFUSED:
            raise HTTPException(403, headers=_PAGE_HEADERS)
        nonce = secrets.token_urlsafe()
        content = bytes(make(request).body).replace(
            b"<script", b'<script nonce="%b"' % nonce.encode()
        )
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
        return HTMLResponse(content, headers={**_PAGE_HEADERS, **policy})

    return page


def locate_document(document: dict[str, Any], root_path: str, url: str) -> None:
    """Replace the root path of an app by its URL in an OpenAPI document.

    FastAPI's URLs of OAuth2 are relative to the app. Clients such as Swagger UI resolve
    them relative to a server, and would leave the app if that has a host.

    :param document: the document, changed in place
    :param url: URL of the root path
    """
    for server in document.get("servers", ()):
        if server["url"] == root_path:
            server["url"] = url
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            for name in OAUTH_URLS & flow.keys():
                flow[name] = urljoin(f"{url}/", flow[name])


async def _openapi(request: Request) -> Response:
    """Respond with the OpenAPI document of the app.

    It contains the URL of the server, so that it can be saved in a file.
    """
    access = get_access(request.scope)
    if access is not DocsAccess.GRANTED:
        status = 401 if access is DocsAccess.LOGIN else 403
        raise HTTPException(status, headers=_PAGE_HEADERS)
    document = json.loads(json.dumps(request.app.openapi()))
    root_path = request.scope.get("root_path", "").rstrip("/")
    if root_path and request.app.root_path_in_servers:
        # as in ``fastapi.applications.FastAPI.setup``
        servers = document.get("servers", [])
        if root_path not in [server.get("url") for server in servers]:
            document["servers"] = [{"url": root_path}, *servers]
    url = request.url.replace(path=quote(root_path), query="", fragment="")
    locate_document(document, root_path, str(url))
    return JSONResponse(document, headers=_PAGE_HEADERS)


def _swagger_ui(request: Request) -> Response:
    app = request.app
    redirect_url = app.swagger_ui_oauth2_redirect_url
    page = get_swagger_ui_html(
        openapi_url=_url(request, app.openapi_url),
        title=html.escape(f"{app.title} - Swagger UI"),
        swagger_js_url=get_asset_url(request, "swagger-ui-bundle.js"),
        swagger_css_url=get_asset_url(request, "swagger-ui.css"),
        swagger_favicon_url=get_asset_url(request, "favicon.png"),
        oauth2_redirect_url=_url(request, redirect_url) if redirect_url else None,
        init_oauth=app.swagger_ui_init_oauth,
        swagger_ui_parameters={
            "persistAuthorization": True,
            **(app.swagger_ui_parameters or {}),
        },
    )
    return _dress(request, page, "swagger_ui.css")


def _swagger_ui_redirect(_request: Request) -> Response:
    return get_swagger_ui_oauth2_redirect_html()


def _redoc(request: Request) -> Response:
    page = get_redoc_html(
        openapi_url=_url(request, request.app.openapi_url),
        title=html.escape(f"{request.app.title} - ReDoc"),
        redoc_js_url=get_asset_url(request, "redoc.standalone.js"),
        redoc_favicon_url=get_asset_url(request, "favicon.png"),
        with_google_fonts=False,
    )
    # refuses scripts in Markdown; FastAPI has no parameter for it
    content = bytes(page.body).replace(b"<redoc ", b'<redoc sanitize="true" ')
    script = f"</redoc><script>{_read('redoc.js')}</script>"
    page.body = content.replace(b"</redoc>", script.encode(), 1)
    return _dress(request, page, "redoc.css")


@cache
def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _dress(request: Request, page: Response, style: str) -> Response:
    """Add styles, and name and logo of the company, to a page."""
    styles = f"<style>{_read('page.css')}{_read(style)}</style></head>"
    content = bytes(page.body).replace(b"</head>", styles.encode(), 1)
    guard = get_guard(request.scope)
    brand = guard and guard.get_brand()
    if brand:
        logo = ""
        if brand.logo_path:
            logo = f'<img src="{html.escape(brand.logo_path)}" alt="">'
        header = f'<body><header class="api-brand">{logo}{html.escape(brand.name)}'
        content = content.replace(b"<body>", f"{header}</header>".encode(), 1)
    page.body = content
    return page


#: Functions for the pages, by the names of FastAPI's routes.
_PAGES: dict[str, Callable[[Request], Response]] = {
    "swagger_ui_html": _swagger_ui,
    "swagger_ui_redirect": _swagger_ui_redirect,
    "redoc_html": _redoc,
}


def _url(request: Request, path: str) -> str:
    """Return the quoted URL path of a path of the app."""
    return quote(request.scope.get("root_path", "").rstrip("/") + path)
