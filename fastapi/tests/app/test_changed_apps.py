# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Changes of an app work after its preparation too."""

from __future__ import annotations

import json
import threading
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated
from unittest.mock import patch

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    routing,
)
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.routing import request_response
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from ...app import route as route_module
from ...app.prepare import (
    EndpointFastAPI,
    copy_app,
    prepare_app,
    prepare_middleware,
)
from ...bridge.lifespan import Lifespan
from ..bridge_case import TIMEOUT, BridgeCase


class OutOfTea(Exception):
    pass


class HeaderMiddleware:
    """Adds a header to each response, and counts how often it was made."""

    def __init__(self, app, made, name="x-middleware"):
        self.app = app
        self.name = name.encode()
        made.append(name)

    async def __call__(self, scope, receive, send):
        async def add_header(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (self.name, b"yes")]
            await send(message)

        await self.app(scope, receive, add_header)


async def get_name(name: str = "nobody") -> str:
    return name


def get_size(size: int = 0) -> int:
    return size


def add_everything(app, made=None):
    """Add a handler, routes, an override, a mounted app, and middleware to an app."""

    @app.exception_handler(OutOfTea)
    def out_of_tea(request, exc):
        return JSONResponse({"error": "tea"}, 418)

    @app.get("/added/tea")
    def tea():
        raise OutOfTea

    @app.get("/added/task")
    def task(tasks: BackgroundTasks):
        tasks.add_task(int)

    @app.get("/added/name")
    def name(name: Annotated[str, Depends(get_name)]):
        return name

    router = APIRouter()

    @router.get("/included")
    def included(tasks: BackgroundTasks):
        tasks.add_task(int)

    app.include_router(router, prefix="/added")
    app.dependency_overrides[get_name] = lambda: "override"

    def mounted(request):
        raise OutOfTea

    app.mount(
        "/added/mounted",
        Starlette(
            routes=[Route("/tea", mounted)], exception_handlers={OutOfTea: out_of_tea}
        ),
    )
    if made is not None:
        app.add_middleware(HeaderMiddleware, made=made)


