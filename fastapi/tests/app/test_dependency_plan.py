# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return,dangerous-default-value
"""Plans call the same as FastAPI, in the same order, with the same results."""

import asyncio
import inspect
import itertools
import json
import os
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from random import Random
from typing import Annotated, Any
from unittest.mock import patch

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    routing,
)
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, SecurityScopes
from opentelemetry.trace import NoOpTracer, TracerProvider
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from ...app import dependency_plan
from ...app.dependency_plan import _FIELDS
from ...app.prepare import EndpointFastAPI
from ...app.routes import AppRoutes
from ...bridge import on_shared_loop
from ..bridge_case import JSON_TYPE, TIMEOUT, BridgeCase
from .routes_case import OverridesCase, leaf

#: Number of random trees; each takes some 20 ms.
TREES = int(os.environ.get("FASTAPI_TREES", "200"))
#: What the functions of a tree have as parameters, by name.
PARAMETERS = {
    "number": (Annotated[int, Path()],),
    "page": (Annotated[int, Query(ge=1)], 1),
    "size": (Annotated[int, Query(le=9)],),
    "words": (Annotated[list[str], Query()], []),
    "token": (Annotated[str, Header()],),
    "lang": (Annotated[str | None, Header(max_length=5)], None),
    "crumb": (Annotated[int | None, Cookie()], None),
    "request": (Request,),
    "connection": (HTTPConnection,),
    "response": (Response,),
    "tasks": (BackgroundTasks,),
    "scopes": (SecurityScopes,),
}


class Line(BaseModel):
    name: str
    count: int = 1


BODIES = {
    "json": {"line": (Annotated[Line, Body()],), "total": (Annotated[int, Body()], 0)},
    "form": {"line": (Annotated[str, Form()],), "total": (Annotated[int, Form()], 0)},
    "none": {},
}
CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}
CONTENTS = {
    "json": [
        b'{"line": {"name": "tea"}, "total": 3}',
        b'{"name": "tea"}',
        b'{"total": "x"}',
        b"7",
        b"null",
        b"",
    ],
    "form": [b"line=tea&total=3", b"total=x", b""],
    "none": [b""],
}


class Tree:
    """A handler with random dependencies, the same for the same seed.

    :param by_override: whether some dependencies get into the tree as overrides
    """

    def __init__(self, seed: int, by_override: bool = False) -> None:
        self.random = Random(seed)
        self.events: list[Any] = []
        self.tasks: list[str] = []
        #: Name of the function that fails.
        self.failing = ""
        self.overrides: dict[Any, Any] = {}
        self._by_override = by_override
        self.body = self.random.choice(["none", "none", "json", "form"])
        self._parameters = {**PARAMETERS, **BODIES[self.body]}
        self._scheme = APIKeyHeader(name="key", auto_error=False)
        functions: list[Any] = [self._scheme]
        for number in range(self.random.randint(1, 6)):
            function = self._make(f"f{number}", functions)
            # FastAPI decides before overrides are known whether there is a body
            if self.random.random() < 0.3 and self.body == "none":
                function = self._override(function)
            functions.append(function)
        self._functions = functions

    def make_app(self) -> FastAPI:
        app = FastAPI(dependencies=self._unnamed())
        app.dependency_overrides.update(self.overrides)
        handler = self._make("handler", self._functions, is_handler=True)
        method = "GET" if self.body == "none" else "POST"
        app.add_api_route(
            "/{number}", handler, methods=[method], dependencies=self._unnamed()
        )
        return app

    def _unnamed(self) -> list[Any]:
        if self.random.random() < 0.8:
            return []
        return [self._depend(self.random.choice(self._functions))]

    def _depend(self, function: Any) -> Any:
        use_cache = self.random.random() < 0.85
        if self.random.random() < 0.1:
            scopes = self.random.sample(["a", "b", "c"], 2)
            return Security(function, scopes=scopes, use_cache=use_cache)
        is_early = (
            getattr(function, "has_teardown", False) and self.random.random() < 0.3
        )
        scope: Any = "function" if is_early and self._is_handler else None
        return Depends(function, use_cache=use_cache, scope=scope)

    def _override(self, function: Any) -> Any:
        if not self._by_override:
            return function

        def placeholder() -> None:
            raise AssertionError("not overridden")

        placeholder.has_teardown = getattr(function, "has_teardown", False)
        self.overrides[placeholder] = function
        return placeholder

    def _make(self, name: str, known: list[Any], is_handler: bool = False) -> Any:
        """Return a function that depends on known ones."""
        self._is_handler = is_handler
        random = self.random
        arguments = {
            f"d{number}": (Annotated[Any, self._depend(random.choice(known))],)
            for number in range(random.randint(is_handler, 3))
        }
        for key in random.sample(list(self._parameters), random.randint(0, 3)):
            arguments[key] = self._parameters[key]
        signature = inspect.Signature(
            [
                inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
                if not default
                else inspect.Parameter(
                    key,
                    inspect.Parameter.KEYWORD_ONLY,
                    annotation=kind,
                    default=default[0],
                )
                for key, (kind, *default) in arguments.items()
            ]
        )
        kinds = ["sync", "async"] if is_handler else list(KINDS)
        kind = random.choice(kinds)
        function = KINDS[kind](self, name)
        target = function.__call__.__func__ if kind == "object" else function
        target.__signature__ = signature
        if kind == "object":
            function.__signature__ = signature
        function.has_teardown = kind in ("generator", "async generator")
        return function

    def enter(self, name: str, values: dict[str, Any]) -> str:
        """Record a call; return a result that tells calls apart."""
        shown = {key: self._show(name, value) for key, value in values.items()}
        self.events.append((name, shown))
        if name == self.failing:
            raise HTTPException(418, name)
        return f"{name}.{len(self.events)}"

    def _show(self, name: str, value: Any) -> Any:
        if isinstance(value, BackgroundTasks):
            value.add_task(self.tasks.append, name)
        elif isinstance(value, Response):
            value.headers.append("set", name)
            value.status_code = 201
        elif isinstance(value, SecurityScopes):
            return value.scopes
        elif isinstance(value, HTTPConnection):
            return value.url.path
        elif isinstance(value, BaseModel):
            return value.model_dump()
        else:
            return value
        return type(value).__name__


