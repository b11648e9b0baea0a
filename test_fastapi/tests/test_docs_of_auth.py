# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Documentation of endpoints with ``auth`` in their routing info."""

from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from odoo.fields import Command

from .test_browser_docs import BrowserDocsCase
from .test_docs import PAGES, SCHEMA, DocsHttpCase

BEARER = "User not authenticated"


class DocsOfAuthCase:
    def _create(self, auth, root_path="/auth", **vals):
        return self._create_endpoint(root_path, test_routing={"auth": auth}, **vals)

    def _key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(None, "test", None)

    def _bearer(self, user):
        return {"Authorization": f"Bearer {self._key(user)}"}


class TestDocsOfAuth(DocsOfAuthCase, DocsHttpCase):
    def assertStatuses(self, pages, schema, root_path="/auth", **kwargs):
        for path, status in (*((page, pages) for page in PAGES), (SCHEMA, schema)):
            response = self.get(f"{root_path}{path}", **kwargs)
            self.assertEqual(response.status_code, status, path)

    def assertRefused(self, path, method="GET", **kwargs):
        response = self.call(method, path, **kwargs)
        self.assertIn(response.status_code, (401, 403), path)
        self.assertNotIn("swagger", response.text)

    def test_access_to_the_documentation(self):
        for auth in ("bearer", "user"):
            with self.subTest(auth):
                endpoint = self._create(auth, f"/{auth}")
                root_path = endpoint.root_path
                self.assertStatuses(200, 200, root_path)
                wrong = {"headers": {"Authorization": "Bearer wrong"}}
                self.assertStatuses(200, 200, root_path, **wrong)
                self.assertStatuses(
                    200, 200, root_path, headers=self._bearer(self.user)
                )
                endpoint.docs_access = "user"
                self.assertStatuses(303, 401, root_path)
                self.assertStatuses(303, 401, root_path, **wrong)
                self.log_in(self.portal)
                self.assertStatuses(200, 200, root_path)
                endpoint.write(
                    {
                        "docs_access": "group",
                        "docs_group_ids": [Command.set(self.readers.ids)],
                    }
                )
                self.assertStatuses(403, 403, root_path)
                self.log_in(self.member)
                self.assertStatuses(200, 200, root_path)
                self.log_in(None)

    def test_no_documentation(self):
        endpoint = self._create("bearer", docs_access="off")
        for path in (*PAGES, SCHEMA):
            self.assertRefused(f"/auth{path}")
            response = self.get(f"/auth{path}", headers=self._bearer(self.user))
            self.assertEqual(response.status_code, 404)
        endpoint.docs_access = "public"
        self.assertStatuses(200, 200)

    def test_assets(self):
        self._create("bearer", docs_access="user")
        self.log_in(self.portal)
        for page in ("/docs", "/redoc"):
            for asset in self.assets(self.get(f"/auth{page}")):
                self.assertEqual(self.get(asset).status_code, 200)

    def test_nothing_else_is_open(self):
        self._create("bearer")
        for path in (
            "",
            "/",
            "/identity",
            "/docs/",
            "/docs/x",
            "/docs/../identity",
            "/docs//../identity",
            "/docs%2F..%2Fidentity",
            "/openapi.json/",
            "/openapi.jsonx",
            "/redoc/assets/x",
            "/nowhere",
        ):
            self.assertRefused(f"/auth{path}")
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            self.assertRefused("/auth/docs", method)
        self.assertEqual(self.get("/auth/method").status_code, 401)
        headers = self._bearer(self.user)
        response = self.get("/auth/method", headers=headers)
        self.assertEqual(response.status_code, 200)

    def test_another_route_at_the_path_of_the_documentation(self):
        model = type(self.endpoint)
        original = model._get_app

        def get_app(endpoint):
            app = original(endpoint)
            for path in ("/docs", "/openapi.json"):
                # before FastAPI's routes
                app.router.routes.insert(0, APIRoute(path, lambda: "secret"))
            return app

        self.patch(model, "_get_app", get_app)
        self._create("bearer")
        for path in ("/auth/docs", "/auth/openapi.json"):
            response = self.get(path)
            self.assertEqual(response.status_code, 401)
            self.assertNotIn("secret", response.text)
        self.assertEqual(self.get("/auth/redoc").status_code, 200)
        headers = self._bearer(self.user)
        self.assertEqual(self.get("/auth/docs", headers=headers).json(), "secret")

    def test_middleware_that_rewrites_the_path(self):
        class Rewrite:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                if scope["type"] == "http":
                    path = scope["path"].replace("/docs", "/items")
                    scope = {**scope, "path": path}
                await self.app(scope, receive, send)

        model = type(self.endpoint)
        original = model._get_fastapi_app_middlewares
        self.patch(
            model,
            "_get_fastapi_app_middlewares",
            lambda endpoint: [*original(endpoint), Middleware(Rewrite)],
        )
        self._create("bearer")
        items = self.env["test.fastapi.item"]
        count = items.search_count([])
        self.assertRefused("/auth/docs")
        self.assertEqual(items.search_count([]), count)
        self.assertEqual(self.get("/auth/redoc").status_code, 200)

    def test_addresses_of_the_app(self):
        model = type(self.endpoint)
        original = model._prepare_fastapi_app_params

        def prepare(endpoint):
            urls = {"docs_url": "/", "redoc_url": "/book", "openapi_url": "/api.json"}
            return {**original(endpoint), **urls}

        self.patch(model, "_prepare_fastapi_app_params", prepare)
        self._create("bearer")
        for path in ("/", "/book", "/api.json"):
            self.assertEqual(self.get(f"/auth{path}").status_code, 200, path)
        for path in ("/docs", "/redoc", "/openapi.json"):
            self.assertRefused(f"/auth{path}")

    def test_mounted_apps(self):
        endpoint = self._create("bearer")
        for root_path in ("/auth/outer/inner", "/auth/prefix/routed"):
            self.assertStatuses(200, 200, root_path)
            self.assertRefused(f"{root_path}/items")
        endpoint.docs_access = "user"
        self.assertStatuses(303, 401, "/auth/outer/inner")

    def test_app_that_can_not_be_built(self):
        self._create("bearer", app="test_breakable", description="hook")
        with self.assertLogs("odoo", "ERROR"):
            self.assertEqual(self.get("/auth/docs").status_code, 503)

    def test_scheme_in_openapi(self):
        endpoint = self._create("bearer")
        schemes = {"bearer": "HTTPBearer", "user": "OdooSession"}
        for auth, name in schemes.items():
            with self.subTest(auth):
                endpoint.test_routing = {"auth": auth}
                document = self.get("/auth/openapi.json").json()
                self.assertIn(name, document["components"]["securitySchemes"])
                for path, method in (("/method", "get"), ("/items", "post")):
                    operation = document["paths"][path][method]
                    self.assertEqual(operation["security"][0], {name: []})
                self.env["fastapi.route"]._replace_rows(endpoint)
                rows = self.env["fastapi.route"].search(
                    [("endpoint_id", "=", endpoint.id)]
                )
                self.assertTrue(rows)
                self.assertTrue(all(rows.mapped("authenticated")))
        self.assertIn("--cookie session_id=KEY ", endpoint.curl_example)
        endpoint.test_routing = {"auth": "bearer"}
        self.assertIn("'Authorization: Bearer TOKEN' ", endpoint.curl_example)
        endpoint.test_routing = {"auth": "public"}
        document = self.get("/auth/openapi.json").json()
        self.assertNotIn("HTTPBearer", document["components"]["securitySchemes"])
        self.assertNotIn("security", document["paths"]["/method"]["get"])


