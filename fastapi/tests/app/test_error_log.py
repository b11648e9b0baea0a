# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import traceback

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router

from ...app.error_log import (
    describe_error,
    describe_handler,
    describe_route,
    find_mount,
    place_of,
)
from ...app.prepare import prepare_app
from ...bridge import WsgiApp
from ..bridge_case import BridgeCase, make_environ


def handler(number: int) -> int:
    return number


def plain(request):
    return PlainTextResponse("plain")


class TestDescribeRoute(BridgeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        app = FastAPI()
        inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
        inner.get("/a/{number}")(handler)
        inner.put("/a/{other}")(handler)
        inner.get("/c/{number:int}")(handler)
        outer.include_router(inner)
        app.include_router(outer, prefix="/v1")
        app.router.routes.append(Route("/plain/{name}", plain))
        mounted = FastAPI()
        mounted.get("/b/{number}")(handler)
        app.mount("/mounted", mounted)
        app.mount("/of/{name}/{n:int}", mounted)
        prepare_app(app)
        cls.application = WsgiApp(app, "/api", name="Orders")

    def scope(self, path, **options):
        """Return the scope after a request."""
        environ = make_environ(path, **options)
        return self.application(environ, lambda *args: None).scope

    def test_template(self):
        for path, template in (
            ("/api/v1/outer/inner/a/7", "/api/v1/outer/inner/a/{number}"),
            ("/api/v1/outer/inner/c/7", "/api/v1/outer/inner/c/{number}"),
            ("/api/plain/x", "/api/plain/{name}"),
            ("/api/mounted/b/7", "/api/mounted/b/{number}"),
            ("/api/of/x/7/b/7", "/api/of/{name}/{n}/b/{number}"),
        ):
            with self.subTest(path):
                self.assertEqual(
                    describe_route(self.scope(path)),
                    f"GET {template} (endpoint Orders)",
                )

    def test_mount(self):
        found = []

        def note(request: Request) -> None:
            found.append(find_mount(request.scope))

        async def forward(scope, receive, send):
            await mounted(scope, receive, send)

        app, mounted, router = FastAPI(), FastAPI(), APIRouter()
        app.get("/x")(note)
        mounted.get("/x")(note)
        router.mount("/to/{n:int}", mounted)
        app.include_router(router, prefix="/v1")
        app.mount("/a/{b}", Router([Mount("/{c}", mounted)]))
        app.mount("/hidden/{name}", forward)
        prepare_app(app)
        application = WsgiApp(app, "/api")
        for path, mount in (
            ("/x", ""),
            ("/v1/to/7/x", "/v1/to/{n}"),
            ("/a/7/8/x", "/a/{b}/{c}"),
            ("/hidden/7/x", "/hidden/{name}"),
        ):
            with self.subTest(path):
                application(make_environ(f"/api{path}"), lambda *args: None)
                self.assertEqual(found.pop(), mount)

    def test_method(self):
        scope = self.scope("/api/v1/outer/inner/a/7", REQUEST_METHOD="PUT")
        self.assertEqual(
            describe_route(scope),
            "PUT /api/v1/outer/inner/a/{other} (endpoint Orders)",
        )

    def test_unknown_path_can_forge_no_line(self):
        self.assertEqual(
            describe_route(self.scope("/api/x\nERROR forged")),
            "GET /api/x%0AERROR%20forged (endpoint Orders)",
        )

    def test_handler(self):
        line = handler.__code__.co_firstlineno
        self.assertEqual(
            describe_handler(self.scope("/api/v1/outer/inner/a/7")),
            f"{__file__}:{line}, in handler",
        )
        self.assertEqual(
            describe_handler(self.scope("/api/unknown")), "an unknown handler"
        )

    def test_environ_of_others_is_left_alone(self):
        environ = make_environ("/api/plain/x")
        before = dict(environ)
        self.application(environ, lambda *args: None)
        self.assertEqual(environ, before)

    def test_place_of_an_exception(self):
        def fail():
            json.loads("{")

        try:
            fail()
        except ValueError as err:
            place = place_of(err)
        # of an addon there is no line here: the innermost one
        self.assertRegex(place, r"decoder\.py:\d+, in ")
        code = compile("def hook(call):\n    call()\n", "orders.py", "exec")
        names = {"__name__": "odoo.addons.orders.models.orders"}
        exec(code, names)  # noqa: S102
        try:
            names["hook"](fail)
        except ValueError as err:
            self.assertEqual(place_of(err), "orders.py:2, in hook")
        self.assertIsNone(place_of(ValueError()))

    def test_place_is_no_override_of_the_dispatcher(self):
        def fail():
            json.loads("{")

        def dispatch(module, call):
            code = compile("def dispatch():\n    call()\n", f"{module}.py", "exec")
            names = {"__name__": f"odoo.addons.{module}", "call": call}
            exec(code, names)  # noqa: S102
            return names["dispatch"]

        for call, place in (
            (fail, r"decoder\.py:\d+, in "),
            (dispatch("orders", fail), r"^orders\.py:2, in dispatch$"),
        ):
            for base in ("fastapi_dispatcher", "app_request"):
                inner = dispatch(f"fastapi.{base}", call)
                found = None
                try:
                    dispatch("limits", inner)()
                except ValueError as err:
                    found = place_of(err)
                self.assertRegex(found, place)

    def test_exception_without_a_text(self):
        class Silent(Exception):
            def __str__(self):
                raise ZeroDivisionError()

        self.assertEqual(describe_error(Silent(), None), "Silent")

    def test_fastapi_names_the_handler(self):
        """Also if another app had a handler with the same id."""
        for number in range(3):
            app = FastAPI()
            namespace = {}
            source = f"{number * chr(10)}def handler_{number}() -> int: return 'x'"
            exec(compile(source, f"app_{number}.py", "exec"), namespace)  # noqa: S102
            app.get("/")(namespace[f"handler_{number}"])
            prepare_app(app)
            error = self.call(app).exception
            self.assertIn(
                f'File "app_{number}.py", line {number + 1}, in handler_{number}\n',
                "".join(traceback.format_exception(error)),
            )