class TestChangedApps(BridgeCase):
    def assert_everything(self, app):
        for path in ("/added/tea", "/added/mounted/tea"):
            result = self.call(app, path)
            self.assertEqual((path, result.code), (path, 418))
            self.assertIsInstance(result.exception, OutOfTea, path)
        for path in ("/added/task", "/added/included"):
            result = self.call(app, path)
            self.assertEqual((path, result.code), (path, 200))
            self.assertEqual(len(result.tasks), 1, path)
        self.assertEqual(self.call(app, "/added/name").body, b'"override"')
        document = json.loads(self.call(app, "/openapi.json").body)
        self.assertIn("/added/included", document["paths"])

    def test_after_an_early_document(self):
        for app in (EndpointFastAPI(), FastAPI()):
            with self.subTest(type(app).__name__):
                if type(app) is FastAPI:
                    prepare_app(app)
                app.openapi()
                made = []
                add_everything(app, made)
                prepare_app(app)
                self.assert_everything(app)
                result = self.call(app, "/added/name")
                self.assertEqual(result.header("x-middleware"), ["yes"])
                self.assertEqual(made, ["x-middleware"])

    def test_without_another_preparation(self):
        app = EndpointFastAPI()
        app.openapi()
        add_everything(app)
        self.assert_everything(app)

    def test_at_the_start_of_the_lifespan(self):
        @asynccontextmanager
        async def lifespan(app):
            add_everything(app)
            yield

        for app_class in (EndpointFastAPI, FastAPI):
            with self.subTest(app_class.__name__):
                made = []
                app = app_class(lifespan=lifespan)
                app.add_middleware(HeaderMiddleware, made=made, name="x-first")
                prepare_middleware(app)
                running = Lifespan(app)
                running.start()
                self.addCleanup(running.stop)
                self.assertEqual(made, ["x-first"])
                prepare_app(app)
                self.assert_everything(app)
                result = self.call(app, "/added/name")
                self.assertEqual(result.header("x-first"), ["yes"])

    def test_middleware_is_made_once(self):
        for app in (EndpointFastAPI(), FastAPI()):
            with self.subTest(type(app).__name__):
                made = []
                app.add_middleware(HeaderMiddleware, made=made)
                prepare_middleware(app)
                lifespan = Lifespan(app)
                lifespan.start()
                self.addCleanup(lifespan.stop)
                prepare_app(app)
                prepare_app(app)
                self.call(app, "/")
                self.assertEqual(made, ["x-middleware"])

    def test_after_the_middleware_was_built(self):
        """Starlette refuses such changes, but there are other ways to make them."""
        app = EndpointFastAPI()
        self.call(app, "/")
        add_everything(app)
        prepare_app(app)
        self.assert_everything(app)

    def test_while_the_app_is_served(self):
        app = EndpointFastAPI()
        shared = APIRouter()
        app.include_router(shared, prefix="/shared")

        @app.post("/grow")
        def grow():
            @app.get("/grown")
            def grown(tasks: BackgroundTasks):
                tasks.add_task(int)

        prepare_app(app)
        self.assertEqual(self.call(app, "/shared/new").code, 404)

        @shared.get("/new")  # another addon is imported, for another database
        def new(tasks: BackgroundTasks):
            tasks.add_task(int)

        self.assertEqual(self.call(app, "/grow", method="POST").code, 200)
        for path in ("/shared/new", "/grown"):
            result = self.call(app, path)
            self.assertEqual((path, result.code), (path, 200))
            self.assertEqual(len(result.tasks), 1, path)

    def test_the_lists_of_an_app_stay_its_own(self):
        app = EndpointFastAPI()
        app.add_exception_handler(OutOfTea, lambda *args: None)
        handlers, middleware = dict(app.exception_handlers), list(app.user_middleware)
        prepare_app(app)
        self.call(app, "/")
        self.assertEqual(app.exception_handlers, handlers)
        self.assertEqual(app.user_middleware, middleware)

    def test_stack_is_what_libraries_expect(self):
        """OpenTelemetry puts itself below the outermost middleware of Starlette."""
        app = EndpointFastAPI()
        plain = FastAPI()
        prepare_app(plain)
        expected = type(FastAPI().build_middleware_stack())
        self.assertIs(type(app.build_middleware_stack()), expected)
        self.assertIs(type(plain.build_middleware_stack()), expected)


