# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documentation of apps, below the bridge. In a browser: ``test_fastapi``."""

import json
import re

from fastapi import APIRouter, Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import PlainTextResponse
from fastapi.security import OAuth2AuthorizationCodeBearer, OAuth2PasswordBearer
from starlette.middleware import Middleware
from starlette.requests import Request

from ...app.docs_pages import DocsAccess, DocsBrand, DocsGuard
from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import STATE_KEY, RequestState
from ..bridge_case import BridgeCase

PAGES = ("/docs", "/docs/oauth2-redirect", "/redoc")
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "redoc.standalone.js": "text/javascript; charset=utf-8",
    "favicon.png": "image/png",
}
FOREIGN_ADDRESS = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


def make_app(factory=EndpointFastAPI, **params):
    app = factory(**{"title": "Orders", **params})

    @app.get("/hello", tags=["greetings"])
    def hello() -> str:
        return "hello"

    prepare_app(app)
    return app


class DocsCase(BridgeCase):
    def ask(self, app, path, access=DocsAccess.GRANTED, **more):
        """Send a request for documentation as somebody who has ``access``."""
        guard = DocsGuard(lambda _path: access, path, more.get("SCRIPT_NAME", ""))
        return self.call(
            app, path, **{STATE_KEY: RequestState(docs_guard=guard), **more}
        )

    def assets(self, result):
        """Return the paths of the assets that a page loads."""
        return re.findall(rb'(?:src|href)="([^"]*)"', result.body)


