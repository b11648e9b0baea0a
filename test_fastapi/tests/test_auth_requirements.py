# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Scopes and groups that routes require, in an app and in its OpenAPI document."""

from typing import Annotated, Any
from unittest.mock import patch

from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.security import HTTPBearer, SecurityScopes

from odoo.tests import new_test_user

from odoo.addons.base.models.res_partner import ResPartner
from odoo.addons.fastapi.app.prepare import EndpointFastAPI
from odoo.addons.fastapi.auth import Caller
from odoo.addons.fastapi.auth.requirements import check_scopes
from odoo.addons.fastapi.dependencies import (
    authenticated_caller,
    authenticated_partner,
    authenticated_partner_impl,
    optionally_authenticated_partner,
    optionally_authenticated_partner_impl,
    require_group,
    require_scopes,
)
from odoo.addons.fastapi.tests.common import FastAPITransactionCase

from .common import FastapiHttpCase

bearer = HTTPBearer(auto_error=False)


def scoped_caller(*scopes, **vals):
    """Return an override whose callers have these scopes."""

    def get_caller(_token: Annotated[Any, Depends(bearer)]) -> Caller:
        return Caller("test", 1, scopes=frozenset(scopes), **vals)

    return get_caller


class RequirementsCase(FastAPITransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "member@test", groups="base.group_user")

    def call(self, app, override, path="/"):
        overrides = {authenticated_caller: override}
        with self._create_test_client(
            app=app, dependency_overrides=overrides, raise_server_exceptions=False
        ) as client:
            return client.get(path)

    def get_operation(self, app, override=None):
        if override:
            app.dependency_overrides[authenticated_caller] = override
        return app.openapi()["paths"]["/"]["get"]

    def make_apps(self, requirement):
        """Return apps, each with the requirement in another place, by place."""

        def handler() -> str:
            return "done"

        def handler_with_caller(caller: Annotated[Caller, requirement]) -> str:
            return caller.method

        apps = {}
        apps["app"] = EndpointFastAPI(dependencies=[requirement])
        apps["app"].get("/")(handler)
        apps["router"] = EndpointFastAPI()
        router = APIRouter(dependencies=[requirement])
        router.get("/")(handler)
        apps["router"].include_router(router)
        apps["inclusion"] = EndpointFastAPI()
        router = APIRouter()
        router.get("/")(handler)
        apps["inclusion"].include_router(router, dependencies=[requirement])
        apps["route"] = EndpointFastAPI()
        apps["route"].get("/", dependencies=[requirement])(handler)
        apps["parameter"] = EndpointFastAPI()
        apps["parameter"].get("/")(handler_with_caller)
        return apps


class TestScopes(RequirementsCase):
    def test_scopes(self):
        for place, app in self.make_apps(require_scopes("orders:read", "a")).items():
            with self.subTest(place):
                right = scoped_caller("orders:read", "a", "b")
                self.assertEqual(self.call(app, right).status_code, 200)
                response = self.call(app, scoped_caller("a", "orders"))
                self.assertEqual(response.status_code, 403)
                self.assertEqual(
                    response.json(),
                    {"detail": "The credential lacks the scope orders:read."},
                )
                self.assertEqual(
                    response.headers["WWW-Authenticate"],
                    'Bearer error="insufficient_scope", scope="orders:read a"',
                )
                response = self.call(app, scoped_caller())
                self.assertIn("scopes orders:read, a.", response.json()["detail"])

    def test_credential_without_limits(self):
        for place, app in self.make_apps(require_scopes("a")).items():
            with self.subTest(place):
                caller = Caller("test", 1)
                self.assertEqual(self.call(app, lambda: caller).status_code, 200)  # noqa: B023

    def test_openapi(self):
        for place, app in self.make_apps(require_scopes("a", "b")).items():
            with self.subTest(place):
                operation = self.get_operation(app, scoped_caller())
                self.assertEqual(operation["security"], [{"HTTPBearer": ["a", "b"]}])
                self.assertIn("403", operation["responses"])

    def test_at_several_places(self):
        app = EndpointFastAPI(dependencies=[require_scopes("a")])
        router = APIRouter(dependencies=[require_scopes("b")])

        @router.get("/", dependencies=[require_scopes("c")])
        def handler(
            caller: Annotated[Caller, Security(authenticated_caller, scopes=["d"])],
        ) -> list[str]:
            return sorted(caller.scopes)

        app.include_router(router)
        response = self.call(app, scoped_caller(*"abcd"))
        self.assertEqual(response.json(), list("abcd"))
        for missing in "abc":
            with self.subTest(missing):
                scopes = set("abcd") - {missing}
                self.assertEqual(
                    self.call(app, scoped_caller(*scopes)).status_code, 403
                )
        (security,) = self.get_operation(app, scoped_caller())["security"]
        self.assertEqual(sorted(security["HTTPBearer"]), list("abcd"))

    def test_security_of_fastapi(self):
        """An override can check the scopes itself."""

        def get_caller(scopes: SecurityScopes) -> Caller:
            caller = Caller("test", 1, scopes=frozenset("a"))
            check_scopes(caller, scopes.scopes)
            return caller

        for scope, status in (("a", 200), ("b", 403)):
            app = EndpointFastAPI()
            app.get("/", dependencies=[Security(authenticated_caller, scopes=[scope])])(
                lambda: "done"
            )
            self.assertEqual(self.call(app, get_caller).status_code, status)

    def test_texts_that_are_not_scopes(self):
        for scopes in ((), ("",), ("a b",), ('a"',), ("é",), ("a\n",), ("a", "\\")):
            with self.subTest(scopes), self.assertRaises(ValueError):
                require_scopes(*scopes)


