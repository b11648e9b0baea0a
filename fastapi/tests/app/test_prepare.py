# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Copies of an app, one for each endpoint."""

from contextlib import asynccontextmanager
from typing import Annotated
from unittest.mock import patch

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.testclient import TestClient
from opentelemetry import trace
from starlette.responses import JSONResponse, PlainTextResponse

from odoo.tests import BaseCase

from ...app.prepare import EndpointFastAPI, copy_app, prepare_app
from ...app.prepare import _logger as prepare_logger


class LostError(Exception):
    pass


def need_key(x_key: Annotated[str, Header()]) -> str:
    return x_key


def get_name() -> str:
    return "original"


class TestCopyApp(BaseCase):
    def setUp(self):
        super().setUp()
        self.app = FastAPI(title="Original", docs_url="/pages", redirect_slashes=False)

    def call(self, app, path, **kwargs):
        with TestClient(app, raise_server_exceptions=False) as client:
            return client.get(path, **kwargs)

    def test_routes(self):
        inner, mounted = APIRouter(prefix="/inner"), FastAPI()

        @self.app.get("/direct/{number}", name="direct")
        def direct(number: int, request: Request) -> str:
            return request.url_for("direct", number=number).path

        @inner.get("/included")
        def included() -> str:
            return "included"

        @mounted.get("/there")
        def there() -> str:
            return "mounted"

        self.app.include_router(inner, prefix="/outer")
        self.app.mount("/mounted", mounted)
        self.app.add_route("/plain", lambda request: PlainTextResponse("plain"))
        copied = copy_app(self.app)
        prepare_app(copied)
        for path, text in (
            ("/direct/3", '"/direct/3"'),
            ("/outer/inner/included", '"included"'),
            ("/mounted/there", '"mounted"'),
            ("/plain", "plain"),
            ("/direct/3/", '{"detail":"Not Found"}'),
            ("/direct/x", None),
        ):
            with self.subTest(path):
                response = self.call(copied, path)
                if text:
                    self.assertEqual(response.text, text)
                original = self.call(self.app, path)
                self.assertEqual(response.status_code, original.status_code)
                self.assertEqual(response.text, original.text)
        self.assertEqual(copied.openapi(), self.app.openapi())

    def test_dependencies_of_the_app_run_once(self):
        calls = []

        def count() -> None:
            calls.append(1)

        app = FastAPI(dependencies=[Depends(count, use_cache=False)])

        @app.get("/")
        def index(key: Annotated[str, Depends(need_key)]) -> str:
            return key

        self.assertEqual(self.call(copy_app(app), "/").status_code, 422)
        calls.clear()
        response = self.call(copy_app(app), "/", headers={"X-Key": "k"})
        self.assertEqual(response.json(), "k")
        self.assertEqual(len(calls), 1)

    def test_dependencies_of_a_copy(self):
        calls = []

        def own() -> None:
            calls.append("own")

        def make_router(name):
            def count() -> None:
                calls.append(name)

            router = APIRouter(dependencies=[Depends(count)])
            router.get(f"/{name}")(lambda: name)
            return router

        app = FastAPI(dependencies=[Depends(own)])
        app.get("/")(lambda: "index")
        app.include_router(make_router("inner"))
        copied = copy_app(app, [Depends(lambda: calls.append("copy"))])
        copied.include_router(make_router("added"))
        copied.get("/late")(lambda: "late")
        again = copy_app(copied, [Depends(lambda: calls.append("again"))])
        again.include_router(make_router("last"))
        for called, path, expected in (
            (app, "/", ["own"]),
            (app, "/inner", ["own", "inner"]),
            (copied, "/", ["copy", "own"]),
            (copied, "/inner", ["copy", "own", "inner"]),
            (copied, "/added", ["copy", "own", "added"]),
            (copied, "/late", ["copy", "own"]),
            (again, "/inner", ["again", "copy", "own", "inner"]),
            (again, "/added", ["again", "copy", "own", "added"]),
            (again, "/last", ["again", "copy", "own", "last"]),
        ):
            with self.subTest(path):
                calls.clear()
                self.assertEqual(self.call(called, path).status_code, 200)
                self.assertEqual(calls, expected)

    def make_app_with_settings(self):
        return FastAPI(
            dependencies=[Depends(need_key)],
            default_response_class=PlainTextResponse,
            responses={418: {"description": "tea"}},
            deprecated=True,
            generate_unique_id_function=lambda route: f"own_{route.name}",
            strict_content_type=False,
        )

    def test_settings_for_what_is_added(self):
        """A guard of the app protects the routers of an addon, too."""
        router = APIRouter()

        @router.post("/added")
        def added(body: dict) -> str:
            return "added"

        def add_to(app):
            app.include_router(router)

            @app.post("/late")
            def late() -> str:
                return "late"

            return app

        added_to = add_to(self.make_app_with_settings())
        app = self.make_app_with_settings()

        @app.post("/own")
        def own() -> str:
            return "own"

        copied = add_to(copy_app(app))
        paths = copied.openapi()["paths"]
        self.assertEqual(paths.pop("/own"), app.openapi()["paths"]["/own"])
        self.assertEqual(paths, added_to.openapi()["paths"])
        prepare_app(copied)
        for called in (added_to, copied):
            with TestClient(called) as client:
                self.assertEqual(client.post("/added", json={}).status_code, 422)
                response = client.post("/added", content="{}", headers={"X-Key": "k"})
                self.assertEqual(response.text, "added")
        copied.router.responses[500] = {"description": "only of the copy"}
        self.assertNotIn(500, app.router.responses)

    def test_what_is_set_on_the_copy_stays_there(self):
        @self.app.get("/name")
        def name(name: Annotated[str, Depends(get_name)]) -> str:
            return name

        self.app.state.shared = "state"
        first, second = copy_app(self.app), copy_app(self.app)
        first.dependency_overrides[get_name] = lambda: "first"
        first.state.own = True
        first.add_exception_handler(
            LostError, lambda request, exc: JSONResponse("lost")
        )

        @first.get("/only")
        def only() -> None:
            raise LostError

        prepare_app(first)
        self.assertEqual(self.call(first, "/name").json(), "first")
        self.assertEqual(self.call(first, "/only").json(), "lost")
        for app in (second, self.app):
            self.assertEqual(self.call(app, "/name").json(), "original")
            self.assertEqual(self.call(app, "/only").status_code, 404)
            self.assertNotIn(LostError, app.exception_handlers)
            self.assertEqual(app.state.shared, "state")
            self.assertFalse(hasattr(app.state, "own"))

    def test_overrides_of_the_app(self):
        @self.app.get("/name")
        def name(name: Annotated[str, Depends(get_name)]) -> str:
            return name

        self.app.dependency_overrides[get_name] = lambda: "overridden"
        copied = copy_app(self.app)
        prepare_app(copied)
        self.assertEqual(self.call(copied, "/name").json(), "overridden")

    def test_lifespan(self):
        events = []

        @asynccontextmanager
        async def lifespan(app):
            events.append(app)
            yield {"name": "state"}

        app = FastAPI(lifespan=lifespan)

        @app.get("/")
        def index(request: Request) -> str:
            return request.state.name

        copied = copy_app(app)
        self.assertEqual(self.call(copied, "/").json(), "state")
        self.assertEqual(events, [copied])

    def test_handlers_of_startup_run_once(self):
        events = []
        self.app.router.on_startup.append(lambda: events.append("startup"))
        self.app.router.on_shutdown.append(lambda: events.append("shutdown"))
        self.call(copy_app(self.app), "/")
        self.assertEqual(events, ["startup", "shutdown"])

    def test_documentation(self):
        copied = copy_app(self.app)
        copied.title = "Copy"
        self.assertIn("Copy", self.call(copied, "/pages").text)
        self.assertEqual(self.call(copied, "/docs").status_code, 404)
        document = self.call(copied, "/openapi.json").json()
        self.assertEqual(document["info"]["title"], "Copy")
        self.assertIsNone(self.app.openapi_schema)
        paths = [route.path for route in copied.router.routes if hasattr(route, "path")]
        self.assertEqual(len(paths), len(set(paths)))

    def test_no_documentation(self):
        copied = copy_app(FastAPI(openapi_url=None))
        for path in ("/docs", "/redoc", "/openapi.json"):
            self.assertEqual(self.call(copied, path).status_code, 404)

    def test_openapi_of_the_developer(self):
        self.app.openapi = lambda: {"mine": True}
        with self.assertLogs(prepare_logger, "WARNING") as logs:
            document = self.call(copy_app(self.app), "/openapi.json").json()
        self.assertEqual(document, {"mine": True})
        (message,) = logs.output
        self.assertIn("Original: `app.openapi = …` does not know the copies", message)
        with self.assertNoLogs(prepare_logger):
            copy_app(self.app)

    def test_openapi_of_a_subclass(self):
        class OwnFastAPI(FastAPI):
            def openapi(self):
                return {**FastAPI.openapi(self), "own": True}

        router = APIRouter()
        router.get("/added")(lambda: "added")
        with self.assertNoLogs(prepare_logger):
            copied = copy_app(OwnFastAPI())
        copied.include_router(router)
        document = self.call(copied, "/openapi.json").json()
        self.assertTrue(document["own"])
        self.assertEqual(document["paths"].keys(), {"/added"})

    def test_an_app_that_is_prepared(self):
        # a test of the developer has called it
        @self.app.get("/name")
        def name(name: Annotated[str, Depends(get_name)]) -> str:
            return name

        prepare_app(self.app)
        self.assertEqual(self.call(self.app, "/name").json(), "original")
        copied = copy_app(self.app)
        copied.dependency_overrides[get_name] = lambda: "copy"
        prepare_app(copied)
        self.assertEqual(self.call(copied, "/name").json(), "copy")
        self.assertEqual(self.call(self.app, "/name").json(), "original")
        self.assertEqual(self.call(copied, "/pages").status_code, 200)
        self.assertEqual(copied.openapi()["paths"].keys(), {"/name"})