class TestDocsPages(DocsCase):
    def test_pages_load_nothing_from_elsewhere(self):
        for factory in (EndpointFastAPI, FastAPI):
            app = make_app(factory)
            for page, count in (("/docs", 3), ("/redoc", 2)):
                result = self.call(app, page)
                self.assertEqual(result.code, 200)
                self.assertNotRegex(result.body.decode(), FOREIGN_ADDRESS)
                self.assertNotIn(b"https:", result.body)
                assets = self.assets(result)
                self.assertEqual(len(assets), count)
                for path in assets:
                    self.assertTrue(path.startswith(f"{page}/assets/".encode()), path)
                    asset = self.call(app, path.decode())
                    self.assertEqual(asset.code, 200, path)
                    self.assertGreater(len(asset.body), 1000, path)

    def test_policy_of_the_pages(self):
        app = make_app(swagger_ui_init_oauth={"clientId": "<script>"})
        seen = set()
        for page, scripts in (
            ("/docs", 2),
            ("/docs/oauth2-redirect", 1),
            ("/redoc", 2),
        ):
            result = self.call(app, page)
            (policy,) = result.header("content-security-policy")
            directives = dict(part.split(" ", 1) for part in policy.split("; "))
            self.assertEqual(directives["default-src"], "'none'")
            self.assertEqual(directives["base-uri"], "'none'")
            self.assertEqual(directives["form-action"], "'none'")
            self.assertEqual(directives["frame-ancestors"], "'self'")
            self.assertNotIn("frame-src", directives)
            nonce = re.fullmatch(
                r"'nonce-([\w-]{20,})'", directives["script-src"]
            ).group(1)
            tags = re.findall(r"<script[^>]*>", result.body.decode())
            self.assertEqual(len(tags), scripts)
            self.assertTrue(all(f'nonce="{nonce}"' in tag for tag in tags), tags)
            seen.add(nonce)
        self.assertEqual(len(seen), 3)

    def test_redoc_sanitizes(self):
        page = self.call(make_app(), "/redoc").body
        self.assertIn(b'<redoc sanitize="true" spec-url="/openapi.json">', page)

    def test_pages_are_always_asked_for_anew(self):
        for path in (*PAGES, "/openapi.json"):
            result = self.call(make_app(), path)
            self.assertEqual(result.header("cache-control"), ["private, no-cache"])

    def test_head(self):
        app = make_app()
        (asset,) = {
            path for path in self.assets(self.call(app, "/docs")) if b"css" in path
        }
        for path in (*PAGES, "/openapi.json", asset.decode()):
            head = self.call(app, path, method="HEAD")
            self.assertEqual(head.code, 200)
            self.assertEqual(
                head.header("content-length"),
                self.call(app, path).header("content-length"),
            )
            post = self.call(app, path, method="POST")
            self.assertEqual(post.code, 405)

    def test_addresses_below_a_prefix_and_a_root_path(self):
        app = make_app()
        environ = {"SCRIPT_NAME": "/proxy"}
        path = "/api/v1"
        page = self.call(app, f"{path}/docs", root_path=path, **environ)
        text = page.body.decode()
        self.assertIn("url: '/proxy/api/v1/openapi.json'", text)
        self.assertIn(
            "window.location.origin + '/proxy/api/v1/docs/oauth2-redirect'", text
        )
        for asset in self.assets(page):
            self.assertTrue(asset.startswith(b"/proxy/api/v1/docs/assets/"), asset)
        page = self.call(app, f"{path}/redoc", root_path=path, **environ)
        self.assertIn(b'spec-url="/proxy/api/v1/openapi.json"', page.body)
        for asset in self.assets(page):
            self.assertTrue(asset.startswith(b"/proxy/api/v1/redoc/assets/"), asset)
            path_info = asset.decode().removeprefix("/proxy")
            found = self.call(app, path_info, root_path=path, **environ)
            self.assertEqual(found.code, 200)

    def test_root_path_of_any_letters(self):
        root_path = "/it's/été&co"
        for page in ("/docs", "/redoc"):
            result = self.call(make_app(), f"{root_path}{page}", root_path=root_path)
            self.assertIn(b"/it%27s/%C3%A9t%C3%A9%26co/openapi.json", result.body)
            self.assertNotIn(root_path.encode(), result.body)

    def test_address_of_the_server(self):
        def get_servers(app, path="/openapi.json", root_path="", **environ):
            result = self.call(
                app, path=root_path + path, root_path=root_path, **environ
            )
            document = json.loads(result.body)
            return [server["url"] for server in document.get("servers", ())]

        app = make_app()
        host = {"HTTP_HOST": "shop.example:8443", "wsgi.url_scheme": "https"}
        url = "https://shop.example:8443"
        for root_path, prefix, expected in (
            ("/api/v1", "", [f"{url}/api/v1"]),
            ("/api", "/proxy", [f"{url}/proxy/api"]),
            ("/it's/été", "/ü", [f"{url}/%C3%BC/it%27s/%C3%A9t%C3%A9"]),
            ("", "", []),
        ):
            with self.subTest(root_path):
                environ = {"SCRIPT_NAME": prefix.encode().decode("latin-1"), **host}
                self.assertEqual(
                    get_servers(app, root_path=root_path, **environ), expected
                )
        outer = make_app()
        outer.mount("/inner", app)
        self.assertEqual(
            get_servers(outer, "/inner/openapi.json", "/api", **host),
            [f"{url}/api/inner"],
        )
        self.assertNotIn("servers", app.openapi())

    def test_urls_of_oauth2(self):
        """Where Swagger UI on a page of the app has them, also for other clients."""
        app = make_app()
        code = OAuth2AuthorizationCodeBearer("https://login.example/me", "../token")
        for path, scheme in (("/a", OAuth2PasswordBearer("token")), ("/b", code)):
            app.get(path, dependencies=[Depends(scheme)])(lambda: None)
        result = self.call(
            app, "/api/v1/openapi.json", root_path="/api/v1", HTTP_HOST="x.example"
        )
        schemes = json.loads(result.body)["components"]["securitySchemes"]
        flows = {
            name: next(iter(scheme["flows"].values()))
            for name, scheme in schemes.items()
        }
        self.assertEqual(
            flows["OAuth2PasswordBearer"]["tokenUrl"], "http://x.example/api/v1/token"
        )
        flow = flows["OAuth2AuthorizationCodeBearer"]
        self.assertEqual(flow["tokenUrl"], "http://x.example/api/token")
        self.assertEqual(flow["authorizationUrl"], "https://login.example/me")

    def test_servers_of_a_developer(self):
        servers = [
            {"url": "https://eu.example"},
            {"url": "/api", "description": "Test"},
        ]
        result = self.call(
            make_app(servers=servers), "/api/openapi.json", root_path="/api"
        )
        self.assertEqual(
            json.loads(result.body)["servers"],
            [
                {"url": "https://eu.example"},
                {"url": "http://odoo.example/api", "description": "Test"},
            ],
        )
        app = make_app(root_path_in_servers=False)
        result = self.call(app, "/api/openapi.json", root_path="/api")
        self.assertNotIn("servers", json.loads(result.body))

    def test_title_is_text(self):
        app = make_app(title="</title><script>alert(1)</script>")
        for page in ("/docs", "/redoc"):
            self.assertNotIn(b"<script>alert", self.call(app, page).body)

    def test_what_is_set_on_the_app_counts(self):
        app = make_app(
            docs_url="/",
            redoc_url="/handbook",
            openapi_url="/schema.json",
            swagger_ui_oauth2_redirect_url="/back",
            swagger_ui_parameters={"docExpansion": "none"},
            swagger_ui_init_oauth={"clientId": "the client"},
        )
        page = self.call(app, "/")
        for text in (
            "<title>Orders - Swagger UI</title>",
            "url: '/schema.json'",
            "window.location.origin + '/back'",
            '"docExpansion": "none"',
            '"deepLinking": true',
            'ui.initOAuth({"clientId": "the client"})',
        ):
            self.assertIn(text, page.body.decode())
        for path in self.assets(page):
            self.assertTrue(path.startswith(b"/assets/"), path)
            self.assertEqual(self.call(app, path.decode()).code, 200)
        self.assertIn(b'spec-url="/schema.json"', self.call(app, "/handbook").body)
        self.assertIn(b"swaggerUIRedirectOauth2", self.call(app, "/back").body)
        for path in PAGES:
            self.assertEqual(self.call(app, path).code, 404)

    def test_what_is_off_stays_off(self):
        app = make_app(docs_url=None)
        for path, status in (("/docs", 404), ("/redoc", 200), ("/openapi.json", 200)):
            self.assertEqual(self.call(app, path).code, status, path)
        app = make_app(openapi_url=None)
        for path in (*PAGES, "/openapi.json"):
            self.assertEqual(self.call(app, path).code, 404, path)

    def test_page_of_a_developer_is_left_alone(self):
        app = EndpointFastAPI(docs_url=None)

        @app.get("/docs", include_in_schema=False)
        def docs() -> str:
            return "my own"

        async def guide(_request: Request) -> PlainTextResponse:
            return PlainTextResponse("my guide")

        app.add_route("/docs/guide", guide)
        self.assertEqual(self.ask(app, "/docs").body, b'"my own"')
        self.assertEqual(self.ask(app, "/docs/guide").body, b"my guide")

    def test_order_of_the_routes(self):
        app = EndpointFastAPI()

        @app.get("/{path:path}")
        def anything(path: str) -> str:
            return path

        self.assertIn(b"swagger-ui", self.ask(app, "/docs").body)
        # as if they had never been there
        for path in (*PAGES, "/openapi.json"):
            result = self.ask(app, path, DocsAccess.ABSENT)
            self.assertEqual(result.body.decode(), f'"{path[1:]}"')

    def test_names_of_the_routes(self):
        app = make_app()
        self.assertEqual(app.url_path_for("swagger_ui_html"), "/docs")
        self.assertEqual(app.url_path_for("openapi"), "/openapi.json")
        self.assertEqual(list(app.openapi()["paths"]), ["/hello"])

    def test_preparing_again_changes_nothing(self):
        app = make_app()
        routes = list(app.router.routes)
        prepare_app(app)
        self.assertEqual(app.router.routes, routes)

    def test_middleware_of_the_app(self):
        app = make_app(
            middleware=[
                Middleware(CORSMiddleware, allow_origins=["https://shop.example"]),
                Middleware(GZipMiddleware, minimum_size=100),
            ]
        )
        asset = self.assets(self.call(app, "/docs"))[0].decode()
        for path in ("/docs", "/openapi.json", asset):
            result = self.call(
                app,
                path,
                HTTP_ORIGIN="https://shop.example",
                HTTP_ACCEPT_ENCODING="gzip",
            )
            self.assertEqual(result.code, 200)
            self.assertEqual(result.header("content-encoding"), ["gzip"])
            self.assertEqual(
                result.header("access-control-allow-origin"), ["https://shop.example"]
            )


