# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import re
from unittest.mock import patch

from fastapi import APIRouter, FastAPI

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import config

from .common import FastapiHttpCase

PAGES = ("/docs", "/docs/oauth2-redirect", "/redoc")
SCHEMA = "/openapi.json"


class DocsHttpCase(FastapiHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readers = cls.env["res.groups"].create({"name": "Readers"})
        cls.heads = cls.env["res.groups"].create(
            {"name": "Heads", "implied_ids": [Command.link(cls.readers.id)]}
        )
        cls.portal = cls._create_user("portal@test", groups="base.group_portal")
        cls.user = cls._create_user("user@test")
        cls.member = cls._create_user("member@test")
        cls.member.group_ids += cls.readers
        cls.head = cls._create_user("head@test")
        cls.head.group_ids += cls.heads

    @classmethod
    def _create_user(cls, login, **kwargs):
        # HttpCase.browser_js takes the login as the password
        return new_test_user(cls.env, login, password=login, **kwargs)

    def log_in(self, user):
        login = user.login if user else None
        self.authenticate(login, login)

    def assets(self, page):
        """Return the paths of the assets of a page."""
        return re.findall(r'(?:src|href)="([^"]*)"', page.text)


class TestDocsAccess(DocsHttpCase):
    def assertDocs(self, user, pages, schema, root_path="/test"):
        """Check the statuses of the pages and of the schema for a user or a visitor."""
        self.log_in(user)
        who = user.login if user else "anonymous"
        for path, status in (*((page, pages) for page in PAGES), (SCHEMA, schema)):
            response = self.get(f"{root_path}{path}")
            self.assertEqual(response.status_code, status, f"{path} as {who}")
            if status == 303:
                redirect = f"{root_path}{path}".replace("/", "%2F")
                self.assertEqual(
                    response.headers["Location"], f"/web/login?redirect={redirect}"
                )
            elif status != 200:
                self.assertEqual(response.json().keys(), {"detail"})

    def test_public(self):
        for user in (None, self.portal, self.user):
            self.assertDocs(user, 200, 200)

    def test_user(self):
        self.endpoint.docs_access = "user"
        self.assertDocs(None, 303, 401)
        for user in (self.portal, self.user):
            self.assertDocs(user, 200, 200)

    def test_group(self):
        self.endpoint.write(
            {"docs_access": "group", "docs_group_ids": [Command.set(self.readers.ids)]}
        )
        self.assertDocs(None, 303, 401)
        for user in (self.portal, self.user):
            self.assertDocs(user, 403, 403)
        for user in (self.member, self.head):
            self.assertDocs(user, 200, 200)
        self.member.group_ids -= self.readers
        self.assertDocs(self.member, 403, 403)

    def test_one_of_several_groups(self):
        self.endpoint.write(
            {
                "docs_access": "group",
                "docs_group_ids": [Command.set((self.readers + self.heads).ids)],
            }
        )
        self.assertDocs(self.member, 200, 200)
        self.endpoint.docs_group_ids = self.heads
        self.assertDocs(self.member, 403, 403)
        self.assertDocs(self.head, 200, 200)

    def test_off(self):
        asset = self.assets(self.get("/test/docs"))[0]
        self.assertEqual(self.get(asset).status_code, 200)
        self.endpoint.docs_access = "off"
        for user in (None, self.portal, self.user, self.env.ref("base.user_admin")):
            self.assertDocs(user, 404, 404)
            self.assertEqual(self.get(asset).status_code, 404)
            self.assertEqual(self.get("/test/docs").json(), {"detail": "Not Found"})
        self.endpoint.docs_access = "public"
        self.assertDocs(None, 200, 200)

    def test_api_is_not_restricted(self):
        for access in ("public", "user", "off"):
            self.endpoint.docs_access = access
            self.assertEqual(self.get("/test/method").status_code, 200)

    def test_assets_of_restricted_docs(self):
        assets = self.assets(self.get("/test/docs"))
        self.endpoint.docs_access = "user"
        for asset in assets:
            self.assertEqual(self.get(asset).status_code, 200)

    def test_user_of_the_endpoint(self):
        # a visitor's request starts as this user, who can also log in
        self._create_endpoint("/own", user_id=self.user.id, docs_access="user")
        self.assertDocs(None, 303, 401, root_path="/own")
        self.assertDocs(self.user, 200, 200, root_path="/own")

    def test_app_of_an_override_without_authentication(self):
        self._create_endpoint(
            "/plain",
            app="test_plain",
            docs_access="group",
            docs_group_ids=[Command.set(self.readers.ids)],
        )
        self.assertDocs(None, 303, 401, root_path="/plain")
        self.assertDocs(self.user, 403, 403, root_path="/plain")
        self.assertDocs(self.member, 200, 200, root_path="/plain")

    def test_mounted_apps(self):
        root_path = "/test/outer/inner"
        self.assertDocs(None, 200, 200, root_path=root_path)
        self.endpoint.docs_access = "user"
        self.assertDocs(None, 303, 401, root_path=root_path)
        self.assertDocs(self.portal, 200, 200, root_path=root_path)
        # one app, mounted in two endpoints
        self._create_endpoint("/another")
        self.assertDocs(None, 200, 200, root_path="/another/outer/inner")
        self.endpoint.docs_access = "off"
        self.assertDocs(self.portal, 404, 404, root_path=root_path)

    def test_routes_of_the_app_at_the_paths_of_pages(self):
        """Clients whom Odoo refuses don't reach a handler by the path of a page."""
        calls = []
        routes = APIRouter()

        @routes.get("/{name}")
        def call(name: str) -> None:
            calls.append(name)

        routing = type(self.endpoint)._get_routing_info
        mounted = FastAPI()
        first = APIRouter()
        first.add_api_route("/outer/inner/docs", call, methods=["GET"])
        original = type(self.endpoint)._get_app

        def get_app(endpoint):
            app = original(endpoint)
            app.mount("/outer/inner", mounted)
            return app

        def get_routing_info(endpoint):
            return {**routing(endpoint), "auth": "user"}

        for name, value in (
            ("_get_fastapi_routers", lambda endpoint: [routes, first]),
            ("_get_app", get_app),
            ("_get_routing_info", get_routing_info),
        ):
            self.patch(type(self.endpoint), name, value)
        self.endpoint.docs_access = "off"
        self.endpoint._reset_app()
        self.log_in(None)
        for path in (*PAGES, SCHEMA, "/outer/inner/docs", "/x"):
            response = self.get(f"/test{path}", allow_redirects=False)
            self.assertNotEqual(response.status_code, 200, path)
            self.assertEqual(calls, [], path)
        self.log_in(self.user)
        self.assertEqual(self.get("/test/docs").status_code, 200)
        self.assertEqual(calls, ["docs"])

    def test_expired_session(self):
        self.endpoint.docs_access = "user"
        self.assertDocs(self.user, 200, 200)
        self.user.password = "another"
        for path, status in (("/docs", 303), (SCHEMA, 401)):
            self.assertEqual(self.get(f"/test{path}").status_code, status)

    def test_login_leads_back(self):
        self.endpoint.docs_access = "user"
        response = self.get("/test/docs")
        login = self.get(response.headers["Location"])
        self.assertEqual(login.status_code, 200)
        (token,) = set(re.findall(r'name="csrf_token" value="(\w+)"', login.text))
        (target,) = re.findall(r'name="redirect" value="([^"]+)"', login.text)
        response = self.post(
            "/web/login",
            data={
                "csrf_token": token,
                "login": self.portal.login,
                "password": self.portal.login,
                "redirect": target,
            },
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"], "/test/docs")
        self.assertEqual(self.get("/test/docs").status_code, 200)

    def test_below_a_prefix(self):
        self.endpoint.docs_access = "user"
        headers = {"X-Forwarded-Host": "shop.example", "X-Forwarded-Prefix": "/odoo"}
        with patch.dict(config.options, {"proxy_mode": True}):
            response = self.get("/test/docs", headers=headers)
            self.assertEqual(
                response.headers["Location"],
                "/odoo/web/login?redirect=%2Fodoo%2Ftest%2Fdocs",
            )
            self.log_in(self.user)
            page = self.get("/test/docs", headers=headers)
            self.assertIn("url: '/odoo/test/openapi.json'", page.text)
            for asset in self.assets(page):
                self.assertTrue(asset.startswith("/odoo/test/docs/assets/"), asset)
                path = asset.removeprefix("/odoo")
                self.assertEqual(self.get(path, headers=headers).status_code, 200)
        # without proxy mode, the header is ignored
        self.log_in(None)
        response = self.get("/test/docs", headers=headers)
        self.assertEqual(
            response.headers["Location"], "/web/login?redirect=%2Ftest%2Fdocs"
        )


class TestDocs(DocsHttpCase):
    def test_middleware_and_mounts(self):
        self._create_endpoint("/rechunked", app="test_middleware")
        self._create_endpoint("/api/v1")
        self._create_endpoint("/plain/app", app="test_plain")
        for root_path in ("/test", "/rechunked", "/api/v1", "/plain/app"):
            for path in (*PAGES, SCHEMA):
                for method in ("GET", "HEAD"):
                    response = self.call(method, f"{root_path}{path}")
                    self.assertEqual(response.status_code, 200, root_path + path)
                    self.assertEqual(
                        response.headers["Cache-Control"], "private, no-cache"
                    )
            for page in ("/docs", "/redoc"):
                response = self.get(f"{root_path}{page}")
                self.assertNotIn("https://", response.text)
                for asset in self.assets(response):
                    self.assertTrue(asset.startswith(f"{root_path}{page}/assets/"))
                    self.assertEqual(self.get(asset).status_code, 200)

    def test_caching_of_assets(self):
        for asset in self.assets(self.get("/test/docs")):
            response = self.get(asset)
            self.assertEqual(
                response.headers["Cache-Control"], "public, max-age=31536000, immutable"
            )
            etag = response.headers["ETag"]
            response = self.get(asset, headers={"If-None-Match": etag})
            self.assertEqual((response.status_code, response.content), (304, b""))

    def test_no_cookie_in_cached_responses(self):
        self.endpoint.save_http_session = True
        page = self.get("/test/docs")
        self.assertIn("session_id", page.cookies)
        for asset in self.assets(page):
            self.opener.cookies.clear()
            self.assertNotIn("Set-Cookie", self.get(asset).headers)

    def test_cors(self):
        response = self.get(
            "/test/openapi.json", headers={"Origin": "https://shop.example"}
        )
        self.assertEqual(
            response.headers["Access-Control-Allow-Origin"], "https://shop.example"
        )

    def test_urls_of_an_endpoint(self):
        self.assertEqual(self.endpoint.docs_url, "/test/docs")
        self.endpoint.docs_access = "off"
        self.assertFalse(self.endpoint.docs_url)
        self.assertFalse(self.endpoint.redoc_url)
        self.assertFalse(self.endpoint.openapi_url)
        self.endpoint.docs_access = "user"
        self.assertEqual(self.endpoint.openapi_url, "/test/openapi.json")

    def test_change_of_access_keeps_the_app(self):
        app = self.endpoint.get_app("/test")
        self.endpoint.docs_access = "off"
        self.assertIs(self.endpoint.get_app("/test"), app)

    def test_group_access_needs_a_group(self):
        with self.assertRaisesRegex(ValidationError, "Choose the groups.*Test at"):
            self.endpoint.docs_access = "group"
        self.endpoint.write(
            {"docs_access": "group", "docs_group_ids": [Command.set(self.readers.ids)]}
        )
        with self.assertRaisesRegex(ValidationError, "Choose the groups"):
            self.endpoint.docs_group_ids = False

    def test_deleted_group_grants_no_access(self):
        self.endpoint.write(
            {"docs_access": "group", "docs_group_ids": [Command.set(self.readers.ids)]}
        )
        self.readers.unlink()
        self.log_in(self.user)
        self.assertEqual(self.get("/test/docs").status_code, 403)


class TestBaseUrl(DocsHttpCase):
    BROWSER = {"Accept": "text/html,*/*;q=0.8"}

    def assertLed(self, root_path="/test", led=True):
        response = self.call(
            "GET", root_path, headers=self.BROWSER, allow_redirects=True
        )
        if led:
            self.assertEqual(response.status_code, 200)
            self.assertTrue(response.url.endswith(f"{root_path}/docs"), response.url)
            self.assertIn("swagger-ui", response.text)
        else:
            self.assertEqual(response.headers["Content-Type"], "application/json")
        return response

    def test_base_url_leads_readers_to_the_docs(self):
        self.assertLed()
        self.endpoint.docs_access = "user"
        self.assertEqual(self.assertLed(led=False).status_code, 404)
        self.log_in(self.user)
        self.assertLed()
        self.endpoint.docs_access = "off"
        self.assertEqual(self.assertLed(led=False).status_code, 404)

    def test_api_clients_get_a_404(self):
        for headers in ({}, {"Accept": "application/json"}):
            response = self.get("/test", headers=headers)
            self.assertEqual(response.json(), {"detail": "Not Found"})

    def test_base_url_of_an_endpoint_with_bearer_auth(self):
        original = type(self.endpoint)._get_routing_info

        def get_routing_info(endpoint):
            return {**original(endpoint), "auth": "bearer"}

        self.patch(type(self.endpoint), "_get_routing_info", get_routing_info)
        self.endpoint._reset_app()
        self.assertLed()
        response = self.get("/test")
        self.assertEqual(response.status_code, 401)
        self.endpoint.docs_access = "off"
        self.assertEqual(self.assertLed(led=False).status_code, 401)


class TestBrand(DocsHttpCase):
    LOGO = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )

    def test_company_of_the_endpoint(self):
        company = self.env["res.company"].create({"name": "<Wood>"})
        self.endpoint.company_id = company
        for path in ("/test/docs", "/test/redoc"):
            page = self.get(path).text
            self.assertIn("&lt;Wood&gt;</header>", page)
            self.assertNotIn("<img", page)  # no default logo of Odoo
        company.logo = self.LOGO
        page = self.get("/test/docs").text
        (logo,) = re.findall(r'<img src="([^"]+)"', page)
        image = self.get(logo)
        self.assertEqual(image.headers["Content-Type"], "image/png")
        self.assertEqual(image.content, base64.b64decode(company.logo_web))

    def test_endpoint_without_a_company(self):
        self.endpoint.company_id = False
        self.assertNotIn("<header", self.get("/test/docs").text)
