# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import threading
from typing import Annotated
from unittest.mock import patch

import fastapi.dependencies.utils
from fastapi import APIRouter, Body, Depends, FastAPI, Header, Query, Request, Security
from fastapi.security import APIKeyHeader, HTTPBasic, SecurityScopes

from ...app.prepare import EndpointFastAPI, prepare_app
from ...app.routes import AppRoutes
from ..bridge_case import JSON_TYPE, TIMEOUT, BridgeCase


def leaf():
    return "leaf"


def other_leaf():
    return "other leaf"


def branch(value: Annotated[str, Depends(leaf)]):
    return f"branch of {value}"


def trunk(value: Annotated[str, Depends(branch)]):
    return f"trunk of {value}"


def identity(token: Annotated[str, Header()]):
    return f"header {token}"


def make_router():
    router = APIRouter()

    @router.get("/leaf")
    def get_leaf(value: Annotated[str, Depends(leaf)]) -> str:
        return value

    @router.get("/trunk")
    def get_trunk(value: Annotated[str, Depends(trunk)]) -> str:
        return value

    @router.get("/identity")
    async def get_identity(value: Annotated[str, Depends(identity)]) -> str:
        return value

    return router


class OverridesCase(BridgeCase):
    def make_app(
        self, overrides=None, router=None, app_class=EndpointFastAPI, **kwargs
    ):
        app = app_class(**kwargs)
        app.include_router(router or make_router())
        app.dependency_overrides.update(overrides or {})
        return app

    def get(self, app, path, **kwargs):
        result = self.call(app, path, **kwargs)
        self.assertEqual(result.code, 200, result.body)
        return json.loads(result.body)


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


class TestAsFastApiHasIt(OverridesCase):
    """Scopes, cache, and teardown: the same as without the building in."""

    def _both(self, app_factory):
        """Return an app as FastAPI runs it, and one with its overrides built in."""
        plain, built = app_factory(), app_factory()
        AppRoutes(built)
        return plain, built

    def _assert_same(self, app_factory, path, expected):
        for kind, app in zip(("plain", "built"), self._both(app_factory), strict=True):
            with self.subTest(kind):
                self.assertEqual(self.get(app, path), expected)

    def test_security_scopes(self):
        def user(scopes: SecurityScopes):
            raise AssertionError("not reached")

        def fake(scopes: SecurityScopes):
            return scopes.scopes

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(user, scopes=["read", "write"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["read", "write"])

    def test_security_scopes_of_a_deeper_override(self):
        def user(scopes: SecurityScopes):
            raise AssertionError("not reached")

        def active(user: Annotated[list, Security(user, scopes=["active"])]):
            return user

        def rights(scopes: SecurityScopes):
            return scopes.scopes

        def fake(rights: Annotated[list, Security(rights, scopes=["fake"])]):
            return rights

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(active, scopes=["items"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["items", "active", "fake"])

    def test_scopes_below_an_override(self):
        def rights(scopes: SecurityScopes):
            return scopes.scopes

        def user():
            raise AssertionError("not reached")

        def fake(rights: Annotated[list, Depends(rights)]):
            return rights

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                scopes: Annotated[list, Security(user, scopes=["a", "b"])],
            ) -> list[str]:
                return scopes

            app.dependency_overrides[user] = fake
            return app

        self._assert_same(app_factory, "/", ["a", "b"])

    def test_override_is_called_once_in_a_request(self):
        called = []

        def fake():
            called.append("fake")
            return "fake"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                one: Annotated[str, Depends(leaf)],
                two: Annotated[str, Depends(leaf)],
                three: Annotated[str, Depends(branch)],
            ) -> int:
                return len(called)

            app.dependency_overrides[leaf] = fake
            return app

        for app in self._both(app_factory):
            called.clear()
            self.assertEqual(self.get(app, "/"), 1)
            self.assertEqual(self.get(app, "/"), 2)

    def test_override_without_cache(self):
        called = []

        def fake():
            called.append("fake")
            return "fake"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(
                one: Annotated[str, Depends(leaf, use_cache=False)],
                two: Annotated[str, Depends(leaf, use_cache=False)],
            ) -> int:
                return len(called)

            app.dependency_overrides[leaf] = fake
            return app

        for app in self._both(app_factory):
            called.clear()
            self.assertEqual(self.get(app, "/"), 2)

    def test_override_with_teardown(self):
        events = []

        def fake():
            events.append("setup")
            yield "fake"
            events.append("teardown")

        async def fake_async():
            events.append("setup")
            yield "fake"
            events.append("teardown")

        def app_factory(override):
            app = FastAPI()

            @app.get("/")
            def handler(value: Annotated[str, Depends(leaf)]) -> str:
                events.append(value)
                return value

            app.dependency_overrides[leaf] = override
            return app

        for override in (fake, fake_async):
            for app in self._both(lambda override=override: app_factory(override)):
                with self.subTest(override.__name__):
                    events.clear()
                    self.assertEqual(self.get(app, "/"), "fake")
                    self.assertEqual(events, ["setup", "fake", "teardown"])

    def test_scope_of_an_override_with_teardown(self):
        events = []

        def fake():
            yield "fake"
            events.append("teardown")

        class WatchMiddleware:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                async def watch(message):
                    events.append(message["type"])
                    await send(message)

                await self.app(scope, receive, watch)

        def app_factory(scope):
            app = FastAPI()
            app.add_middleware(WatchMiddleware)

            @app.get("/")
            def handler(value: Annotated[str, Depends(leaf, scope=scope)]) -> str:
                return value

            app.dependency_overrides[leaf] = fake
            return app

        sent = ["http.response.start", "http.response.body"]
        for scope, expected in (
            ("function", ["teardown", *sent]),
            ("request", [*sent, "teardown"]),
        ):
            for app in self._both(lambda scope=scope: app_factory(scope)):
                with self.subTest(scope):
                    events.clear()
                    self.get(app, "/")
                    self.assertEqual(events, expected)

    def test_teardown_of_an_override_that_replaces_a_plain_dependency_fails(self):
        error = ValueError("cause")

        def fake():
            yield "fake"
            raise error

        def app_factory():
            return self.make_app({leaf: fake}, app_class=FastAPI)

        for app in self._both(app_factory):
            self.assertIs(self.call(app, "/trunk").exception, error)

    def test_plain_override_of_a_dependency_with_teardown(self):
        def resource():
            yield "resource"

        def app_factory():
            app = FastAPI()

            @app.get("/")
            def handler(value: Annotated[str, Depends(resource)]) -> str:
                return value

            app.dependency_overrides[resource] = lambda: "fake"
            return app

        self._assert_same(app_factory, "/", "fake")