class TestGroups(RequirementsCase):
    def get_override(self, user_id):
        return lambda: Caller("test", 1, user_id)

    def test_groups(self):
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        portal = new_test_user(self.env, "portal@test", groups="base.group_portal")
        for groups, member in (
            (["base.group_partner_manager"], True),
            (["base.group_system"], False),
            (["base.group_system", "base.group_user"], True),
            (["fastapi.none"], False),
        ):
            for place, app in self.make_apps(require_group(*groups)).items():
                with self.subTest(place, groups=groups):
                    response = self.call(app, self.get_override(self.user.id))
                    self.assertEqual(response.status_code, 200 if member else 403)
                    if not member:
                        self.assertEqual(
                            response.json(),
                            {"detail": f"Only for members of {groups[0]}."},
                        )
                    for user_id in (None, portal.id):
                        response = self.call(app, self.get_override(user_id))
                        self.assertEqual(response.status_code, 403)

    def test_implied_groups(self):
        app = self.make_apps(require_group("fastapi.group_fastapi_user"))["route"]
        override = self.get_override(self.user.id)
        self.assertEqual(self.call(app, override).status_code, 403)
        self.user.group_ids |= self.env.ref("fastapi.group_fastapi_manager")
        self.assertEqual(self.call(app, override).status_code, 200)

    def test_all_requirements_count(self):
        app = EndpointFastAPI(dependencies=[require_group("base.group_user")])
        app.get("/", dependencies=[require_group("base.group_system")])(lambda: "done")
        override = self.get_override(self.user.id)
        self.assertEqual(self.call(app, override).status_code, 403)
        override = self.get_override(self.env.ref("base.user_admin").id)
        self.assertEqual(self.call(app, override).status_code, 200)

    def test_user_of_the_app_reads_no_groups(self):
        app = self.make_apps(require_group("base.group_user"))["route"]
        runner = new_test_user(self.env, "runner@test", groups="base.group_public")
        self.default_fastapi_running_user = runner
        override = self.get_override(self.user.id)
        self.assertEqual(self.call(app, override).status_code, 200)

    def test_caller_of_an_app_that_authenticates_itself(self):
        app = self.make_apps(require_group("base.group_user"))["route"]
        for partner, status in (
            (self.user.partner_id, 200),
            (self.env["res.partner"].create({"name": "No user"}), 403),
        ):
            with self._create_test_client(
                app=app, partner=partner, raise_server_exceptions=False
            ) as client:
                self.assertEqual(client.get("/").status_code, status)

    def test_openapi(self):
        requirement = require_group("base.group_user", "base.group_portal")
        for place, app in self.make_apps(requirement).items():
            with self.subTest(place):
                operation = self.get_operation(app)
                self.assertEqual(
                    operation["x-odoo-groups"],
                    [["base.group_user", "base.group_portal"]],
                )
                self.assertIn(
                    "Only for members of `base.group_user` or `base.group_portal`.",
                    operation["description"],
                )
                self.assertIn("401", operation["responses"])
                self.assertIn("403", operation["responses"])

    def test_openapi_of_several(self):
        app = EndpointFastAPI(dependencies=[require_group("base.group_user")])
        same = require_group("base.group_user")

        @app.get("/", dependencies=[require_group("base.group_system"), same])
        def handler() -> str:
            """Do it."""

        operation = self.get_operation(app)
        self.assertEqual(
            operation["x-odoo-groups"], [["base.group_user"], ["base.group_system"]]
        )
        self.assertEqual(
            operation["description"],
            "Do it.\n\nOnly for members of `base.group_user`.\n\n"
            "Only for members of `base.group_system`.",
        )

    def test_no_group(self):
        with self.assertRaises(ValueError):
            require_group()