class TestAssets(DocsCase):
    def setUp(self):
        super().setUp()
        self.app = make_app()
        self.paths = {
            path.decode().rpartition("/")[2]: path.decode()
            for page in ("/docs", "/redoc")
            for path in self.assets(self.call(self.app, page))
        }

    def test_all_are_named_by_the_pages(self):
        self.assertEqual(self.paths.keys(), ASSETS.keys())

    def test_types_and_caching(self):
        for name, content_type in ASSETS.items():
            result = self.call(self.app, self.paths[name])
            self.assertEqual(result.header("content-type"), [content_type])
            self.assertEqual(
                result.header("cache-control"), ["public, max-age=31536000, immutable"]
            )

    def test_not_modified(self):
        for path in self.paths.values():
            (etag,) = self.call(self.app, path).header("etag")
            for known in (etag, f"W/{etag}", f'"other", {etag}'):
                result = self.call(self.app, path, HTTP_IF_NONE_MATCH=known)
                self.assertEqual((result.code, result.body), (304, b""))
                self.assertEqual(result.header("etag"), [etag])
            result = self.call(self.app, path, HTTP_IF_NONE_MATCH='"other"')
            self.assertEqual(result.code, 200)

    def test_no_other_file_and_no_other_version(self):
        path = self.paths["swagger-ui.css"]
        folder = path.rpartition("/")[0]
        for other in (
            f"{folder}/unknown.js",
            f"{folder}/__init__.py",
            f"{folder}/../core.py",
            f"{folder}/..",
            "/docs/assets/older/swagger-ui.css",
            "/docs/assets/",
        ):
            self.assertEqual(self.call(self.app, other).code, 404, other)

    def test_redoc_asks_for_no_logo(self):
        # if ReDoc writes the address otherwise one day, this has to follow
        result = self.call(self.app, self.paths["redoc.standalone.js"])
        self.assertNotIn(b"cdn.redoc", result.body)

    def test_swagger_ui_knows_this_openapi(self):
        # 3.1 since Swagger UI 5
        schema = json.loads(self.call(self.app, "/openapi.json").body)
        self.assertEqual(schema["openapi"], "3.1.0")
        bundle = self.call(self.app, self.paths["swagger-ui-bundle.js"]).body
        self.assertRegex(bundle, rb'PACKAGE_VERSION:"5\.')


