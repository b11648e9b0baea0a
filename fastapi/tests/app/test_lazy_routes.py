# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Routes that are built at their first request, and that apps share."""

import gc
import threading
import weakref
from dataclasses import dataclass, field, fields, replace
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Body, Depends, FastAPI, routing
from fastapi.routing import iter_route_contexts
from starlette.responses import PlainTextResponse

from odoo.tools import mute_logger

from ...app import route as app_route
from ...app.lazy_routes import LazyRoute, LazyRouter, SharedRouters
from ...app.prepare import EndpointFastAPI, copy_app, prepare_app
from ...app.routes import forget_callables
from ...dependencies import fastapi_endpoint_id, own_value
from ..bridge_case import TIMEOUT
from .routes_case import OverridesCase, branch, identity, leaf, make_router, trunk


def make_nested_router():
    router = APIRouter(prefix="/nested", tags=["nested"])

    @router.put("/{number}")
    def put(number: int, name: Annotated[str, Body()], size: Annotated[int, Body()]):
        """Change something."""
        return [number, name, size]

    # not in the schema: FastAPI warns that both operations have the same id
    @router.api_route("/many", methods=["get", "POST"], include_in_schema=False)
    def many(value: Annotated[str, Depends(trunk)]) -> str:
        return value

    outer = make_router()
    outer.include_router(router, prefix="/outer", dependencies=[Depends(leaf)])
    outer.add_api_websocket_route("/socket", lambda: None)
    outer.mount("/mounted", FastAPI())
    return outer


def get_own():
    raise AssertionError("overridden")


def make_own_router():
    router = APIRouter()

    @router.get("/own")
    def own(
        value: Annotated[int, Depends(get_own)],
        again: Annotated[int, Depends(get_own, use_cache=False)],
    ) -> list[int]:
        return [value, again]

    return router


def find_built(app):
    """Return the paths of the routes that are built."""
    routes = [context._effective_route for context in iter_route_contexts(app.routes)]
    return {
        route.path
        for route in routes
        if isinstance(route, LazyRoute) and "dependant" in vars(route)
    }


class LazyCase(OverridesCase):
    def setUp(self):
        super().setUp()
        self.routers = weakref.WeakValueDictionary()

    def make_app(self, overrides=None, router=None, key=None, include=None, **kwargs):
        app = EndpointFastAPI(**kwargs)
        app.include_router(router or make_router(), **(include or {}))
        app.dependency_overrides.update(overrides or {})
        prepare_app(app, SharedRouters(self.routers, key))
        return app

    def get_router(self, app):
        return app.routes[-1]


