# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Access to the documentation, its assets and its look."""

import json
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse

from ...app.docs_guard import DocsAccess, DocsBrand, DocsGuard
from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import STATE_KEY, RequestState
from .docs_case import PAGES, DocsCase, make_app

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "redoc.standalone.js": "text/javascript; charset=utf-8",
    "favicon.png": "image/png",
}


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

    @unittest.skipUnless(hasattr(FastAPI, "frontend"), "older versions have none")
    def test_app_with_a_frontend(self):
        folder = self.enterContext(TemporaryDirectory())
        (Path(folder) / "index.html").write_text("mine")
        app, below = make_app(), make_app()
        app.frontend("/", directory=folder)
        below.frontend("/shop", directory=folder)
        result = self.ask(app, "/api/", root_path="/api", **self.BROWSER)
        self.assertEqual(result.body, b"mine")
        self.assertEqual(self.open(below, "/api/"), (303, ["/api/docs"]))

    def test_it_is_not_in_the_document(self):
        app = make_app()
        self.assertEqual(list(app.openapi()["paths"]), ["/hello"])