class TestBrowserDocsOfAuth(DocsOfAuthCase, BrowserDocsCase):
    def test_try_out_with_a_key(self):
        self._create("bearer")
        self.assertRendered("/auth/redoc")
        self.browse(
            "/auth/docs",
            f"""
            await click(".auth-wrapper .btn.authorize");
            const form = await until(() =>
                [...document.querySelectorAll(".auth-container")].find(
                    (found) => found.querySelector("h4").innerText.includes("Bearer")
                )
            );
            enter(form.querySelector("input"), {self._key(self.user)!r});
            form.querySelector(".auth.authorize").click();
            await click(".btn-done");
            const block = await until(() =>
                document.querySelector('[data-path="/odoo_user"]')?.closest(".opblock")
            );
            block.querySelector(".opblock-summary-control").click();
            const press = async (selector) =>
                (await until(() => block.querySelector(selector))).click();
            await press(".try-out__btn");
            await press(".execute");
            const response = await until(() =>
                block.querySelector(".live-responses-table tbody")
            );
            check(response.innerText.trim().startsWith("200"), response.innerText);
            const text = response.innerText;
            check(text.includes('"user": {self.user.id}'), text);
            """,
            ".opblock",
        )

    def test_session_of_the_browser(self):
        self._create("user", docs_access="user")
        self.assertRendered("/auth/docs", login=self.portal.login)
        self.assertRendered("/auth/redoc", login=self.portal.login)
        self._create("bearer", "/key", docs_access="user")
        self.assertRendered("/key/docs", login=self.portal.login)
