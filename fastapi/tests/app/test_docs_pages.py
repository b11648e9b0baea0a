# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The documentation pages of an app."""

import json
import re
from unittest.mock import patch

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import PlainTextResponse
from fastapi.security import OAuth2AuthorizationCodeBearer, OAuth2PasswordBearer
from starlette.middleware import Middleware
from starlette.requests import Request

from ...app.docs_guard import DocsAccess
from ...app.prepare import EndpointFastAPI, prepare_app
from .docs_case import PAGES, DocsCase, make_app

DOCS_PAGES = "odoo.addons.fastapi.app.docs_pages"
FOREIGN_ADDRESS = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


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
        """URLs of OAuth2 are right for Swagger UI and for other clients."""
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

    def test_servers_as_fastapi_has_them(self):
        eu = {"url": "https://eu.example"}
        for options in (
            {},
            {"root_path_in_servers": False},
            {"servers": [eu]},
            {"servers": [eu, {"url": "/api"}]},
            {"servers": [eu], "root_path_in_servers": False},
        ):
            for root_path in ("", "/api"):
                documents = []
                for app in (FastAPI(**options), make_app(**options)):
                    with patch(f"{DOCS_PAGES}.locate_document"):
                        path = f"{root_path}/openapi.json"
                        result = self.call(app, path, root_path=root_path)
                    documents.append(json.loads(result.body))
                theirs, ours = (document.get("servers") for document in documents)
                self.assertEqual(ours, theirs, (options, root_path))

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