class TracerProvider(trace.TracerProvider):
    def get_tracer(self, *args, **kwargs):
        return trace.NoOpTracer()


class TestTelemetry(BaseCase):
    """FastAPI's telemetry, with and without a provider of OpenTelemetry."""

    def make_app(self, cls):
        app = cls()

        @app.get("/")
        def index(request: Request) -> bool:
            return "fastapi.telemetry" in request.scope

        return app

    def test_providers_are_asked_once(self):
        app = self.make_app(EndpointFastAPI)
        prepare_app(app)
        with patch.object(trace, "get_tracer_provider") as asked:
            self.assertIs(TestClient(app).get("/").json(), False)
        asked.assert_not_called()

    def test_provider_of_a_lifespan(self):
        app = self.make_app(EndpointFastAPI)
        app.openapi()
        provider = TracerProvider()
        with patch.object(trace, "get_tracer_provider", return_value=provider):
            prepare_app(app)
            self.assertIs(TestClient(app).get("/").json(), True)

    def test_apps_that_may_run_elsewhere_do_not_change(self):
        app = self.make_app(FastAPI)
        prepare_app(app)
        provider = TracerProvider()
        with patch.object(trace, "get_tracer_provider", return_value=provider):
            self.assertIs(TestClient(app).get("/").json(), True)