class TestDocsAccess(DocsCase):
    def test_granted(self):
        for path in (*PAGES, "/openapi.json"):
            self.assertEqual(self.ask(make_app(), path).code, 200)

    def test_login(self):
        app = make_app()
        for path in PAGES:
            result = self.ask(app, path, DocsAccess.LOGIN)
            self.assertEqual(result.code, 303)
            location = f"/web/login?redirect={path.replace('/', '%2F')}"
            self.assertEqual(result.header("location"), [location])
            self.assertIsNone(result.exception)
        result = self.ask(app, "/openapi.json", DocsAccess.LOGIN)
        self.assertEqual(result.code, 401)
        self.assertEqual(json.loads(result.body), {"detail": "Unauthorized"})

    def test_login_below_a_prefix_and_a_root_path(self):
        result = self.ask(
            make_app(),
            "/été/v1/docs",
            DocsAccess.LOGIN,
            root_path="/été/v1",
            SCRIPT_NAME="/proxy",
            query="next=//evil.example",
        )
        self.assertEqual(
            result.header("location"),
            ["/proxy/web/login?redirect=%2Fproxy%2F%25C3%25A9t%25C3%25A9%2Fv1%2Fdocs"],
        )

    def test_refused(self):
        for path in (*PAGES, "/openapi.json"):
            result = self.ask(make_app(), path, DocsAccess.REFUSED)
            self.assertEqual(result.code, 403)
            self.assertEqual(json.loads(result.body), {"detail": "Forbidden"})
            self.assertEqual(result.header("cache-control"), ["private, no-cache"])

    def test_absent(self):
        app = make_app()
        asset = self.assets(self.ask(app, "/docs"))[0].decode()
        for path in (*PAGES, "/openapi.json", asset, "/docs/"):
            for method in ("GET", "HEAD", "POST"):
                result = self.ask(app, path, DocsAccess.ABSENT, method=method)
                self.assertEqual(result.code, 404, path)
        self.assertEqual(json.loads(result.body), {"detail": "Not Found"})

    def test_assets_are_for_everybody(self):
        app = make_app()
        for asset in self.assets(self.ask(app, "/docs")):
            for access in (DocsAccess.LOGIN, DocsAccess.REFUSED):
                result = self.ask(app, asset.decode(), access)
                self.assertEqual(result.code, 200)

    def test_other_routes_are_not_asked_about(self):
        def fail(path):
            raise AssertionError(f"asked for {path}")

        guard = DocsGuard(fail, "/hello")
        result = self.call(
            make_app(), "/hello", **{STATE_KEY: RequestState(docs_guard=guard)}
        )
        self.assertEqual(result.body, b'"hello"')

    def test_mounted_apps(self):
        inner = make_app(FastAPI, title="Inner")
        outer = FastAPI(title="Outer")
        outer.mount("/inner", inner)
        router = APIRouter()
        router.mount("/routed", inner)
        # shared by two apps, as modules share them
        for _app in range(2):
            app = EndpointFastAPI()
            app.mount("/outer", outer)
            app.include_router(router, prefix="/prefix")
            prepare_app(app)
            for mount, title in (
                ("/outer", "Outer"),
                ("/outer/inner", "Inner"),
                ("/prefix/routed", "Inner"),
            ):
                page = self.ask(app, f"/api{mount}/docs", root_path="/api")
                self.assertIn(f"<title>{title}".encode(), page.body)
                self.assertIn(f"url: '/api{mount}/openapi.json'".encode(), page.body)
                for asset in self.assets(page):
                    result = self.ask(app, asset.decode(), root_path="/api")
                    self.assertEqual(result.code, 200, asset)
                for access, statuses in (
                    (DocsAccess.LOGIN, (303, 401)),
                    (DocsAccess.REFUSED, (403, 403)),
                    (DocsAccess.ABSENT, (404, 404)),
                ):
                    for path, status in zip(
                        ("/docs", "/openapi.json"), statuses, strict=True
                    ):
                        result = self.ask(app, f"{mount}{path}", access)
                        self.assertEqual(result.code, status, f"{mount}{path}")
        # and on their own they serve everybody, as ever
        self.assertEqual(self.call(inner, "/docs").code, 200)


