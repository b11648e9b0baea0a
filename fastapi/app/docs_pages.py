# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documentation of an app: offline, and for those who may read it.

FastAPI adds routes of its own for Swagger UI, ReDoc, the way back from an OAuth2
provider and ``openapi.json``. The pages it makes load their scripts from servers of
other people. Here these routes are replaced, at their place, by routes that

* serve the scripts too, below each page, out of the package ``fastapi-offline``;
* ask, before anything else, who may read the documentation (:class:`DocsGuard`);
* send a policy that lets no script in but that of the pages (``_POLICY``);
* show whose API it is, and are dark where the system is.

What a developer wrote, a page with a design of his own for instance, stays as it is.
So does what is set on the app: addresses, title, parameters of Swagger UI.
"""

from __future__ import annotations

import hashlib
import html
import json
import secrets
import threading
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin

from fastapi.openapi.docs import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route

from ..bridge import get_state, wsgi_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

__all__ = [
    "DocsAccess",
    "DocsBrand",
    "DocsGuard",
    "has_docs",
    "is_docs_route",
    "locate_document",
    "replace_docs",
]

#: Key of the ASGI scope: what the guard has said.
_ACCESS_KEY = "odoo.fastapi.docs_access"
#: Key of the ASGI scope: the request is for the base URL, and led to a page.
_LEAD_KEY = "odoo.fastapi.docs_lead"
#: Pages that a browser is led to from there, by the names of FastAPI's routes.
_LED = ("swagger_ui_html", "redoc_html")

#: Packages that ship the scripts, and where: a folder in the package.
_ASSETS = ("fastapi_offline", "static")
_MEDIA_TYPES = {
    "favicon.png": "image/png",
    "redoc.standalone.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
#: What ReDoc asks of another server: a logo. A transparent pixel stands in for it.
_FOREIGN_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_PIXEL = b"data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

OAUTH_URLS = {"authorizationUrl", "refreshUrl", "tokenUrl"}

#: A page names the scripts it goes with, and who may read it may change.
_PAGE_HEADERS = {"Cache-Control": "private, no-cache"}
#: What a page may do (Content Security Policy), whatever is in the OpenAPI document: no
#: script but its own, which have the nonce, no frame, no form. Styles of elements are
#: how both pages work, a worker is what ReDoc searches in. Images may be those of a
#: description, and *Try it out* may call any server that the document names.
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
#: The address of an asset changes with its content. One year, in seconds.
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}

#: How the pages look beside their own styles. Swagger UI has no dark mode: its colors
#: are inverted. The filter is the root element's: on any other, the window of
#: *Authorize* would be placed in that element instead of the screen.
_STYLE = """
body { margin: 0; }
.api-brand { display: flex; align-items: center; gap: 12px; padding: 12px 20px;
  background: #fff; border-bottom: 1px solid #ddd; color: #3b4151;
  font: 600 16px/1.25 sans-serif; }