class TestLazyRoutes(LazyCase):
    def test_only_the_requested_route_is_built(self):
        app = self.make_app({leaf: lambda: "fake"}, router=make_nested_router())
        self.assertEqual(find_built(app), set())
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")
        self.assertEqual(self.call(app, "/unknown").code, 404)
        self.assertEqual(self.call(app, "/leaf", method="POST").code, 405)
        self.assertEqual(self.call(app, "/docs").code, 200)
        self.assertEqual(find_built(app), {"/trunk"})
        self.assertEqual(self.get(app, "/outer/nested/many"), "trunk of branch of fake")
        self.assertEqual(find_built(app), {"/trunk", "/outer/nested/many"})

    def test_attributes_are_those_of_fastapi(self):
        """Those of the lazy route, and those of the built one."""
        router = make_nested_router()
        settings = {"prefix": "/v1", "tags": ["v1"], "deprecated": True}
        plain, app = FastAPI(), EndpointFastAPI()
        for each in (plain, app):
            each.include_router(router, **settings)
        prepare_app(app)
        own = {"app", "dependant", "dependency_overrides_provider", "body_field"}
        own |= {"response_field", "starlette_route"}
        names = {item.name for item in fields(routing._EffectiveRouteContext)} - own
        count = 0
        theirs = list(iter_route_contexts(plain.routes))
        ours = list(iter_route_contexts(app.routes))[-len(theirs) :]
        for before, after in zip(theirs, ours, strict=False):
            if not isinstance(after._effective_route, LazyRoute):
                continue
            count += 1
            known = vars(after._effective_route)
            for name in sorted(names, key=known.__contains__, reverse=True):
                value = getattr(after, name)
                self.assertEqual(value, getattr(before, name), (before.path, name))
        self.assertEqual(count, 5)
        self.assertEqual(len(find_built(app)), 5)

    def test_document(self):
        documents = []
        for app_class in (FastAPI, EndpointFastAPI):
            app = app_class(title="Same")
            app.include_router(make_nested_router(), prefix="/v1", tags=["v1"])
            app.dependency_overrides[leaf] = identity
            with patch("odoo.addons.fastapi.app.prepare.complete_document"):
                documents.append(app.openapi())
        paths = [document["paths"] for document in documents]
        self.assertEqual(paths[0].keys(), paths[1].keys())
        put = "/v1/outer/nested/{number}"
        self.assertNotIn("token", str(paths[0][put]))
        self.assertIn("token", str(paths[1][put]))  # the override
        for path in ("/v1/identity", "/v1/leaf"):
            operation = paths[1][path]["get"]
            if path == "/v1/leaf":
                del operation["parameters"], operation["responses"]["422"]
            self.assertEqual(operation, paths[0][path]["get"])
        self.assertEqual(*(document["components"] for document in documents))

    def test_url_of_a_route(self):
        app = self.make_app(router=make_nested_router())
        self.assertEqual(app.url_path_for("put", number=7), "/outer/nested/7")

    @mute_logger("odoo.addons.fastapi.app.route")
    def test_route_that_other_code_changes(self):
        """Before it is built, and afterwards."""
        app = self.make_app({leaf: lambda: "fake"})
        routes = {
            context.path: context._effective_route
            for context in iter_route_contexts(app.routes)
        }
        routes["/trunk"].summary = "Changed before"
        self.get(app, "/trunk")
        self.assertEqual(routes["/trunk"].summary, "Changed before")

        async def changed(scope, receive, send):
            await PlainTextResponse("changed")(scope, receive, send)

        for path in ("/trunk", "/leaf"):
            routes[path].app = changed
            self.assertEqual(self.call(app, path).body, b"changed")
        prepare_app(app)
        self.assertEqual(self.get(app, "/trunk"), "trunk of branch of fake")

    @mute_logger("odoo.addons.fastapi.app.route")
    def test_changed_route_is_replaced_with_its_overrides(self):
        """Requests meanwhile never see the route without them."""
        app = self.make_app({leaf: lambda: "fake"})
        route = next(
            context._effective_route
            for context in iter_route_contexts(app.routes)
            if context.path == "/leaf"
        )
        self.get(app, "/leaf")
        changed, seen = PlainTextResponse("changed"), []
        route.app = changed

        def watch(*args):
            seen.append(route.app)
            return override(*args)

        override = app_route._override
        with patch.object(app_route, "_override", watch):
            prepare_app(app)
        self.assertEqual(seen, [changed])
        self.assertEqual(self.get(app, "/leaf"), "fake")

    def test_calls_are_known_before_a_route_is_built(self):
        def fake(value: Annotated[str, Depends(branch)], token: str = ""):
            return value

        fake.not_below = (branch,)
        for overrides in (
            {},
            {leaf: identity},
            {branch: identity, identity: leaf},
            {leaf: fake},
            {trunk: fake, leaf: lambda: "fake"},
        ):
            app = self.make_app(
                overrides, make_nested_router(), dependencies=[Depends(leaf)]
            )
            known = [
                list(route.iter_calls())
                for context in iter_route_contexts(app.routes)
                if isinstance(route := context._effective_route, LazyRoute)
            ]
            self.assertEqual(find_built(app), set())
            built = [
                [context.dependant.call, *self._iter_calls(context.dependant)]
                for context in iter_route_contexts(app.routes)
                if isinstance(context._effective_route, LazyRoute)
            ]
            names = [
                [[call.__qualname__ for call in calls] for calls in routes]
                for routes in (known, built)
            ]
            self.assertEqual(*names)
            self.assertEqual(len(known), 5)

    def _iter_calls(self, dependant):
        for item in dependant.dependencies:
            yield item.call
            yield from self._iter_calls(item)

    def test_route_is_built_once_by_many_threads(self):
        count = 4
        app = self.make_app({leaf: lambda: "fake"})
        barrier = threading.Barrier(count)
        build = routing._EffectiveRouteContext.from_api_route

        def request():
            barrier.wait(TIMEOUT)
            return self.get(app, "/trunk")

        with patch.object(
            routing._EffectiveRouteContext, "from_api_route", wraps=build
        ) as built:
            results = self.in_threads([request] * count)
        self.assertEqual(set(results), {"trunk of branch of fake"})
        built.assert_called_once()

    def test_routes_that_were_read_before_stay_those_of_fastapi(self):
        """A library may have changed them."""
        app = EndpointFastAPI()
        app.include_router(make_router())
        for context in iter_route_contexts(app.routes):
            if context.path == "/trunk":
                context._effective_route.dependant.dependencies.clear()
        app.dependency_overrides[leaf] = lambda: "fake"
        prepare_app(app, SharedRouters(self.routers))
        self.assertNotIsInstance(self.get_router(app), LazyRouter)
        self.assertEqual(self.get(app, "/leaf"), "fake")
        self.assertEqual(len(self.routers), 0)


