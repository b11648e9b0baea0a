# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``FastAPITransactionCase``: its arguments and class attributes."""

from typing import Annotated, Any

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Request,
)

from odoo.api import Environment
from odoo.models import BaseModel
from odoo.tests import new_test_user

from odoo.addons.base.tests.common import TransactionCaseWithUserDemo

from ..app.prepare import EndpointFastAPI
from ..context import odoo_env_ctx
from ..dependencies import (
    authenticated_partner,
    authenticated_partner_impl,
    odoo_env,
    optionally_authenticated_partner_impl,
)
from ..error_handlers import default_exception_handlers, raise_server_exceptions
from .common import FastAPITransactionCase

Env = Annotated[Environment, Depends(odoo_env)]
Partner = Annotated[BaseModel, Depends(authenticated_partner)]


def place() -> str:
    return "router"


def other_place() -> str:
    return "router"


circumstances = APIRouter()


@circumstances.get("/circumstances")
def get_circumstances(
    env: Env,
    partner: Annotated[BaseModel, Depends(authenticated_partner_impl)],
    optional_partner: Annotated[
        BaseModel, Depends(optionally_authenticated_partner_impl)
    ],
    place: Annotated[str, Depends(place)],
    other_place: Annotated[str, Depends(other_place)],
) -> dict[str, Any]:
    return {
        "env": env.context.get("test_env"),
        "user": env.uid,
        "partner": partner.id,
        "optional_partner": optional_partner.id,
        "partner_user": partner.env.uid,
        "place": place,
        "other_place": other_place,
    }


def route_app(path: str) -> FastAPI:
    """Return an app with one route, which returns its path."""
    app = EndpointFastAPI(exception_handlers=default_exception_handlers())
    app.add_api_route(path, lambda: path)
    return app


class CircumstancesMixin(TransactionCaseWithUserDemo):
    """Users and partners that exist before ``FastAPITransactionCase`` is set up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user_of_class = new_test_user(cls.env, "user_of_class")
        cls.user_of_argument = new_test_user(cls.env, "user_of_argument")
        cls.partner_of_class, cls.partner_of_argument = cls.env["res.partner"].create(
            [{"name": "Partner of the class"}, {"name": "Partner of the argument"}]
        )

    def get_circumstances(self, **arguments):
        with self._create_test_client(**arguments) as client:
            response = client.get("/circumstances")
        self.assertEqual(response.status_code, 200)
        return response.json()


class AttributesMixin(CircumstancesMixin):
    """Sets the attributes that need a database, as early as a class can."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_fastapi_app = route_app("/app-of-class")
        cls.default_fastapi_odoo_env = cls.env(context={"test_env": "class"})
        cls.default_fastapi_running_user = cls.user_of_class
        cls.default_fastapi_authenticated_partner = cls.partner_of_class


class TestNoAttributes(FastAPITransactionCase, CircumstancesMixin):
    """Defaults, for a class without attributes."""

    def test_environment_of_the_test_and_anonymous_client(self):
        self.assertEqual(
            self.get_circumstances(router=circumstances),
            {
                "env": None,
                "user": self.env.uid,
                "partner": False,
                "optional_partner": False,
                "partner_user": self.env.uid,
                "place": "router",
                "other_place": "router",
            },
        )

    def test_what_a_class_adds_to_its_overrides_is_not_for_others(self):
        self.default_fastapi_dependency_overrides[place] = lambda: "class"
        self.assertEqual(
            FastAPITransactionCase.default_fastapi_dependency_overrides, {}
        )

    def test_nothing_is_left_in_the_context(self):
        with self._create_test_client(raise_server_exceptions=True):
            self.assertEqual(odoo_env_ctx.get(), self.env)
            self.assertTrue(raise_server_exceptions.get())
        self.assertIsNone(odoo_env_ctx.get(None))
        self.assertFalse(raise_server_exceptions.get())

    def test_the_client_has_the_app(self):
        app = route_app("/")
        for raises in (True, False):
            with self._create_test_client(
                app=app, raise_server_exceptions=raises
            ) as client:
                self.assertIs(client.app, app)

    def test_partner_and_override_are_refused(self):
        for impl in (authenticated_partner_impl, optionally_authenticated_partner_impl):
            overrides = {impl: lambda: self.partner_of_class}
            client = self._create_test_client(
                partner=self.partner_of_argument, dependency_overrides=overrides
            )
            with self.assertRaisesRegex(ValueError, impl.__name__), client:
                self.fail("There is a client.")