.api-brand img { max-width: 160px; max-height: 40px; }
"""
_SWAGGER_UI_STYLE = """
@media (prefers-color-scheme: dark) {
  html { background: #fff; filter: invert(0.9) hue-rotate(180deg); }
  img, .swagger-ui .microlight { filter: invert(1) hue-rotate(180deg); }
  .swagger-ui .dialog-ux .backdrop-ux { background: rgba(255, 255, 255, 0.8); }
  .swagger-ui .btn.authorize { border-color: #0d5c37; color: #0d5c37; }
  .swagger-ui .btn.authorize svg { fill: #0d5c37; }
}
"""
_REDOC_STYLE = """
@media (prefers-color-scheme: dark) {
  body, .api-brand { background: #1b1e22; color: #e4e6e8; border-color: #3a3f45; }
  h5 { border-color: #3a3f45 !important; color: #b4b9bf !important; }
}
"""
#: The theme of ReDoc in the dark: it can't be told in CSS.
_REDOC_THEME = {
    "colors": {
        "primary": {"main": "#8ab4f8"},
        "success": {"main": "#81c995"},
        "error": {"main": "#f28b82"},
        "text": {"primary": "#e4e6e8", "secondary": "#b4b9bf"},
        "border": {"dark": "#4a5057", "light": "#3a3f45"},
        "responses": {
            "success": {"color": "#81c995", "backgroundColor": "#1e2f26"},
            "error": {"color": "#f28b82", "backgroundColor": "#382322"},
        },
    },
    "schema": {
        "nestedBackground": "#24282d",
        "linesColor": "#5a6068",
        "typeNameColor": "#b4b9bf",
        "typeTitleColor": "#e4e6e8",
    },
    "sidebar": {"backgroundColor": "#16181b", "textColor": "#e4e6e8"},
    "rightPanel": {"backgroundColor": "#101214"},
    "typography": {"code": {"color": "#f6aea9", "backgroundColor": "#2b2f34"}},
}
_REDOC_SCRIPT = f"""
<script>
if (matchMedia("(prefers-color-scheme: dark)").matches) {{
  document.querySelector("redoc").setAttribute("theme", '{json.dumps(_REDOC_THEME)}');
}}
</script>
"""

_replacing = threading.Lock()


class DocsAccess(Enum):
    """What somebody who asks for documentation is told."""

    #: Here it is.
    GRANTED = "granted"
    #: Log in first.
    LOGIN = "login"
    #: It is not for you.
    REFUSED = "refused"
    #: There is none.
    ABSENT = "absent"


@dataclass(frozen=True)
class DocsBrand:
    """Whose API it is.

    :param name: of the company
    :param logo_path: path of the URL of its logo, None without one
    """

    name: str
    logo_path: str | None = None


@dataclass
class DocsGuard:
    """Who may read the documentation, as an app has to know it.

    Every request has one, so it works out nothing before it is asked.

    :param ask: returns what is told to the request of a path; asked by each request
        for documentation, by no other
    :param path_info: ``PATH_INFO`` of WSGI, with the root path
    :param script_name: ``SCRIPT_NAME`` of WSGI, the prefix of a reverse proxy
    :param answered: whether a route of the documentation has answered the request
    :param ask_brand: returns whose API is at a path, None if the pages don't show it
    """

    ask: Callable[[str], DocsAccess]
    path_info: str
    script_name: str = ""
    answered: bool = False
    ask_brand: Callable[[str], DocsBrand | None] = lambda _path: None

    def get_brand(self) -> DocsBrand | None:
        """Return whose API it is, with the whole path of the logo."""
        brand = self.ask_brand(wsgi_path({"PATH_INFO": self.path_info}))
        if brand and brand.logo_path:
            prefix = quote(wsgi_path({"PATH_INFO": self.script_name}))
            return replace(brand, logo_path=prefix + brand.logo_path)
        return brand

    def get_access(self) -> DocsAccess:
        """Return what the request is told."""
        return self.ask(wsgi_path({"PATH_INFO": self.path_info}))

    @property
    def login_path(self) -> str:
        """Path of the page to log in, where a visitor is sent."""
        return wsgi_path({"PATH_INFO": f"{self.script_name}/web/login"})


class DocsRoute(Route):
    """A route of the documentation; where there is none, it is not there either."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        #: Part of each path that matches.
        self._mark = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # most requests are for other routes, and come by all of these
        if scope["type"] != "http" or self._mark not in scope["path"]:
            return Match.NONE, {}
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            guard = _get_guard(scope)
            access = guard.get_access() if guard else DocsAccess.GRANTED
            if access is DocsAccess.ABSENT:
                return Match.NONE, {}
            child_scope[_ACCESS_KEY] = access
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        guard = _get_guard(scope)
        if guard:
            guard.answered = True
        await super().handle(scope, receive, send)


class PageRoute(DocsRoute):
    """The route of a page, to which a browser is led from the base URL, too.

    There the app's own routes come first. Other clients, and those who may not read the
    documentation, get the app's 404.

    :param routes: of the app
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        routes: list[BaseRoute],
        **options: Any,
    ) -> None:
        super().__init__(path, endpoint, **options)
        self._routes = routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is Match.NONE and _is_base_url(scope) and self._leads(scope):
            child_scope = {
                "endpoint": self.endpoint,
                "path_params": {},
                _ACCESS_KEY: DocsAccess.GRANTED,
                _LEAD_KEY: True,
            }
            return Match.FULL, child_scope
        return match, child_scope

    def _leads(self, scope: Scope) -> bool:
        """Return whether a browser that asks for the base URL is led to the page."""
        accept = b",".join(v for name, v in scope["headers"] if name == b"accept")
        if scope["method"] not in ("GET", "HEAD") or b"text/html" not in accept:
            return False
        guard = _get_guard(scope)
        if guard and guard.get_access() is not DocsAccess.GRANTED:
            return False
        base_url = scope["path"].rstrip("/")
        # with a slash too: the app redirects there
        return not any(
            route.matches({**scope, "path": path})[0] is Match.FULL
            for path in {scope["path"], f"{base_url}/"}
            for route in self._routes
            if not isinstance(route, PageRoute)
        )


def _is_base_url(scope: Scope) -> bool:
    """Return whether a request is for the root path of the app."""
    if scope["type"] != "http":
        return False
    path, root_path = scope["path"], scope.get("root_path", "")
    return len(path) <= len(root_path) + 1 and path.removesuffix("/") == root_path


def replace_docs(routes: list[BaseRoute]) -> None:
    """Replace FastAPI's documentation by ours; again does nothing.

    Mounted apps are changed in place although others may have them too: their routes
    know nothing of an endpoint, and serve everybody where Odoo is not in between.

    :param routes: of an app; apps mounted there are included
    """
    with _replacing:
        if any(_is_of_fastapi(route) for route in routes):
            # in one go: a request of another thread may be looking for its route
            routes[:] = [
                new for route in routes for new in _replacements(route, routes)
            ]
    for context in iter_route_contexts(routes):
        route = context._effective_route
        # as in app.exception_handlers.record_mounted_apps
        mount = getattr(route, "starlette_route", None) or route
        if isinstance(mount, Mount | Host) and isinstance(mount.routes, list):
            replace_docs(mount.routes)


def has_docs(routes: list[BaseRoute], scope: Scope) -> bool:
    """Return whether an app, or one that is mounted there, has documentation at a path.

    Another route may be the one that serves the path, or a middleware: whether
    documentation has answered is in ``DocsGuard.answered``.

    :param routes: of an app
    :param scope: of a request: type, method, path, root_path and headers
    """
    for context in iter_route_contexts(routes):
        route = context._effective_route
        # as in replace_docs
        mount = getattr(route, "starlette_route", None) or route
        if not isinstance(mount, DocsRoute | Mount | Host):
            continue
        match, child_scope = route.matches(scope)
        if match is not Match.NONE and (
            isinstance(mount, DocsRoute)
            or has_docs(mount.routes or [], {**scope, **child_scope})
        ):
            return True
    return False


# ----------------------------------------------------------------------
# Routes
# ----------------------------------------------------------------------


def is_docs_route(route: BaseRoute) -> bool:
    """Return whether a route is FastAPI's documentation, or what we replace it with."""
    return isinstance(route, DocsRoute) or _is_of_fastapi(route)


def _is_of_fastapi(route: BaseRoute) -> bool:
    """Return whether ``fastapi.applications.FastAPI.setup`` has made a route."""
    return (
        type(route) is Route
        and getattr(route.endpoint, "__module__", None) == "fastapi.applications"
    )


def _replacements(route: BaseRoute, routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield what takes the place of a route, one of ``routes``."""
    if not _is_of_fastapi(route):
        yield route
        return
    page = _PAGES.get(route.name)
    endpoint = _schema(route.endpoint) if page is None else _page(page, route.path)
    options = {"name": route.name, "include_in_schema": False}
    if route.name in _LED:
        yield PageRoute(route.path, endpoint, routes, **options)
    else:
        yield DocsRoute(route.path, endpoint, **options)
    if page is not None:
        path = f"{route.path.rstrip('/')}/assets/{{version}}/{{name}}"
        yield DocsRoute(path, _serve_asset, include_in_schema=False)


def _page(
    make: Callable[[Request], Response], path: str
) -> Callable[..., Awaitable[Response]]:
    """Return the endpoint of a page for people.

    :param path: of the page, below the app
    """

    async def page(request: Request) -> Response:
        access = request.scope[_ACCESS_KEY]
        if request.scope.get(_LEAD_KEY):
            headers = {**_PAGE_HEADERS, "Vary": "Accept"}
            return RedirectResponse(_url(request, path), 303, headers)
        if access is DocsAccess.LOGIN:
            query = urlencode({"redirect": quote(request.scope["path"])})
            login_path = quote(_get_guard(request.scope).login_path)
            return RedirectResponse(f"{login_path}?{query}", 303, _PAGE_HEADERS)
        if access is DocsAccess.REFUSED:
            raise HTTPException(403, headers=_PAGE_HEADERS)
        nonce = secrets.token_urlsafe()
        content = make(request).body.replace(
            b"<script", b'<script nonce="%b"' % nonce.encode()
        )
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
        return HTMLResponse(content, headers={**_PAGE_HEADERS, **policy})

    return page


def locate_document(document: dict[str, Any], root_path: str, url: str) -> None:
    """Put the URL of an app into its OpenAPI document, wherever FastAPI has the path.

    FastAPI's URLs of OAuth2 are relative to the app. Clients, Swagger UI among them,
    take them as relative to a server that has a host, which leads above the app.

    :param document: changed in place
    :param url: of the root path, with scheme and host
    """
    for server in document.get("servers", ()):
        if server["url"] == root_path:
            server["url"] = url
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            for name in OAUTH_URLS & flow.keys():
                flow[name] = urljoin(f"{url}/", flow[name])


def _schema(
    original: Callable[[Request], Awaitable[Response]],
) -> Callable[..., Awaitable[Response]]:
    """Return the endpoint of ``openapi.json``, made by FastAPI.

    Saved in a file, as generators of clients read it, the document needs the host too.
    """

    async def openapi(request: Request) -> Response:
        access = request.scope[_ACCESS_KEY]
        if access is not DocsAccess.GRANTED:
            status = 401 if access is DocsAccess.LOGIN else 403
            raise HTTPException(status, headers=_PAGE_HEADERS)
        response = await original(request)
        root_path = request.scope.get("root_path", "").rstrip("/")
        url = request.url.replace(path=quote(root_path), query="", fragment="")
        document = json.loads(response.body)
        locate_document(document, root_path, str(url))
        return JSONResponse(document, headers=_PAGE_HEADERS)

    return openapi


def _get_guard(scope: Scope) -> DocsGuard | None:
    """Return the guard of a request, None for one that has not come through Odoo."""
    state = get_state(scope)
    return state and state.docs_guard


# ----------------------------------------------------------------------
# Pages
# ----------------------------------------------------------------------


def _swagger_ui(request: Request) -> Response:
    app = request.app
    redirect_url = app.swagger_ui_oauth2_redirect_url
    page = get_swagger_ui_html(
        openapi_url=_url(request, app.openapi_url),
        title=html.escape(f"{app.title} - Swagger UI"),
        swagger_js_url=_asset_url(request, "swagger-ui-bundle.js"),
        swagger_css_url=_asset_url(request, "swagger-ui.css"),
        swagger_favicon_url=_asset_url(request, "favicon.png"),
        oauth2_redirect_url=_url(request, redirect_url) if redirect_url else None,
        init_oauth=app.swagger_ui_init_oauth,
        swagger_ui_parameters={
            "persistAuthorization": True,
            **(app.swagger_ui_parameters or {}),
        },
    )
    return _dress(request, page, _SWAGGER_UI_STYLE)


def _swagger_ui_redirect(_request: Request) -> Response:
    return get_swagger_ui_oauth2_redirect_html()


def _redoc(request: Request) -> Response:
    page = get_redoc_html(
        openapi_url=_url(request, request.app.openapi_url),
        title=html.escape(f"{request.app.title} - ReDoc"),
        redoc_js_url=_asset_url(request, "redoc.standalone.js"),
        redoc_favicon_url=_asset_url(request, "favicon.png"),
        with_google_fonts=False,
    )
    # an option that FastAPI does not set: Markdown to HTML without scripts
    page.body = page.body.replace(b"<redoc ", b'<redoc sanitize="true" ')
    page.body = page.body.replace(b"</redoc>", b"</redoc>" + _REDOC_SCRIPT.encode(), 1)
    return _dress(request, page, _REDOC_STYLE)


def _dress(request: Request, page: Response, style: str) -> Response:
    """Return a page with our styles, and with the name and logo of the company."""
    style = f"<style>{_STYLE}{style}</style></head>"
    page.body = page.body.replace(b"</head>", style.encode(), 1)
    guard = _get_guard(request.scope)
    brand = guard and guard.get_brand()
    if brand:
        logo = ""
        if brand.logo_path:
            logo = f'<img src="{html.escape(brand.logo_path)}" alt="">'
        header = f'<body><header class="api-brand">{logo}{html.escape(brand.name)}'
        page.body = page.body.replace(b"<body>", f"{header}</header>".encode(), 1)
    return page


#: The pages by the names of FastAPI's routes. What has no page is ``openapi.json``.
_PAGES: dict[str, Callable[[Request], Response]] = {
    "swagger_ui_html": _swagger_ui,
    "swagger_ui_redirect": _swagger_ui_redirect,
    "redoc_html": _redoc,
}


def _url(request: Request, path: str) -> str:
    """Return the path of a URL of the app, as it can stand in any page."""
    return quote(request.scope.get("root_path", "").rstrip("/") + path)


def _asset_url(request: Request, name: str) -> str:
    """Return the path of the URL of an asset, below the page that is asked for."""
    page = quote(request.scope["path"].rstrip("/"))
    return f"{page}/assets/{_get_asset(name).version}/{name}"


# ----------------------------------------------------------------------
# Assets
# ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Asset:
    """A file that pages need.

    :param version: changes with the content
    """

    content: bytes
    version: str


@cache
def _get_asset(name: str) -> _Asset:
    """Return a file of the package that ships them; read once.

    :param name: a key of ``_MEDIA_TYPES``
    """
    package, folder = _ASSETS
    # without an import: nothing but its files is wanted
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is not installed.")
    content = (Path(spec.origin).parent / folder / name).read_bytes()
    content = content.replace(_FOREIGN_LOGO, _PIXEL)
    return _Asset(content, hashlib.sha256(content).hexdigest()[:16])


async def _serve_asset(request: Request) -> Response:
    """Return a file, to whoever can know of it: there is nothing of the app in it."""
    name: Any = request.path_params["name"]
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    asset = _get_asset(name)
    if request.path_params["version"] != asset.version:
        raise HTTPException(404)
    etag = f'"{asset.version}"'
    headers = {**_ASSET_HEADERS, "ETag": etag}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=_MEDIA_TYPES[name])
