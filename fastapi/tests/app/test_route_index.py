# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The index finds the same routes as FastAPI's router."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, routing
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.convertors import CONVERTOR_TYPES

from ...app.prepare import EndpointFastAPI, prepare_app
from ...app.route_index import RouteIndex
from ..bridge_case import BridgeCase
from .route_tables import UUID, DigitsConvertor, Table

#: Apps, and requests to each, of the test against FastAPI's router.
TABLES = 30
REQUESTS = 40


class TestRouteIndex(BridgeCase):
    def setUp(self):
        super().setUp()
        CONVERTOR_TYPES["digits"] = DigitsConvertor()
        self.addCleanup(CONVERTOR_TYPES.pop, "digits")

    def test_same_as_fastapi(self):
        """Random apps do the same with and without the index."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        found = missed = 0
        for seed in range(TABLES):
            table = Table(seed)
            app = table.app
            prepare_app(app)
            app.build_middleware_stack()
            index = RouteIndex(app.router.routes)
            for number in range(REQUESTS):
                scope = table.request()
                expected, result = (
                    loop.run_until_complete(table.run(each, scope))
                    for each in (app.router.app, app.router.middleware_stack.app)
                )
                self.assertEqual(result, expected, f"{seed} {number} {scope}")
                if table.seen and scope["type"] == "http":
                    place = index.find(scope["method"], routing.get_route_path(scope))
                    found += bool(place)
                    missed += not place
        self.assertGreater(found, TABLES * REQUESTS / 6)
        self.assertGreater(missed, TABLES)

    def test_ordinary_routes_are_found(self):
        """Fails if FastAPI or Starlette build paths in another way."""
        inner, outer = APIRouter(prefix="/inner"), APIRouter()
        paths = ("/", "/a", "/a.b/ü", "/{p}", "/{p:int}/x", "/n/{p:uuid}/{q:float}/")
        for path in (*paths, "/files/{p:path}", "/v{p}.{q:digits}"):
            inner.get(path)(endpoint)
        outer.include_router(inner, prefix="/in")
        app = EndpointFastAPI()
        app.include_router(outer, prefix="/{tenant}")
        for path in paths:
            app.get(path)(endpoint)
        index = RouteIndex(app.router.routes)
        for context in iter_route_contexts(app.routes):
            if not isinstance(context.original_route, APIRoute):
                continue
            with self.subTest(context.path):
                path = context.path.replace("{p:uuid}", UUID)
                self.assertTrue(index.find("GET", re.sub("{[^}]+}", "1", path)))
        self.assertFalse(index._root.rests)

    def test_last_route_costs_as_much_as_the_first(self):
        router = APIRouter()
        for number in range(100):
            router.get(f"/static/{number}")(endpoint)
            router.get(f"/{number}/{{value}}")(endpoint)
        app = EndpointFastAPI()
        app.include_router(router, prefix="/api")
        app.include_router(router, prefix="/of/{tenant}")
        prepare_app(app)
        app.build_middleware_stack()
        for path in ("/api/static/#", "/api/#/x", "/of/t/static/#", "/of/t/#/x"):
            first, last = (
                self.count_calls(app, path.replace("#", number))
                for number in ("0", "99")
            )
            self.assertEqual(first, last, path)

    def count_calls(self, app, path):
        """Return how many functions are called to find a route, those in C too."""
        scope = {"type": "http", "method": "GET", "path": path}
        router = app.router.middleware_stack.app
        router(dict(scope), None, None).close()  # remembers a static path
        count = 0

        def profile(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            handling = router(scope, None, None)
        finally:
            sys.setprofile(before)
        handling.close()
        self.assertIn("route", scope)
        return count

    def test_clients_do_not_fill_the_index(self):
        app = EndpointFastAPI()
        app.get("/any/{value}")(endpoint)
        app.get("/case")(endpoint)
        app.add_route("/plain", endpoint, methods=["GET"])
        app.router.routes[-2].path_regex = re.compile("^/case$", re.I)
        index = RouteIndex(app.router.routes)
        for path in ("/any/1", "/any/{value}", "/CASE", "/Case", "/case", "/plain"):
            for method in ("GET", "GET", "HEAD", "ODD"):
                index.find(method, path)
        self.assertEqual(list(index._known), [("GET", "/case")])
        self.assertEqual(index.find("GET", "/any/{value}")[1], {"value": "{value}"})

    def get_index(self, app):
        self.call(app, "/")  # prepares the app again
        return app.router.middleware_stack.app._get_index()

    def test_routes_that_a_lifespan_changes(self):
        app = EndpointFastAPI()
        for path in ("/case", "/{value}"):
            app.get(path)(endpoint)
        app.openapi()
        app.router.routes[-2].path_regex = re.compile("^/case$", re.I)
        prepare_app(app)
        place, _params = self.get_index(app).find("GET", "/CASE")
        self.assertEqual(place.original.path, "/case")

    def test_files_of_a_frontend_come_last(self):
        if not hasattr(APIRouter, "frontend"):
            self.skipTest("This version of FastAPI has no frontends.")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.txt").write_text("a file")
            for app_class in (FastAPI, EndpointFastAPI):
                app, router = app_class(), APIRouter(prefix="/in")
                for each, prefix in ((router, ""), (app, "/own")):
                    each.frontend(f"{prefix}/files", directory=folder)
                    each.get(f"{prefix}/files/api")(lambda: "api")
                app.include_router(router)
                prepare_app(app)
                for path in ("/in/files", "/own/files"):
                    self.assertEqual(self.call(app, f"{path}/a.txt").body, b"a file")
                    self.assertEqual(self.call(app, f"{path}/api").body, b'"api"')
                    self.assertEqual(self.call(app, f"{path}/b.txt").code, 404)

    def test_routes_that_change(self):
        def read(path):
            result = self.call(app, path)
            return result.body.decode() if result.code == 200 else result.code

        def add(router, path, text):
            @router.get(path)
            def added() -> str:
                return text

        app = EndpointFastAPI()
        shared = APIRouter()
        app.include_router(shared, prefix="/shared")
        add(app, "/{path:path}", "rest")
        self.assertEqual(read("/shared/new"), '"rest"')
        add(shared, "/new", "new")
        self.assertEqual(read("/shared/new"), '"new"')
        add(app, "/first", "first")
        self.assertEqual(read("/first"), '"rest"')
        app.router.routes.insert(0, app.router.routes.pop())
        self.assertEqual(read("/first"), '"first"')
        del app.router.routes[0]
        self.assertEqual(read("/first"), '"rest"')
        add(app, "/first", "again")
        app.router.routes.insert(0, app.router.routes.pop())
        self.assertEqual(read("/first"), '"again"')
        app.router.routes[0].methods = {"POST"}
        self.assertEqual(read("/first"), '"rest"')
        app.router.routes = []
        self.assertEqual(read("/first"), 404)

    def test_routes_that_change_while_others_are_served(self):
        app = EndpointFastAPI()
        shared = APIRouter()
        app.include_router(shared, prefix="/shared")
        app.get("/{path:path}")(endpoint)
        lock = threading.Lock()

        def grow(thread):
            for number in range(8):
                path = f"/{thread}/{number}"
                with lock:  # FastAPI counts the changes of a router without one

                    @shared.get(path)
                    def added(text: str = path) -> str:
                        return text

                self.assertEqual(
                    self.call(app, f"/shared{path}").body.decode(), f'"{path}"'
                )

        self.in_threads([partial(grow, thread) for thread in range(3)])


async def endpoint(request: Request) -> None:
    pass