class TestLook(DocsCase):
    def page(self, path, brand, **more):
        guard = DocsGuard(
            lambda _path: DocsAccess.GRANTED,
            path,
            more.get("SCRIPT_NAME", ""),
            ask_brand=lambda _path: brand,
        )
        result = self.call(
            make_app(), path, **{STATE_KEY: RequestState(docs_guard=guard), **more}
        )
        return result.body.decode()

    def test_whose_api_it_is(self):
        brand = DocsBrand("Wood & <Co>", "/web/logo?company=1")
        for path in ("/docs", "/redoc"):
            page = self.page(path, brand, SCRIPT_NAME="/o d")
            self.assertIn("Wood &amp; &lt;Co&gt;</header>", page)
            self.assertIn('<img src="/o%20d/web/logo?company=1"', page)
            page = self.page(path, DocsBrand("Wood"))
            self.assertIn("Wood</header>", page)
            self.assertNotIn("<img", page)
            self.assertNotIn("<header", self.page(path, None))
        page = self.page("/docs/oauth2-redirect", brand)
        self.assertNotIn("Wood", page)

    def test_authorization_is_kept(self):
        self.assertIn('"persistAuthorization": true', self.page("/docs", None))
        app = make_app(swagger_ui_parameters={"persistAuthorization": False})
        page = self.ask(app, "/docs").body.decode()
        self.assertIn('"persistAuthorization": false', page)
        self.assertNotIn('"persistAuthorization": true', page)


