# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependency overrides in the routes of an app."""

import json
import threading
from dataclasses import dataclass
from typing import Annotated
from unittest.mock import patch

import fastapi.dependencies.utils
from fastapi import APIRouter, Body, Depends, FastAPI, Request
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.routing import iter_route_contexts

from ...app.prepare import EndpointFastAPI, prepare_app
from ..bridge_case import JSON_TYPE, TIMEOUT
from .routes_case import OverridesCase, branch, identity, leaf, make_router, trunk


def other_leaf():
    return "other leaf"


def make_value(value):
    return lambda: value


class TestOverrides(OverridesCase):
    def test_no_override(self):
        app = self.make_app()
        self.assertEqual(self.get(app, "/leaf"), "leaf")
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")

    def test_dependency_of_a_route(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")

    def test_dependency_of_a_dependency(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")

    def test_dependency_in_the_middle(self):
        app = self.make_app({branch: lambda: "fake"})
        self.assertEqual(self.get(app, "/trunk"), "trunk of fake")
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_override_with_dependencies_of_its_own(self):
        def fake(value: Annotated[str, Depends(other_leaf)], suffix: str = "!"):
            return value + suffix

        app = self.make_app({branch: fake})
        self.assertEqual(self.get(app, "/trunk"), "trunk of other leaf!")
        self.assertEqual(
            self.get(app, "/trunk", query="suffix=%3F"), "trunk of other leaf?"
        )

    def test_dependencies_of_an_override_are_overridden_in_turn(self):
        def fake(value: Annotated[str, Depends(other_leaf)]):
            return f"fake of {value}"

        app = self.make_app({branch: fake, other_leaf: lambda: "fake leaf"})
        self.assertEqual(self.get(app, "/trunk"), "trunk of fake of fake leaf")

    def test_override_that_depends_on_what_it_replaces(self):
        def fake(value: Annotated[str, Depends(branch)]):
            return f"fake of {value}"

        # as FastAPI has it: the override of trunk asks for branch, that one for leaf
        app = self.make_app({trunk: fake, leaf: lambda: "fake leaf"})
        self.assertEqual(self.get(app, "/trunk"), "fake of branch of fake leaf")

    def test_override_that_does_not_count_below_what_it_depends_on(self):
        def fake(value: Annotated[str, Depends(branch)]):
            return f"fake of {value}"

        fake.not_below = (branch,)
        app = self.make_app({leaf: fake})
        self.assertEqual(self.get(app, "/leaf"), "fake of branch of leaf")
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")

    def test_override_is_not_overridden_itself(self):
        def first():
            return "first"

        app = self.make_app({leaf: first, first: lambda: "second"})
        self.assertEqual(self.get(app, "/leaf"), "first")

    def test_override_gets_the_path_of_the_route(self):
        app = EndpointFastAPI()

        @app.get("/item/{number}")
        def item(value: Annotated[str, Depends(leaf)]) -> int:
            return value

        def fake(number: int):
            return number

        app.dependency_overrides[leaf] = fake
        self.assertEqual(self.get(app, "/item/7"), 7)

    def test_override_gets_the_request(self):
        def fake(request: Request):
            return request.url.path

        app = self.make_app({leaf: fake})
        self.assertEqual(self.get(app, "/leaf"), "/leaf")

    def test_async_override(self):
        async def fake():
            return "fake"

        app = self.make_app({leaf: fake})
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")

    def test_class_and_instance_as_override(self):
        class Fake:
            def __init__(self, suffix: str = "!"):
                self.suffix = suffix

            def __str__(self):
                return f"fake{self.suffix}"

            def __call__(self):
                return "called"

        app = self.make_app({branch: Fake})
        self.assertEqual(self.get(app, "/trunk"), "trunk of fake!")
        app = self.make_app({branch: Fake()})
        self.assertEqual(self.get(app, "/trunk"), "trunk of called")

    def test_override_that_has_no_hash(self):
        @dataclass
        class Fake:
            value: str

            def __call__(self, suffix: str = "!"):
                return self.value + suffix

        app = self.make_app({leaf: Fake("fake")})
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake!")
        self.assertEqual(self.get(app, "/leaf", query="suffix=%3F"), "fake?")

    def test_dependency_of_a_router_and_of_an_app(self):
        called = []

        def guard():
            called.append("guard")

        def fake_guard():
            called.append("fake")

        app = EndpointFastAPI(dependencies=[Depends(guard)])
        app.include_router(
            make_router(), dependencies=[Depends(guard, use_cache=False)]
        )
        app.dependency_overrides[guard] = fake_guard
        self.get(app, "/leaf")
        self.assertTrue(called)
        self.assertEqual(set(called), {"fake"})

    def test_route_of_the_app_itself(self):
        app = EndpointFastAPI()

        @app.get("/own")
        def own(value: Annotated[str, Depends(branch)]) -> str:
            return value

        app.dependency_overrides[leaf] = lambda: "fake"
        self.assertEqual(self.get(app, "/own"), "branch of fake")

    def test_router_in_a_router(self):
        outer = APIRouter(prefix="/outer")
        outer.include_router(make_router(), prefix="/inner")
        app = self.make_app({leaf: lambda: "fake"}, outer)
        self.assertEqual(self.get(app, "/outer/inner/trunk"), "trunk of branch of fake")

    def test_router_included_twice(self):
        router = make_router()
        app = self.make_app({leaf: lambda: "fake"}, router)
        app.include_router(router, prefix="/again")
        self.assertEqual(self.get(app, "/leaf"), "fake")
        self.assertEqual(self.get(app, "/again/leaf"), "fake")

    def test_parameters_of_the_original_are_not_asked_for(self):
        app = self.make_app()
        self.assertEqual(self.call(app, "/identity").code, 422)
        app = self.make_app({identity: lambda: "fake"})
        self.assertEqual(self.get(app, "/identity"), "fake")

    def test_parameters_of_the_override_are_validated(self):
        def fake(number: int):
            return str(number)

        app = self.make_app({identity: fake})
        result = self.call(app, "/identity", query="number=x")
        self.assertEqual(result.code, 422)
        [error] = json.loads(result.body)["detail"]
        self.assertEqual(error["loc"], ["query", "number"])

    def test_body_beside_an_override(self):
        app = EndpointFastAPI()

        @app.post("/sum")
        def add(
            numbers: Annotated[list[int], Body()], value: Annotated[str, Depends(leaf)]
        ) -> str:
            return f"{value} {sum(numbers)}"

        app.dependency_overrides[leaf] = lambda: "fake"
        result = self.call(app, "/sum", method="POST", body=b"[1, 2]", **JSON_TYPE)
        self.assertEqual(json.loads(result.body), "fake 3")

    def test_exception_of_an_override(self):
        def fake():
            raise ZeroDivisionError

        app = self.make_app({leaf: fake})
        self.assertIsInstance(self.call(app, "/trunk").exception, ZeroDivisionError)

    def test_app_that_is_no_endpoint_app(self):
        app = self.make_app({leaf: lambda: "fake"}, app_class=FastAPI)
        prepare_app(app)
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")


class TestSharedRouter(OverridesCase):
    """Routers at module level are included in several apps."""

    def test_apps_with_different_overrides(self):
        router = make_router()
        one = self.make_app({leaf: lambda: "one"}, router)
        two = self.make_app({leaf: lambda: "two"}, router)
        none = self.make_app(router=router)
        for _turn in range(2):
            self.assertEqual(self.get(one, "/trunk"), "trunk of branch of one")
            self.assertEqual(self.get(two, "/trunk"), "trunk of branch of two")
            self.assertEqual(self.get(none, "/trunk"), "trunk of branch of leaf")

    def test_apps_with_different_overrides_at_once(self):
        count = 4
        barrier = threading.Barrier(count)
        router = make_router()

        def override(number):
            def fake():
                barrier.wait(TIMEOUT)
                return number

            return fake

        apps = [self.make_app({leaf: override(n)}, router) for n in range(count)]
        self.assertEqual(
            self.in_threads([lambda app=app: self.get(app, "/trunk") for app in apps]),
            [f"trunk of branch of {number}" for number in range(count)],
        )

    def test_router_is_not_changed(self):
        router = make_router()
        before = [
            (route.app, route.dependant, list(route.dependant.dependencies))
            for route in router.routes
        ]
        app = self.make_app({leaf: lambda: "fake", identity: lambda: "fake"}, router)
        for path in ("/leaf", "/trunk", "/identity"):
            self.get(app, path)
        for route, (route_app, dependant, dependencies) in zip(
            router.routes, before, strict=True
        ):
            self.assertIs(route.app, route_app)
            self.assertIs(route.dependant, dependant)
            self.assertEqual(len(route.dependant.dependencies), len(dependencies))
            for now, then in zip(
                route.dependant.dependencies, dependencies, strict=True
            ):
                self.assertIs(now, then)
        calls = [
            dependant.call
            for route in router.routes
            for dependant in route.dependant.dependencies
        ]
        self.assertEqual(calls, [leaf, trunk, identity])

    def test_plain_app_with_the_same_router(self):
        router = make_router()
        built = self.make_app({leaf: lambda: "fake"}, router)
        self.assertEqual(self.get(built, "/leaf"), "fake")
        plain = self.make_app({branch: lambda: "plain"}, router, app_class=FastAPI)
        self.assertEqual(self.get(plain, "/leaf"), "leaf")
        self.assertEqual(self.get(plain, "/trunk"), "trunk of plain")
        self.assertEqual(self.get(built, "/trunk"), "trunk of branch of fake")


class TestSharedRoutes(OverridesCase):
    """Apps share routes, which they do not include."""

    def setUp(self):
        super().setUp()
        self.router = APIRouter()
        self.router.include_router(make_router(), prefix="/inner")

        @self.router.get("/leaf")
        def get_leaf(value: Annotated[str, Depends(leaf)]) -> str:
            return value

    def assert_own(self, apps):
        """Check that each app of a mapping has its own overrides."""
        for _ in range(2):
            for name, app in apps.items():
                for path in ("/leaf", "/inner/leaf"):
                    self.assertEqual(self.get(app, path), name)

    def make_apps(self, add):
        apps = {name: EndpointFastAPI() for name in ("first", "second", "leaf")}
        for name, app in apps.items():
            if name != "leaf":
                app.dependency_overrides[leaf] = make_value(name)
            add(app)
            prepare_app(app)
        return apps

    def test_arguments_of_apps(self):
        first = EndpointFastAPI(routes=self.router.routes)
        first.dependency_overrides[leaf] = lambda: "first"
        plain = FastAPI(routes=self.router.routes)
        self.assert_own({"first": first, "leaf": plain})

    def test_routes_that_are_added(self):
        apps = self.make_apps(lambda app: app.routes.extend(self.router.routes))
        self.assert_own({**apps, "leaf": FastAPI(routes=self.router.routes)})
        apps["first"].dependency_overrides[leaf] = lambda: "new"
        apps["new"] = apps.pop("first")
        self.assert_own(apps)

    def test_routes_that_other_code_has_read(self):
        list(iter_route_contexts(self.router.routes))
        apps = self.make_apps(lambda app: app.routes.extend(self.router.routes))
        self.assert_own({**apps, "leaf": FastAPI(routes=self.router.routes)})
        apps["first"].dependency_overrides[leaf] = lambda: "new"
        apps["new"] = apps.pop("first")
        self.assert_own(apps)

    def test_routes_that_are_added_to_a_prepared_app(self):
        apps = self.make_apps(prepare_app)
        for app in apps.values():
            app.routes.extend(self.router.routes)
        self.assert_own(apps)

    def test_routes_of_another_app(self):
        first = EndpointFastAPI()
        first.include_router(make_router(), prefix="/inner")

        @first.get("/leaf")
        def get_leaf(value: Annotated[str, Depends(leaf)]) -> str:
            return value

        first.dependency_overrides[leaf] = lambda: "first"
        prepare_app(first)
        apps = self.make_apps(prepare_app)
        apps["first"] = first
        for name in ("second", "leaf"):
            apps[name].routes.extend(first.routes)
        self.assert_own(apps)
        # after a change of the other app
        first.dependency_overrides[leaf] = lambda: "second"
        apps["leaf"] = EndpointFastAPI(routes=first.routes)
        self.assertEqual(self.get(first, "/leaf"), "second")
        del apps["first"]
        self.assert_own(apps)

    def test_guard_in_a_shared_route(self):
        """An app has what was in the tree when it was prepared."""
        guard = get_parameterless_sub_dependant(depends=Depends(identity), path="")
        for context in iter_route_contexts(self.router.routes):
            context.dependant.dependencies.insert(0, guard)
        apps = self.make_apps(lambda app: app.routes.extend(self.router.routes))
        for app in apps.values():
            for path in ("/leaf", "/inner/leaf"):
                self.assertEqual(self.call(app, path).code, 422)
        apps["first"].dependency_overrides[identity] = lambda: None
        self.assert_own({"first": apps["first"]})
        self.assertEqual(self.call(apps["second"], "/leaf").code, 422)

    def test_guard_in_a_route_of_one_app(self):
        apps = self.make_apps(lambda app: app.routes.extend(self.router.routes))
        self.assert_own(apps)
        first = apps.pop("first")
        guard = get_parameterless_sub_dependant(depends=Depends(identity), path="")
        for context in iter_route_contexts(first.routes):
            if context.path in ("/leaf", "/inner/leaf"):
                context.dependant.dependencies.insert(0, guard)
        for path in ("/leaf", "/inner/leaf"):
            self.assertEqual(self.call(first, path).code, 422)
        self.assert_own(apps)

    def test_documents(self):
        apps = self.make_apps(lambda app: app.routes.extend(self.router.routes))
        apps["first"].dependency_overrides[leaf] = identity
        for name, expected in (("first", ["token"]), ("second", [])):
            operation = self.get(apps[name], "/openapi.json")["paths"]["/leaf"]["get"]
            names = [item["name"] for item in operation.get("parameters", [])]
            self.assertEqual(names, expected)


class TestCost(OverridesCase):
    def _count(self, app, path):
        """Return the number of signatures that FastAPI reads on a request."""
        utils = fastapi.dependencies.utils
        with (
            patch.object(utils, "get_dependant", wraps=utils.get_dependant) as trees,
            patch.object(
                utils, "get_typed_signature", wraps=utils.get_typed_signature
            ) as signatures,
        ):
            self.get(app, path)
        return trees.call_count + signatures.call_count

    def test_signatures_are_read_without_building_in(self):
        # what the next test is about; if FastAPI has learnt it, it is of no use
        app = self.make_app({leaf: lambda: "fake"}, app_class=FastAPI)
        self.get(app, "/trunk")
        self.assertGreater(self._count(app, "/trunk"), 0)

    def test_no_signature_is_read_on_a_request(self):
        app = self.make_app({leaf: lambda: "fake", identity: other_leaf})
        for path in ("/leaf", "/trunk", "/identity"):
            with self.subTest(path):
                self.get(app, path)
                self.assertEqual(self._count(app, path), 0)

    def test_no_signature_is_read_on_the_first_request_to_a_route_of_the_app(self):
        app = EndpointFastAPI()

        @app.get("/trunk")
        def own(value: Annotated[str, Depends(trunk)]) -> str:
            return value

        app.dependency_overrides[leaf] = lambda: "fake"
        prepare_app(app)
        self.assertEqual(self._count(app, "/trunk"), 0)

    def test_no_signature_is_read_after_a_change_was_built_in(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.get(app, "/trunk")
        app.dependency_overrides[leaf] = other_leaf
        self.get(app, "/trunk")
        self.assertEqual(self._count(app, "/trunk"), 0)