def make_function(tree: Tree, name: str) -> Any:
    def function(**values: Any) -> str:
        return tree.enter(name, values)

    return function


def make_async(tree: Tree, name: str) -> Any:
    async def function(**values: Any) -> str:
        return tree.enter(name, values)

    return function


def make_generator(tree: Tree, name: str) -> Any:
    def function(**values: Any) -> Any:
        result = tree.enter(name, values)
        try:
            yield result
        except Exception as exc:
            tree.events.append((name, "error", type(exc).__name__))
            raise
        tree.events.append((name, "end"))

    return function


def make_async_generator(tree: Tree, name: str) -> Any:
    async def function(**values: Any) -> Any:
        result = tree.enter(name, values)
        try:
            yield result
        except Exception as exc:
            tree.events.append((name, "error", type(exc).__name__))
            raise
        tree.events.append((name, "end"))

    return function


def make_object(tree: Tree, name: str) -> Any:
    class Dependency:
        def __call__(self, **values: Any) -> str:
            return tree.enter(name, values)

    return Dependency()


KINDS = {
    "sync": make_function,
    "async": make_async,
    "generator": make_generator,
    "async generator": make_async_generator,
    "object": make_object,
}


class TestPlan(BridgeCase):
    def _run(self, seed: int, *, prepared: bool, by_override: bool = False) -> Any:
        """Return what happens in some requests to the app of a tree."""
        tree = Tree(seed, by_override)
        app = tree.make_app()
        if prepared:
            AppRoutes(app).adopt(app.dependency_overrides)
        random = Random(seed)
        happened = []
        for _request in range(3):
            tree.events.clear()
            tree.tasks.clear()
            tree.failing = f"f{random.randint(0, 30)}"
            query = "&".join(
                random.sample(
                    ["page=2", "page=0", "size=3", "size=30", "words=a", "words=b"],
                    random.choice([0, 1, 3]),
                )
            )
            headers = {
                f"HTTP_{name}": value
                for name, value in (
                    ("TOKEN", "t"),
                    ("LANG", random.choice(["fr", "too long"])),
                    ("COOKIE", random.choice(["crumb=1", "crumb=x"])),
                    ("KEY", "k"),
                )
                if random.random() < 0.7
            }
            path = f"/{random.choice(['1', '2', 'x'])}"
            body = random.choice(CONTENTS[tree.body])
            if tree.body != "none":
                headers["CONTENT_TYPE"] = CONTENT_TYPES[tree.body]
            method = "GET" if tree.body == "none" else "POST"
            result = self.call(
                app,
                path,
                method=method,
                query=query,
                body=body,
                CONTENT_LENGTH=str(len(body)),
                **headers,
            )
            for task in result.tasks:
                task()
            happened.append(
                (
                    result.status,
                    result.body,
                    result.headers,
                    list(tree.events),
                    list(tree.tasks),
                )
            )
        return happened

    def test_random_trees(self):
        outcomes = set()
        for seed in range(TREES):
            expected = self._run(seed, prepared=False)
            outcomes.update(happened[0] for happened in expected)
            for by_override in (False, True):
                found = self._run(seed, prepared=True, by_override=by_override)
                self.assertEqual(found, expected, f"{seed=}, {by_override=}")
        # the trees are worth something
        self.assertGreaterEqual(
            {status[:3] for status in outcomes}, {"200", "201", "422", "418"}
        )

    def test_fields_of_dependant(self):
        """FastAPI knows no more of a dependency than plans do."""
        self.assertLessEqual({item.name for item in fields(Dependant)}, _FIELDS)