class TestBaseUrl(DocsCase):
    BROWSER = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}

    def open(self, app, path, access=DocsAccess.GRANTED, **more):
        more = {"root_path": "/api", **self.BROWSER, **more}
        result = self.ask(app, path, access, **more)
        return result.code, result.header("location")

    def test_browser_is_led_to_the_documentation(self):
        app = make_app()
        for path in ("/api", "/api/"):
            self.assertEqual(self.open(app, path), (303, ["/api/docs"]))
        result = self.ask(app, "/api/", root_path="/api", **self.BROWSER)
        self.assertEqual(result.header("vary"), ["Accept"])

    def test_page_that_there_is(self):
        app = make_app(docs_url=None, redoc_url="/reference")
        self.assertEqual(self.open(app, "/api/"), (303, ["/api/reference"]))
        for params in ({"docs_url": None, "redoc_url": None}, {"openapi_url": None}):
            self.assertEqual(self.open(make_app(**params), "/api/")[0], 404)

    def test_other_clients_are_not(self):
        app = make_app()
        for accept in ("*/*", "application/json", ""):
            for path in ("/api", "/api/"):
                code, _location = self.open(app, path, HTTP_ACCEPT=accept)
                self.assertEqual(code, 404, accept)
        self.assertEqual(self.open(app, "/api/", method="POST")[0], 404)
        self.assertEqual(self.open(app, "/api/unknown")[0], 404)

    def test_those_who_may_not_read_are_not(self):
        app = make_app()
        for access in DocsAccess:
            expected = 303 if access is DocsAccess.GRANTED else 404
            self.assertEqual(self.open(app, "/api/", access)[0], expected, access)

    def test_routes_of_the_app_come_first(self):
        app = make_app()
        self.assertEqual(self.open(app, "/api/")[0], 303)

        # comes later than the preparation
        @app.get("/")
        def index() -> str:
            return "mine"

        result = self.ask(app, "/api/", root_path="/api", **self.BROWSER)
        self.assertEqual(result.body, b'"mine"')
        code, (location,) = self.open(app, "/api")
        self.assertEqual(code, 307)
        self.assertTrue(location.endswith("/api/"), location)

    def test_app_that_takes_everything(self):
        app = make_app()
        app.mount("/", PlainTextResponse("mine"))
        result = self.ask(app, "/api/", root_path="/api", **self.BROWSER)
        self.assertEqual(result.body, b"mine")
        self.assertEqual(self.open(app, "/api")[0], 307)

    def test_it_is_not_in_the_document(self):
        app = make_app()
        self.assertEqual(list(app.openapi()["paths"]), ["/hello"])