class TestOptionalAuthentication(RequirementsCase):
    def get_security(self, *dependencies, optional=True):
        def ask(_token: Annotated[Any, Depends(bearer)]) -> ResPartner | None:
            return None

        def ask_optionally(
            _token: Annotated[Any, Depends(bearer)],
        ) -> ResPartner | None:
            return None

        ask_optionally.optional_auth = True
        app = EndpointFastAPI()
        app.get("/", dependencies=dependencies)(lambda: "done")
        app.dependency_overrides = {
            authenticated_partner_impl: ask,
            optionally_authenticated_partner_impl: ask_optionally if optional else ask,
        }
        return self.get_operation(app).get("security")

    def test_openapi(self):
        optional = Depends(optionally_authenticated_partner)
        required = Depends(authenticated_partner)
        self.assertEqual(self.get_security(optional), [{"HTTPBearer": []}, {}])
        self.assertEqual(self.get_security(required), [{"HTTPBearer": []}])
        for dependencies in ((optional, required), (required, optional)):
            self.assertEqual(self.get_security(*dependencies), [{"HTTPBearer": []}])
        # an app's own dependency is not known to be optional
        self.assertEqual(
            self.get_security(optional, optional=False), [{"HTTPBearer": []}]
        )
        self.assertIsNone(self.get_security())


class AppCase(FastapiHttpCase):
    def add_routes(self, endpoint, router):
        """Add routes to the app of an endpoint during the test."""
        model = type(endpoint)
        original = model._get_app

        def get_app(record) -> FastAPI:
            app = original(record)
            if record == endpoint:
                app.include_router(router)
            return app

        self.startPatcher(patch.object(model, "_get_app", get_app))
        endpoint._reset_app()


class TestKeys(AppCase):
    def test_scopes_of_a_key(self):
        endpoint = self._create_endpoint(
            "/scoped", app="test_auth", run_as="user", accept_unscoped_keys=True
        )
        router = APIRouter(prefix="/scoped")
        for path, requirement in (
            ("/required", require_scopes("orders:read")),
            ("/partner", Security(authenticated_partner, scopes=["orders:read"])),
            ("/caller", Security(authenticated_caller, scopes=["orders:read"])),
            (
                "/optional",
                Security(optionally_authenticated_partner, scopes=["orders:read"]),
            ),
        ):
            router.get(path, dependencies=[requirement])(lambda: "done")
        self.add_routes(endpoint, router)
        keys = self.env["fastapi.endpoint.key"]
        api_keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        secrets = {
            scopes: keys._generate(endpoint, self.caller, "test", scopes=scopes)[1]
            for scopes in ("orders:read", "orders:read orders:write", "orders:write")
        }
        secrets[None] = api_keys._generate(None, "test", None)
        for path in ("/required", "/partner", "/caller", "/optional"):
            for scopes, secret in secrets.items():
                with self.subTest(path, scopes=scopes):
                    headers = {"Authorization": f"Bearer {secret}"}
                    response = self.get(f"/scoped/scoped{path}", headers=headers)
                    if scopes == "orders:write":
                        self.assertEqual(response.status_code, 403)
                        self.assertEqual(
                            response.headers["WWW-Authenticate"],
                            'Bearer error="insufficient_scope", scope="orders:read"',
                        )
                    else:
                        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.get("/scoped/scoped/optional").status_code, 200)
        self.assertEqual(self.get("/scoped/scoped/required").status_code, 401)
        document = self.get("/scoped/openapi.json").json()
        for path, security in (
            ("/required", [{"APIKey": ["orders:read"]}]),
            ("/optional", [{"APIKey": ["orders:read"]}, {}]),
        ):
            operation = document["paths"][f"/scoped{path}"]["get"]
            self.assertEqual(operation["security"], security)


class TestBuild(AppCase):
    def test_group_that_does_not_exist(self):
        requirement = require_group("base.group_user", "test_fastapi.group_missing")
        router = APIRouter()
        router.get("/grouped", dependencies=[requirement])(lambda: "done")
        self.add_routes(self.endpoint, router)
        for path in ("/test/identity", "/test/grouped"):
            with self.assertLogs(level="WARNING") as logs:
                self.assertEqual(self.get(path).status_code, 503)
            self.assertIn("test_fastapi.group_missing", logs.output[0])
            self.assertIn("/grouped", logs.output[0])