class TestAttributes(FastAPITransactionCase, AttributesMixin):
    """Attributes of the class are used, unless an argument replaces them."""

    default_fastapi_router = circumstances
    default_fastapi_dependency_overrides = {
        place: lambda: "class",
        other_place: lambda: "class",
    }

    def assert_circumstances(self, changed, **arguments):
        """Check what a handler gets: attributes of the class, or what is changed."""
        expected = {
            "env": "class",
            "user": self.user_of_class.id,
            "partner": self.partner_of_class.id,
            "optional_partner": self.partner_of_class.id,
            "partner_user": self.user_of_class.id,
            "place": "class",
            "other_place": "class",
        }
        self.assertEqual(self.get_circumstances(**arguments), {**expected, **changed})

    def get_status_codes(self, *paths, **arguments):
        with self._create_test_client(**arguments) as client:
            return [client.get(path).status_code for path in paths]

    def test_attributes(self):
        self.assert_circumstances({})
        self.assertEqual(self.get_status_codes("/app-of-class"), [200])

    def test_app(self):
        codes = self.get_status_codes(
            "/app-of-argument",
            "/app-of-class",
            "/circumstances",
            app=route_app("/app-of-argument"),
        )
        self.assertEqual(codes, [200, 404, 200])

    def test_router(self):
        router = APIRouter()
        router.add_api_route("/router-of-argument", lambda: None)
        codes = self.get_status_codes(
            "/router-of-argument",
            "/circumstances",
            app=route_app("/app-of-argument"),
            router=router,
        )
        self.assertEqual(codes, [200, 404])

    def test_user(self):
        user = self.user_of_argument
        changed = {"user": user.id, "partner_user": user.id}
        self.assert_circumstances(changed, user=user)

    def test_partner(self):
        partner = self.partner_of_argument
        changed = {"partner": partner.id, "optional_partner": partner.id}
        self.assert_circumstances(changed, partner=partner)

    def test_env(self):
        env = self.env(context={"test_env": "argument"})
        self.assert_circumstances({"env": "argument"}, env=env)

    def test_dependency_overrides(self):
        overrides = {place: lambda: "argument"}
        self.assert_circumstances({"place": "argument"}, dependency_overrides=overrides)
        # for that client alone
        self.assert_circumstances({})

    def test_raise_server_exceptions(self):
        router = APIRouter()

        @router.get("/fail")
        def fail() -> None:
            raise ZeroDivisionError("a secret")

        with self._create_test_client(router=router) as client:
            with self.assertRaisesRegex(ZeroDivisionError, "a secret"):
                client.get("/fail")
        with self._create_test_client(
            router=router, raise_server_exceptions=False
        ) as client:
            self.assertEqual(client.get("/fail").status_code, 500)

    def test_testclient_kwargs(self):
        router = APIRouter()

        @router.get("/request")
        def get_request(request: Request) -> tuple[str | None, str]:
            return request.headers.get("X-Test"), request.scope["root_path"]

        app = route_app("/app-of-argument")
        app.state.odoo_root_path = "/of-app"
        with self._create_test_client(app=app, router=router) as client:
            self.assertEqual(client.get("/request").json(), [None, "/of-app"])
        with self._create_test_client(
            app=app,
            router=router,
            testclient_kwargs={
                "headers": {"X-Test": "argument"},
                "root_path": "/of-argument",
            },
        ) as client:
            response = client.get("/request").json()
        self.assertEqual(response, ["argument", "/of-argument"])


class TestOverridesOfTheApp(FastAPITransactionCase, CircumstancesMixin):
    """An app's own overrides are kept unless replaced, and restored afterwards."""

    default_fastapi_router = circumstances

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = route_app("/")
        cls.own_overrides = {place: lambda: "app", other_place: lambda: "app"}
        cls.app.dependency_overrides = dict(cls.own_overrides)

    def assert_places(self, response, places):
        self.assertEqual((response["place"], response["other_place"]), places)

    def test_they_are_kept(self):
        response = self.get_circumstances(app=self.app)
        self.assert_places(response, ("app", "app"))

    def test_who_calls_is_kept(self):
        partner = self.partner_of_class
        for impl, key in (
            (authenticated_partner_impl, "partner"),
            (optionally_authenticated_partner_impl, "optional_partner"),
        ):
            with self.subTest(key):
                app = route_app("/")
                app.dependency_overrides = {impl: lambda: partner}
                self.assertEqual(self.get_circumstances(app=app)[key], partner.id)

    def test_who_calls_is_replaced_by_a_partner(self):
        app = route_app("/")
        app.dependency_overrides = {
            authenticated_partner_impl: lambda: self.partner_of_class
        }
        response = self.get_circumstances(app=app, partner=self.partner_of_argument)
        self.assertEqual(response["partner"], self.partner_of_argument.id)

    def test_they_are_replaced_by_those_of_the_class(self):
        self.default_fastapi_dependency_overrides = {place: lambda: "class"}
        response = self.get_circumstances(app=self.app)
        self.assert_places(response, ("class", "app"))

    def test_they_are_replaced_by_those_given(self):
        response = self.get_circumstances(
            app=self.app, dependency_overrides={place: lambda: "argument"}
        )
        self.assertEqual(
            (response["place"], response["other_place"]), ("argument", "app")
        )

    def test_they_come_back(self):
        with self._create_test_client(
            app=self.app, dependency_overrides={place: lambda: "argument"}
        ) as client:
            client.get("/circumstances")
            self.assertNotEqual(self.app.dependency_overrides, self.own_overrides)
        self.assertEqual(self.app.dependency_overrides, self.own_overrides)

    def test_they_come_back_after_a_failing_test(self):
        with self.assertRaises(ZeroDivisionError):
            with self._create_test_client(
                app=self.app, dependency_overrides={place: lambda: "argument"}
            ):
                raise ZeroDivisionError()
        self.assertEqual(self.app.dependency_overrides, self.own_overrides)