class TestRoutesMadeAgain(BridgeCase):
    """Libraries add dependencies to routes, and build their handlers again.

    As ``fastapi_pagination.add_pagination`` does it, before and when the app starts.
    """

    def make_app(self):
        app = EndpointFastAPI()
        app.dependency_overrides[get_size] = lambda: 7

        @app.get("/name")
        def name(
            name: Annotated[str, Depends(get_name)],
            size: Annotated[int, Depends(get_size)],
            tasks: BackgroundTasks,
        ):
            tasks.add_task(int)
            return [name, size]

        return app

    def make_again(self, app):
        seen = []

        def page(number: int = 1):
            seen.append(number)

        for route in app.routes:
            if getattr(route, "path", None) == "/name":
                dependency = Depends(page)
                route.dependencies.append(dependency)
                route.dependant.dependencies.append(
                    get_parameterless_sub_dependant(depends=dependency, path="/name")
                )
                route.app = request_response(route.get_route_handler())
        return seen

    def test_route_made_again(self):
        app = self.make_app()
        prepare_app(app)
        seen = self.make_again(app)
        result = self.call(app, "/name", query="name=tea&number=3")
        self.assertEqual(json.loads(result.body), ["tea", 7])
        self.assertEqual(seen, [3])
        prepare_app(app)
        result = self.call(app, "/name", query="name=tea&number=4")
        self.assertEqual(json.loads(result.body), ["tea", 7])
        self.assertEqual(seen, [3, 4])
        self.assertEqual(len(result.tasks), 1)

    def test_wrapped_route(self):
        def wrap(app):
            for route in app.routes:
                if getattr(route, "path", None) == "/name":
                    route.app = partial(route.app)

        app, logger = self.make_app(), route_module._logger
        with self.assertNoLogs(logger):
            prepare_app(app)
            copy_app(app)
            prepare_app(self.make_limited())
        for call in (prepare_app, copy_app):
            app = self.make_app()
            wrap(app)
            with self.assertLogs(logger, "WARNING") as logs:
                call(app)
            (message,) = logs.output
            self.assertIn("/name: the `app` of the route has been wrapped", message)

    def make_limited(self):
        """Return an app whose route has a limit, if FastAPI has limits."""
        app = FastAPI()
        has_limits = hasattr(routing, "wrap_app_with_body_limit")
        limit = {"max_body_size": 5} if has_limits else {}
        app.post("/limited", **limit)(lambda: None)
        return app

    def test_route_made_again_by_a_lifespan(self):
        app = self.make_app()
        app.openapi()  # which prepares the app
        original = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(app):
            self.seen = self.make_again(app)
            async with original(app):
                yield

        app.router.lifespan_context = lifespan
        running = Lifespan(app)
        running.start()
        self.addCleanup(running.stop)
        prepare_app(app)
        result = self.call(app, "/name", query="name=tea&number=3")
        self.assertEqual(json.loads(result.body), ["tea", 7])
        self.assertEqual(len(result.tasks), 1)
        self.assertEqual(self.seen, [3])
        names = [
            parameter["name"]
            for parameter in app.openapi()["paths"]["/name"]["get"]["parameters"]
        ]
        self.assertEqual(names, ["name", "number"])

    def test_tree_has_the_functions_of_the_app(self):
        """Other code can read their signatures again."""
        app = self.make_app()
        app.dependency_overrides.clear()
        prepare_app(app)
        calls = [item.call for item in app.routes[-1].dependant.dependencies]
        self.assertEqual(calls, [get_name, get_size])

    def test_guard(self):
        """A guard that is put into the tree of a route works, also after requests."""

        def guard():
            raise HTTPException(418)

        def find(app):
            (route,) = (r for r in app.routes if getattr(r, "path", None) == "/name")
            return route.dependant.dependencies

        inserted = get_parameterless_sub_dependant(depends=Depends(guard), path="/name")
        for used in (False, True):
            with self.subTest(used=used):
                app = self.make_app()
                prepare_app(app)
                names = {"query": "name=tea"}
                if used:
                    self.assertEqual(self.call(app, "/name", **names).code, 200)
                find(app).insert(0, inserted)
                self.assertEqual(self.call(app, "/name", **names).code, 418)
                app.dependency_overrides[guard] = lambda: None
                result = self.call(app, "/name", **names)
                self.assertEqual(json.loads(result.body), ["tea", 7])
                del app.dependency_overrides[guard]
                self.assertEqual(self.call(app, "/name", **names).code, 418)
                del find(app)[0]
                result = self.call(app, "/name", **names)
                self.assertEqual(json.loads(result.body), ["tea", 7])

    def test_guard_while_the_route_is_built(self):
        """No other request passes it."""

        def guard():
            raise HTTPException(418)

        app = self.make_app()
        prepare_app(app)
        self.assertEqual(self.call(app, "/name").code, 200)
        (route,) = (r for r in app.routes if getattr(r, "path", None) == "/name")
        inserted = get_parameterless_sub_dependant(depends=Depends(guard), path="/name")
        route.dependant.dependencies.insert(0, inserted)
        is_building, others_have_begun = threading.Event(), threading.Event()

        make_apps = route_module.RouteApps

        def make_slowly(*args):
            is_building.set()
            others_have_begun.wait(0.5)  # seconds
            return make_apps(*args)

        def call_meanwhile():
            self.assertTrue(is_building.wait(TIMEOUT))
            code = self.call(app, "/name").code
            others_have_begun.set()
            return code

        with patch.object(route_module, "RouteApps", make_slowly):
            codes = self.in_threads(
                [lambda: self.call(app, "/name").code, call_meanwhile]
            )
        self.assertEqual(codes, [418, 418])

    def test_overrides_change_after_that(self):
        app = self.make_app()
        prepare_app(app)
        self.make_again(app)
        prepare_app(app)
        app.dependency_overrides[get_name] = lambda: "override"
        app.dependency_overrides[get_size] = lambda: 8
        result = self.call(app, "/name")
        self.assertEqual(json.loads(result.body), ["override", 8])