class TestPlannedRoutes(OverridesCase):
    """Which routes have a plan, and what FastAPI does for them."""

    def _trees(self, app, path, **more):
        """Return the number of dependencies of each tree that FastAPI solves."""
        solve, sizes = routing.solve_dependencies, []

        async def watch(*, dependant, **values):
            sizes.append(len(dependant.dependencies))
            return await solve(dependant=dependant, **values)

        with patch.object(routing, "solve_dependencies", watch):
            self.get(app, path, **more)
        return sizes

    def test_fastapi_solves_nothing(self):
        app = self.make_app()
        self.assertEqual(self._trees(app, "/trunk"), [])
        app.dependency_overrides[leaf] = lambda: "fake"
        self.assertEqual(self._trees(app, "/trunk"), [])

    def test_fastapi_gets_no_dependencies(self):
        """FastAPI calls the handlers of route classes, and parses forms."""

        class OwnRoute(APIRoute):
            def get_route_handler(self):
                return super().get_route_handler()

        router = APIRouter(route_class=OwnRoute)
        form_router = APIRouter()

        @router.get("/")
        @form_router.get("/")
        def handler(
            value: Annotated[str, Depends(leaf)], name: Annotated[str, Form()] = ""
        ) -> str:
            return value

        for each in (router, form_router):
            self.assertEqual(self._trees(self.make_app(router=each), "/"), [0])

    def test_unknown_field_of_dependant(self):
        for known, sizes in ((_FIELDS, []), (_FIELDS - {"scope"}, [1])):
            with patch.object(dependency_plan, "_FIELDS", known):
                self.assertEqual(self._trees(self.make_app(), "/trunk"), sizes)

    def test_telemetry_sees_dependencies(self):
        class Provider(TracerProvider):
            def get_tracer(self, *args, **values):
                return NoOpTracer()

        app = self.make_app(telemetry={"tracer_provider": Provider()})
        self.assertEqual(self._trees(app, "/trunk"), [1])

    def test_stream(self):
        """An invalid parameter is known before the response starts."""
        app = EndpointFastAPI()

        @app.get("/")
        async def numbers(
            start: Annotated[int, Depends(lambda number: int(number))],
        ) -> AsyncIterator[int]:
            yield start

        self.assertEqual(self.call(app, query="number=7").body, b"7\n")
        self.assertEqual(self.call(app).code, 422)

    def test_route_class(self):
        """A route class may exchange the request, and wrap the handler."""

        class UpperRequest(Request):
            async def json(self):
                return (await self.body()).decode().upper()

        class UpperRoute(APIRoute):
            def get_route_handler(self):
                handle = super().get_route_handler()

                async def handle_upper(request):
                    response = await handle(
                        UpperRequest(request.scope, request.receive)
                    )
                    response.headers["upper"] = "yes"
                    return response

                return handle_upper

        router = APIRouter(route_class=UpperRoute)

        @router.post("/")
        def echo(
            text: Annotated[str, Body()], value: Annotated[str, Depends(leaf)]
        ) -> str:
            return f"{text} {value}"

        own = EndpointFastAPI()
        own.router.route_class = UpperRoute
        own.post("/")(echo)
        for app in (self.make_app(router=router), own):
            result = self.call(app, method="POST", body=b"tea", **JSON_TYPE)
            self.assertEqual(json.loads(result.body), "TEA leaf")
            self.assertEqual(result.header("upper"), ["yes"])

    def test_route_class_that_reads_the_dependency_tree(self):
        def iter_names(dependant):
            yield from (param.name for param in dependant.query_params)
            for dependency in dependant.dependencies:
                yield from iter_names(dependency)

        class StrictRoute(APIRoute):
            def get_route_handler(self):
                handle = super().get_route_handler()
                names = set(iter_names(self.dependant))

                async def handle_known(request):
                    if unknown := set(request.query_params) - names:
                        raise HTTPException(400, sorted(unknown))
                    return await handle(request)

                return handle_known

        def get_page(page: int = 1):
            return page

        router = APIRouter(route_class=StrictRoute)

        @router.get("/")
        def read(page: Annotated[int, Depends(get_page)], size: int = 80) -> list[int]:
            return [page, size]

        own = EndpointFastAPI()
        own.router.route_class = StrictRoute
        own.get("/")(read)
        for app in (self.make_app(router=router), own):
            self.assertEqual(self.get(app, "/", query="page=2&size=3"), [2, 3])
            result = self.call(app, "/", query="page=2&pages=3")
            self.assertEqual(result.code, 400)
            self.assertIn(b"pages", result.body)

    def test_handler_that_has_no_hash(self):
        @dataclass
        class Handler:
            suffix: str

            def __call__(self, value: Annotated[str, Depends(leaf)]) -> str:
                return value + self.suffix

        app = EndpointFastAPI()
        app.get("/")(Handler("!"))
        self.assertEqual(self.get(app, "/"), "leaf!")

    def test_same_dependency_with_other_dependencies(self):
        """``not_below`` makes the dependencies of a function differ by its place."""
        calls = []

        def fake(number: int) -> int:
            calls.append("fake")

        def middle(value: Annotated[str, Depends(leaf)]) -> str:
            calls.append("middle")

        def top(value: Annotated[str, Depends(middle)]) -> str:
            calls.append("top")

        app = EndpointFastAPI()

        @app.get("/")
        def handler(
            one: Annotated[str, Depends(middle)], two: Annotated[str, Depends(top)]
        ) -> None:
            calls.append("handler")

        fake.not_below = (top,)
        app.dependency_overrides[leaf] = fake
        self.assertEqual(self.call(app, query="number=x").code, 422)
        self.assertEqual(calls, ["middle", "top"])
        calls.clear()
        self.get(app, "/", query="number=7")
        self.assertEqual(calls, ["fake", "middle", "top", "handler"])

    def test_limit_of_concurrency(self):
        if "max_concurrency" not in inspect.signature(Depends).parameters:
            self.skipTest("This version of FastAPI has no limits.")

        async def plain():
            await use()

        async def resource():
            await use()
            yield

        async def use():
            self.active += 1
            self.most = max(self.most, self.active)
            self.entered.set()
            while self.arrived < 2:  # requests
                await asyncio.sleep(0)
            for _turn in range(10):  # so that the other request may enter, too
                await asyncio.sleep(0)
            self.active -= 1

        async def arrive():
            self.arrived += 1

        for dependency, limit in itertools.product((plain, resource), (1, None)):
            app = EndpointFastAPI()
            limited = Depends(dependency, max_concurrency=limit)
            app.get("/", dependencies=[Depends(arrive), limited])(lambda: "done")
            self.active = self.most = self.arrived = 0
            self.entered = threading.Event()

            def second(app=app):
                self.entered.wait(TIMEOUT)
                return self.call(on_shared_loop(app)).code

            def first(app=app):
                return self.call(on_shared_loop(app)).code

            self.assertEqual(self.in_threads([first, second]), [200, 200])
            self.assertEqual(self.most, limit or 2)

    def test_error_of_validation(self):
        """The exception has the body, and names the handler and the path."""
        caught = []

        def note(request, exc):
            caught.append(exc)
            return Response(status_code=422)

        def double(number: int) -> int:
            return 2 * number

        router = APIRouter()

        @router.post("/count/{number}")
        def count(
            doubled: Annotated[int, Depends(double)],
            words: Annotated[list[str], Body()],
        ):
            raise AssertionError("not reached")

        for app_class in (FastAPI, EndpointFastAPI):
            app = self.make_app(router=router, app_class=app_class)
            app.add_exception_handler(RequestValidationError, note)
            for body in (b'["tea"]', b""):
                self.call(app, "/count/x", method="POST", body=body, **JSON_TYPE)
        of_fastapi, ours = caught[:2], caught[2:]
        for expected, exc in zip(of_fastapi, ours, strict=True):
            self.assertEqual(exc.errors(), expected.errors())
            self.assertEqual(exc.body, expected.body)
            self.assertEqual(exc.endpoint_ctx, expected.endpoint_ctx)

    def test_default_is_shared_only_if_it_is_constant(self):
        numbers = itertools.count()

        def get(
            fresh: Annotated[int, Query(default_factory=lambda: next(numbers))],
            words: Annotated[list[str], Query()] = [],  # noqa: B006
            size: Annotated[str, Query()] = "3",
        ):
            words.append("tea")
            return [fresh, words, size]

        app = EndpointFastAPI()

        @app.get("/")
        def handler(value: Annotated[list, Depends(get)]) -> list:
            return value

        responses = [self.get(app, "/") for _request in range(3)]
        self.assertEqual([rest for _fresh, *rest in responses], [[["tea"], "3"]] * 3)
        self.assertEqual(len({fresh for fresh, *_rest in responses}), 3)