class TestSharedRoutes(LazyCase):
    def test_equal_apps_share(self):
        router = make_nested_router()
        one, two = (
            self.make_app(
                {leaf: identity},
                router=router,
                title=title,
                include={"tags": ["a"], "dependencies": [Depends(branch)]},
            )
            for title in ("One", "Two")
        )
        self.assertIs(self.get_router(one), self.get_router(two))
        self.get(one, "/trunk", HTTP_TOKEN="x")
        self.assertEqual(find_built(two), {"/trunk"})
        documents = [app.openapi() for app in (one, two)]
        self.assertEqual([d["info"]["title"] for d in documents], ["One", "Two"])
        self.assertEqual(documents[0]["paths"], documents[1]["paths"])

    def test_different_apps_do_not(self):
        router = make_router()
        first = self.make_app({leaf: identity}, router=router)
        for kwargs in (
            {"overrides": {leaf: lambda: "fake"}},
            {"overrides": {}},
            {"overrides": {leaf: identity}, "router": make_router()},
            {"overrides": {leaf: identity}, "key": "another registry"},
            {"overrides": {leaf: identity}, "include": {"prefix": "/v1"}},
            {"overrides": {leaf: identity}, "include": {"tags": ["tag"]}},
            {"overrides": {leaf: identity}, "dependencies": [Depends(trunk)]},
            {
                "overrides": {leaf: identity},
                "default_response_class": PlainTextResponse,
            },
        ):
            with self.subTest(**kwargs):
                app = self.make_app(**{"router": router, **kwargs})
                self.assertIsInstance(self.get_router(app), LazyRouter)
                self.assertIsNot(self.get_router(app), self.get_router(first))

    def test_apps_with_equal_overrides_do_not(self):
        """Equal callables may do different things."""

        @dataclass(frozen=True)
        class Fake:
            value: str = field(compare=False)

            def __call__(self):
                return self.value

        router = make_router()
        apps = [self.make_app({leaf: Fake(v)}, router=router) for v in ("a", "b")]
        self.assertEqual([self.get(app, "/leaf") for app in apps], ["a", "b"])

    def test_apps_with_a_class_method_as_override_do(self):
        class Fake:
            @classmethod
            def get(cls):
                return "fake"

        router = make_router()
        one, two = (self.make_app({leaf: Fake.get}, router=router) for _ in range(2))
        self.assertIs(self.get_router(one), self.get_router(two))

    def test_one_router_twice(self):
        router = make_router()
        app = EndpointFastAPI()
        app.include_router(router)
        app.include_router(router, prefix="/again", dependencies=[Depends(identity)])
        app.include_router(router, tags=["unreachable"])
        app.dependency_overrides[leaf] = lambda: "fake"
        prepare_app(app, SharedRouters(self.routers))
        self.assertEqual(self.get(app, "/leaf"), "fake")
        self.assertEqual(self.call(app, "/again/leaf").code, 422)
        self.assertEqual(len({id(route) for route in app.routes[-3:]}), 3)

    def test_overrides_change_in_one(self):
        router = make_router()
        one, two = (self.make_app({leaf: identity}, router=router) for _ in range(2))
        one.dependency_overrides = {leaf: lambda: "fake"}
        self.assertEqual(self.get(one, "/leaf"), "fake")
        two.dependency_overrides = {}
        self.assertEqual(self.get(two, "/leaf"), "leaf")
        self.assertEqual(self.get(one, "/trunk"), "trunk of branch of fake")
        one.dependency_overrides = {}
        self.assertEqual(self.get(one, "/leaf"), "leaf")
        self.assertIs(self.get_router(one), self.get_router(two))

    def test_routes_are_added_to_one(self):
        router = make_router()
        one, two = (self.make_app(router=router) for _ in range(2))

        @one.get("/added")
        def added(value: Annotated[str, Depends(leaf)]) -> str:
            return value

        one.include_router(make_own_router(), prefix="/more")
        one.dependency_overrides[get_own] = lambda: 7
        self.assertEqual(self.get(one, "/added"), "leaf")
        self.assertEqual(self.get(one, "/more/own"), [7, 7])
        for path in ("/added", "/more/own"):
            self.assertEqual(self.call(two, path).code, 404)
            self.assertNotIn(path, two.openapi()["paths"])

    def get_index(self, app):
        return app.state.odoo_preparation.get_index()

    def test_apps_with_the_same_routes_share_their_index(self):
        router = make_router()
        one, two, three = (self.make_app(router=router) for _ in range(3))
        self.assertIs(self.get_index(one), self.get_index(two))
        three.get("/own")(lambda: "own")
        self.assertEqual(self.get(three, "/own"), "own")
        self.assertEqual(self.call(one, "/own").code, 404)
        self.assertIsNot(self.get_index(one), self.get_index(three))
        two.dependency_overrides[leaf] = identity
        self.assertEqual(self.call(two, "/leaf").code, 422)
        self.assertEqual(self.get(one, "/leaf"), "leaf")
        self.assertIsNot(self.get_index(one), self.get_index(two))
        four = self.make_app(router=router, docs_url=None)
        self.assertIsNot(self.get_index(one), self.get_index(four))

    def test_routes_are_added_to_the_router(self):
        router = make_router()
        one, two = (self.make_app({leaf: identity}, router=router) for _ in range(2))
        self.get(one, "/leaf", HTTP_TOKEN="x")
        index = self.get_index(one)

        @router.get("/late")
        def late(value: Annotated[str, Depends(identity)]) -> str:
            return value

        for app in (two, one):
            self.assertEqual(self.get(app, "/late", HTTP_TOKEN="x"), "header x")
            self.assertIn("/late", app.openapi()["paths"])
            self.assertIsNot(self.get_index(app), index)
        self.assertIs(self.get_router(one), self.get_router(two))
        self.assertIs(self.get_index(one), self.get_index(two))

    def test_routes_of_a_router_are_replaced(self):
        """FastAPI reads them when an app includes the router."""
        router, inner = APIRouter(), make_router()
        router.include_router(inner)
        first = self.make_app(router=router)
        self.assertEqual(self.get(first, "/leaf"), "leaf")
        inner.routes[0].dependencies.append(Depends(identity))
        app = self.make_app(router=router)
        self.assertEqual(self.call(app, "/leaf").code, 422)
        del inner.routes[0]
        app = self.make_app(router=router)
        self.assertEqual(self.call(app, "/leaf").code, 404)
        self.assertEqual(self.get(first, "/leaf"), "leaf")

    def test_many_threads(self):
        count = 4
        router = make_own_router()
        barrier = threading.Barrier(count)

        def request(number):
            barrier.wait(TIMEOUT)
            app = self.make_app({get_own: own_value(get_own, number)}, router=router)
            return app, self.get(app, "/own")

        results = self.in_threads([lambda n=n: request(n) for n in range(count)])
        self.assertEqual([r for _app, r in results], [[n, n] for n in range(count)])
        self.assertEqual(len({id(self.get_router(app)) for app, _r in results}), 1)

    def test_an_app_keeps_no_other_app(self):
        router = make_own_router()

        class Registry:
            def own(self):
                return 7

        registry = Registry()
        one = self.make_app({get_own: registry.own}, router=router)
        two = self.make_app({get_own: own_value(get_own, 8)}, router=router)
        three = self.make_app({get_own: own_value(get_own, 9)}, router=router)
        self.assertEqual(self.get(one, "/own"), [7, 7])
        self.assertEqual(self.get(two, "/own"), [8, 8])
        self.assertIs(self.get_index(two), self.get_index(three))
        refs = [weakref.ref(item) for item in (registry, one, two)]
        del registry, one, two
        forget_callables()
        gc.collect()
        self.assertEqual([ref() for ref in refs], [None] * 3)
        self.assertEqual(len(self.routers), 1)
        self.assertEqual(self.get(three, "/own"), [9, 9])

    def test_copy_of_an_app_that_shares(self):
        router = make_router()
        app = self.make_app({leaf: identity}, router=router)
        copied = copy_app(app)
        copied.dependency_overrides[leaf] = lambda: "fake"
        prepare_app(copied, SharedRouters(self.routers))
        self.assertEqual(self.get(copied, "/leaf"), "fake")
        self.assertEqual(self.get(app, "/identity", HTTP_TOKEN="x"), "header x")


