# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Dependency overrides of routes for WebSockets."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, WebSocket
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.routing import APIWebSocketRoute, iter_route_contexts
from fastapi.testclient import TestClient

from ...app.prepare import EndpointFastAPI, copy_app, prepare_app
from ...auth.route_calls import iter_route_calls
from .routes_case import OverridesCase, branch, leaf, trunk


def make_value(value):
    return lambda: value


async def send_trunk(websocket: WebSocket, value: Annotated[str, Depends(trunk)]):
    await websocket.accept()
    await websocket.send_text(value)
    await websocket.close()


class TestWebSocketOverrides(OverridesCase):
    def setUp(self):
        super().setUp()
        self.router = APIRouter()
        self.router.add_api_websocket_route("/trunk", send_trunk)

    def receive(self, app, path="/trunk"):
        with TestClient(app).websocket_connect(path) as websocket:
            return websocket.receive_text()

    def make_apps(self, overrides):
        """Return apps that have the route in different ways."""
        direct, touched, own = (EndpointFastAPI() for _ in range(3))
        own.router.add_api_websocket_route("/trunk", send_trunk)
        direct.routes.extend(self.router.routes)
        touched.include_router(self.router)
        list(iter_route_contexts(touched.routes))
        outer = APIRouter()
        outer.include_router(self.router)
        apps = {
            "own": own,
            "copied": copy_app(own),
            "added": direct,
            "included": self.make_app(router=self.router),
            "inside": self.make_app(router=outer),
            "read before": touched,
        }
        for name, app in apps.items():
            app.dependency_overrides.update(overrides)
            prepare_app(app)
            with self.subTest(name):
                yield app

    def test_override_that_does_not_count_below_what_it_depends_on(self):
        def fake(value: Annotated[str, Depends(branch)]):
            return f"fake of {value}"

        def identify(value: Annotated[str, Depends(leaf)]):
            return f"identified by {value}"

        fake.not_below = (branch,)
        for app in self.make_apps({leaf: fake, branch: identify}):
            self.assertEqual(self.receive(app), "trunk of identified by leaf")
        for app in self.make_apps({leaf: fake, branch: identify, trunk: leaf}):
            # an override is not overridden itself
            self.assertEqual(self.receive(app), "leaf")

    def test_changes(self):
        for app in self.make_apps({leaf: make_value("fake")}):
            self.assertEqual(self.receive(app), "trunk of branch of fake")
            app.dependency_overrides[leaf] = make_value("new")
            self.assertEqual(self.receive(app), "trunk of branch of new")
            app.dependency_overrides.clear()
            self.assertEqual(self.receive(app), "trunk of branch of leaf")
        plain = FastAPI(routes=self.router.routes)
        self.assertEqual(self.receive(plain), "trunk of branch of leaf")

    def test_apps_have_their_own(self):
        apps = {
            value: list(self.make_apps({leaf: make_value(value)})) for value in "ab"
        }
        for value, values in apps.items():
            for app in values:
                self.assertEqual(self.receive(app), f"trunk of branch of {value}")

    def test_routes_that_another_app_has_read(self):
        self.router.include_router(APIRouter(routes=self.router.routes), prefix="/in")
        list(iter_route_contexts(self.router.routes))
        for value in ("a", "b"):
            app = EndpointFastAPI(routes=self.router.routes)
            app.dependency_overrides[leaf] = make_value(value)
            prepare_app(app)
            for path in ("/trunk", "/in/trunk"):
                self.assertEqual(self.receive(app, path), f"trunk of branch of {value}")
        plain = FastAPI(routes=self.router.routes)
        for path in ("/trunk", "/in/trunk"):
            self.assertEqual(self.receive(plain, path), "trunk of branch of leaf")

    def test_guard_that_is_added(self):
        """It has the overrides, too."""
        called = []

        def guard(value: Annotated[str, Depends(leaf)]):
            called.append(value)

        inserted = get_parameterless_sub_dependant(depends=Depends(guard), path="")
        for app in self.make_apps({leaf: make_value("fake")}):
            self.receive(app)
            for context in iter_route_contexts(app.routes):
                if isinstance(context.original_route, APIWebSocketRoute):
                    context.dependant.dependencies.insert(0, inserted)
            called.clear()
            self.receive(app)
            self.assertEqual(called, ["fake"])

    def test_parameters_of_the_override(self):
        def fake(name: Annotated[str, Query()]):
            return name

        for app in self.make_apps({branch: fake}):
            self.assertEqual(self.receive(app, "/trunk?name=tea"), "trunk of tea")
            calls = [call for _path, call in iter_route_calls(app.routes)]
            self.assertEqual(calls, [send_trunk, trunk, fake])

    def test_wrapper(self):
        """Other code may wrap a route of the app."""
        called = []

        async def wrapper(original, scope, receive, send):
            called.append(scope["path"])
            await original(scope, receive, send)

        app = EndpointFastAPI()
        app.router.add_api_websocket_route("/trunk", send_trunk)
        app.dependency_overrides[leaf] = make_value("fake")
        app.routes[-1].app = partial(wrapper, app.routes[-1].app)
        self.assertEqual(self.receive(app), "trunk of branch of fake")
        self.assertEqual(called, ["/trunk"])