class TestLiveChanges(OverridesCase):
    """``dependency_overrides`` of an app that is in use."""

    def test_override_set_later(self):
        app = self.make_app()
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")
        app.dependency_overrides[leaf] = lambda: "fake"
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")

    def test_override_replaced_later(self):
        app = self.make_app({leaf: lambda: "first"})
        self.assertEqual(self.get(app, "/leaf"), "first")
        app.dependency_overrides[leaf] = lambda: "second"
        self.assertEqual(self.get(app, "/leaf"), "second")

    def test_override_removed_later(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        del app.dependency_overrides[leaf]
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_all_overrides_cleared(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        app.dependency_overrides.clear()
        self.assertEqual(self.get(app, "/leaf"), "leaf")

    def test_dictionary_replaced_as_a_whole(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")
        app.dependency_overrides = {branch: lambda: "fake branch"}
        self.assertEqual(self.get(app, "/leaf"), "leaf")
        self.assertEqual(self.get(app, "/trunk"), "trunk of fake branch")
        app.dependency_overrides = {}
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of leaf")

    def test_dictionary_put_back(self):
        # as test cases do: remember, replace, put back
        app = self.make_app({leaf: lambda: "own"})
        self.assertEqual(self.get(app, "/leaf"), "own")
        own = app.dependency_overrides
        app.dependency_overrides = {**own, leaf: lambda: "of the test"}
        self.assertEqual(self.get(app, "/leaf"), "of the test")
        app.dependency_overrides = own
        self.assertEqual(self.get(app, "/leaf"), "own")

    def test_new_dictionary_is_changed_later(self):
        app = self.make_app()
        app.dependency_overrides = {leaf: lambda: "first"}
        self.assertEqual(self.get(app, "/leaf"), "first")
        app.dependency_overrides[leaf] = lambda: "second"
        self.assertEqual(self.get(app, "/leaf"), "second")

    def test_dictionary_can_still_be_read(self):
        def fake():
            return "fake"

        app = self.make_app({leaf: fake})
        self.get(app, "/leaf")
        self.assertEqual(app.dependency_overrides, {leaf: fake})
        self.assertTrue(app.dependency_overrides)

    def test_changes_during_requests_of_other_threads(self):
        app = self.make_app({leaf: lambda: "old"})
        self.get(app, "/trunk")
        answers = {"trunk of branch of old", "trunk of branch of new"}
        start = threading.Barrier(5)
        done = threading.Event()

        def request():
            start.wait(TIMEOUT)
            seen = set()
            while True:
                last = done.is_set()
                seen.add(self.get(app, "/trunk"))
                if last:
                    return seen

        def change():
            start.wait(TIMEOUT)
            for number in range(200):
                app.dependency_overrides[leaf] = (
                    (lambda: "new") if number % 2 else (lambda: "old")
                )
            done.set()
            return set()

        for seen in self.in_threads([request] * 4 + [change]):
            self.assertLessEqual(seen, answers)
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of new")

    def test_route_added_to_the_app_later(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.assertEqual(self.get(app, "/leaf"), "fake")

        @app.get("/late")
        def late(value: Annotated[str, Depends(branch)]) -> str:
            return value

        self.assertEqual(self.get(app, "/late"), "branch of fake")
        self.assertEqual(self.get(app, "/leaf"), "fake")

    def test_route_added_to_the_router_later(self):
        router = make_router()
        app = self.make_app({leaf: lambda: "fake"}, router)
        self.assertEqual(self.get(app, "/leaf"), "fake")

        @router.get("/late")
        def late(value: Annotated[str, Depends(branch)]) -> str:
            return value

        self.assertEqual(self.get(app, "/late"), "branch of fake")
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")
        app.dependency_overrides[leaf] = lambda: "changed"
        self.assertEqual(self.get(app, "/late"), "branch of changed")
        self.assertEqual(self.get(app, "/leaf"), "changed")
        app.dependency_overrides.clear()
        self.assertEqual(self.get(app, "/late"), "branch of leaf")
        self.assertEqual(self.get(app, "/leaf"), "leaf")


class TestSharedRouter(OverridesCase):
    """Addons have their routers at module level: every app includes the same."""

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


class TestCost(OverridesCase):
    def _count(self, app, path):
        """Return how many signatures FastAPI reads on a request."""
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
        self.get(app, "/leaf")
        for path in ("/leaf", "/trunk", "/identity"):
            with self.subTest(path):
                self.assertEqual(self._count(app, path), 0)

    def test_no_signature_is_read_on_the_first_request_of_a_prepared_app(self):
        app = self.make_app({leaf: lambda: "fake"})
        prepare_app(app)
        self.assertEqual(self._count(app, "/trunk"), 0)

    def test_no_signature_is_read_after_a_change_was_built_in(self):
        app = self.make_app({leaf: lambda: "fake"})
        self.get(app, "/trunk")
        app.dependency_overrides[leaf] = other_leaf
        self.get(app, "/trunk")
        self.assertEqual(self._count(app, "/trunk"), 0)


class TestDocumentation(OverridesCase):
    """OpenAPI shows what is asked for, not what was replaced."""

    def _operation(self, app, path):
        schema = self.get(app, "/openapi.json")
        return schema["paths"][path]["get"], schema.get("components", {})

    def _parameters(self, app, path):
        operation, _components = self._operation(app, path)
        return [item["name"] for item in operation.get("parameters", [])]

    def _fake(self):
        def fake(key: Annotated[str, Query(description="Of the override.")]):
            return key

        return fake

    def test_without_override(self):
        self.assertEqual(self._parameters(self.make_app(), "/identity"), ["token"])

    def test_parameters_of_the_override(self):
        app = self.make_app({identity: self._fake()})
        self.assertEqual(self._parameters(app, "/identity"), ["key"])

    def test_parameters_of_a_deeper_override(self):
        app = self.make_app({leaf: self._fake()})
        self.assertEqual(self._parameters(app, "/trunk"), ["key"])
        self.assertEqual(self._parameters(app, "/identity"), ["token"])

    def test_override_without_parameters(self):
        app = self.make_app({identity: lambda: "fake"})
        self.assertEqual(self._parameters(app, "/identity"), [])

    def test_security_scheme_of_the_override(self):
        basic, api_key = HTTPBasic(), APIKeyHeader(name="api-key")

        def partner(credentials: Annotated[str, Depends(basic)]):
            raise AssertionError("not reached")

        def fake(key: Annotated[str, Depends(api_key)]):
            return key

        app = EndpointFastAPI()

        @app.get("/partner")
        def handler(value: Annotated[str, Depends(partner)]) -> str:
            return value

        app.dependency_overrides[partner] = fake
        operation, components = self._operation(app, "/partner")
        self.assertEqual(operation["security"], [{"APIKeyHeader": []}])
        self.assertEqual(list(components["securitySchemes"]), ["APIKeyHeader"])

    def test_security_scheme_of_an_override_with_scheme_of_a_plain_dependency(self):
        app = self.make_app()
        _operation, components = self._operation(app, "/leaf")
        self.assertNotIn("securitySchemes", components)

        def fake(credentials: Annotated[str, Depends(HTTPBasic())]):
            return "fake"

        app = self.make_app({leaf: fake})
        operation, components = self._operation(app, "/trunk")
        self.assertEqual(operation["security"], [{"HTTPBasic": []}])
        self.assertIn("HTTPBasic", components["securitySchemes"])

    def test_apps_that_share_a_router(self):
        router = make_router()
        one = self.make_app({identity: self._fake()}, router)
        two = self.make_app(router=router)
        self.assertEqual(self._parameters(one, "/identity"), ["key"])
        self.assertEqual(self._parameters(two, "/identity"), ["token"])

    def test_override_set_before_the_documentation_was_asked_for(self):
        app = self.make_app()
        self.get(app, "/leaf")
        app.dependency_overrides[identity] = self._fake()
        self.assertEqual(self._parameters(app, "/identity"), ["key"])

    def test_override_set_after_the_documentation_was_asked_for(self):
        app = self.make_app()
        self.assertEqual(self._parameters(app, "/identity"), ["token"])
        app.dependency_overrides[identity] = self._fake()
        self.assertEqual(self._parameters(app, "/identity"), ["key"])
        app.dependency_overrides = {}
        self.assertEqual(self._parameters(app, "/identity"), ["token"])

    def test_openapi_method(self):
        app = self.make_app({identity: self._fake()})
        parameters = app.openapi()["paths"]["/identity"]["get"]["parameters"]
        self.assertEqual([item["name"] for item in parameters], ["key"])

    def test_docs_page(self):
        app = self.make_app({identity: self._fake()})
        result = self.call(app, "/docs")
        self.assertEqual(result.code, 200)


class TestRepetition(BridgeCase):
    """A dependency that many others have is solved once."""

    def _app(self):
        calls = []

        def number(value: Annotated[int, Query()]) -> int:
            calls.append("number")
            return value

        async def double(value: Annotated[int, Depends(number)]) -> int:
            calls.append("double")
            return 2 * value

        def triple(
            value: Annotated[int, Depends(number)],
            doubled: Annotated[int, Depends(double)],
        ) -> int:
            calls.append("triple")
            return value + doubled

        app = EndpointFastAPI()

        @app.get("/")
        def handler(
            tripled: Annotated[int, Depends(triple)],
            doubled: Annotated[int, Depends(double)],
            value: Annotated[int, Depends(number)],
        ) -> list[int]:
            return [value, doubled, tripled]

        return app, calls

    def test_each_is_called_once(self):
        app, calls = self._app()
        self.assertEqual(json.loads(self.call(app, query="value=7").body), [7, 14, 21])
        self.assertEqual(calls, ["number", "double", "triple"])

    def test_wrong_value_of_a_repeated_dependency(self):
        app, calls = self._app()
        for query in ("value=x", ""):
            result = self.call(app, query=query)
            self.assertEqual(result.status[:3], "422")
            locations = {
                tuple(error["loc"]) for error in json.loads(result.body)["detail"]
            }
            self.assertEqual(locations, {("query", "value")})
        self.assertEqual(calls, [])

    def test_dependency_without_cache_is_called_each_time(self):
        calls = []

        def number() -> int:
            calls.append("number")
            return len(calls)

        app = EndpointFastAPI()

        @app.get("/")
        def handler(
            first: Annotated[int, Depends(number, use_cache=False)],
            second: Annotated[int, Depends(number, use_cache=False)],
        ) -> list[int]:
            return [first, second]

        self.assertEqual(json.loads(self.call(app).body), [1, 2])

    def test_security_scopes(self):
        calls = []
        scheme = APIKeyHeader(name="token")

        def user(token: Annotated[str, Depends(scheme)]) -> str:
            calls.append("user")
            return token

        def tenant(user: Annotated[str, Depends(user)]) -> str:
            calls.append("tenant")
            return f"tenant of {user}"

        def rights(scopes: SecurityScopes) -> list[str]:
            calls.append("rights")
            return scopes.scopes

        def admin(
            user: Annotated[str, Depends(user)],
            tenant: Annotated[str, Depends(tenant)],
            rights: Annotated[list, Depends(rights)],
        ) -> list:
            return [user, tenant, *rights]

        def fill(app):
            @app.get("/", dependencies=[Security(admin, scopes=["read"])])
            def handler(
                plain: Annotated[str, Depends(tenant)],
                writer: Annotated[list, Security(admin, scopes=["write"])],
                reader: Annotated[list, Security(admin, scopes=["read"])],
                rights: Annotated[list, Depends(rights)],
            ) -> list:
                return [plain, writer, reader, rights]

            return app

        results = []
        for app_class in (FastAPI, EndpointFastAPI):
            calls.clear()
            result = self.call(fill(app_class()), HTTP_TOKEN="ann")
            results.append((result.status, result.body, list(calls)))
        self.assertEqual(results[1], results[0])
        self.assertEqual(
            json.loads(result.body),
            [
                "tenant of ann",
                ["ann", "tenant of ann", "write"],
                ["ann", "tenant of ann", "read"],
                [],
            ],
        )

    def test_documentation_is_whole(self):
        app, _calls = self._app()
        self.call(app, query="value=7")
        (parameter,) = app.openapi()["paths"]["/"]["get"]["parameters"]
        self.assertEqual(parameter["name"], "value")