class TestOwnValues(LazyCase):
    def test_each_app_has_its_own(self):
        router = make_own_router()
        apps = [
            self.make_app({get_own: own_value(get_own, n)}, router=router)
            for n in range(3)
        ]
        self.assertEqual(len({id(self.get_router(app)) for app in apps}), 1)
        for number, app in enumerate(apps):
            self.assertEqual(self.get(app, "/own"), [number, number])
        # read from the app: no other routes are needed
        apps[0].dependency_overrides[get_own] = own_value(get_own, 7)
        self.assertEqual(self.get(apps[0], "/own"), [7, 7])
        self.assertIs(self.get_router(apps[0]), self.get_router(apps[1]))
        apps[1].dependency_overrides[get_own] = lambda: 8
        self.assertEqual(self.get(apps[1], "/own"), [8, 8])
        self.assertEqual(self.get(apps[2], "/own"), [2, 2])

    def test_own_value_of_another_dependency(self):
        router = make_own_router()
        for number in range(2):
            override = own_value(leaf, number)
            app = self.make_app({get_own: override, leaf: identity}, router=router)
            self.assertEqual(self.get(app, "/own"), [number, number])

    def test_called_by_other_code(self):
        self.assertEqual(own_value(get_own, 7)(), 7)
        self.assertIsNone(own_value(get_own, None)())

    def test_called_by_another_override(self):
        theirs = own_value(get_own, 7)

        def wrapper(value: Annotated[int, Depends(theirs)]) -> int:
            return value + 1

        app = self.make_app({get_own: wrapper}, router=make_own_router())
        self.assertEqual(self.get(app, "/own"), [8, 8])

    def test_in_a_mounted_app(self):
        app = self.make_app({get_own: own_value(get_own, 7)})
        for path, app_class in (("/plain", FastAPI), ("/ours", EndpointFastAPI)):
            mounted = app_class()
            mounted.include_router(make_own_router())
            mounted.dependency_overrides = app.dependency_overrides
            app.mount(path, mounted)
            self.assertEqual(self.get(app, f"{path}/own"), [7, 7])

    def test_in_the_app_of_another_framework(self):
        # without FastAPI's app in the scope
        override = own_value(fastapi_endpoint_id, 7)
        router = self.get_router(self.make_app({fastapi_endpoint_id: override}))
        overrides = router.include_context.dependency_overrides_provider
        self.assertIs(overrides.dependency_overrides[fastapi_endpoint_id], override)
        self.assertEqual(override(type("Connection", (), {"scope": {}})()), 7)


class TestForeignInternals(LazyCase):
    def test_settings_of_an_include_are_compared_as_a_whole(self):
        app = FastAPI()
        app.include_router(make_router())
        context = app.routes[-1].include_context
        for item in fields(context):
            if item.name in ("included_router", "dependency_overrides_provider"):
                continue
            with self.subTest(item.name):
                changed = replace(context, **{item.name: object()})
                self.assertNotEqual(changed, context)
