# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Random apps, and requests to them."""

from __future__ import annotations

import random
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.telemetry._api import _RequestTelemetry
from starlette.applications import Starlette
from starlette.convertors import Convertor
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Match, Route

from ...app.docs_pages import DocsRoute
from ...app.prepare import EndpointFastAPI

UUID = "00000000-0000-0000-0000-000000000001"

#: Parts of paths. ``#`` becomes a number, because names must differ.
SEGMENTS = (
    *("a", "b", "a.b", "ü", "", "{p#}", "{p#}", "{p#:int}", "{p#:float}"),
    *("{p#:uuid}", "{p#:path}", "{p#:digits}", "v{p#}", "{p#}.{p#}", "f{p#:path}"),
)
VALUES = (
    *("a", "b", "a.b", "axb", "ü", "", "1", "22", "1.5", "1/2", "a/b", "v1", "f/a"),
    *(UUID, "{p1}", "a b", "A", "x\n"),
)
METHODS = ("GET", "POST", "HEAD", "PUT")


class DigitsConvertor(Convertor[str]):
    """A convertor whose values may have slashes."""

    regex = "[0-9/]+"

    def convert(self, value: str) -> str:
        return f"digits {value}"

    def to_string(self, value: str) -> str:
        return value


class QueryRoute(APIRoute):
    """A route that also looks at the query string."""

    def matches(self, scope):
        if scope.get("query_string"):
            return Match.NONE, {}
        return super().matches(scope)


class OwnRoute(APIRoute):
    async def handle(self, scope, receive, send):
        scope["handled"] = self
        await super().handle(scope, receive, send)


class QueryRouter(APIRouter):
    def matches(self, scope):
        return (Match.NONE, {}) if scope.get("query_string") else super().matches(scope)


class Table:
    """A random app, and requests to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0
        self.seen: list[dict[str, Any]] = []
        self.app = EndpointFastAPI(redirect_slashes=self.chance(0.7))
        if self.chance(0.1):
            self.app.router.default = self.plain_endpoint("default")
        #: Chances of anything but a route of FastAPI.
        self.unusual = self.random.choice((0, 0, 0.1, 0.4))
        self.fill(self.app.router, 0)
        for route in self.app.router.routes:
            if self.chance(self.unusual / 4) and isinstance(route, APIRoute):
                route.path_regex = re.compile(route.path_regex.pattern, re.I)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def path(self, longest: int) -> str:
        parts = self.random.choices(SEGMENTS, k=self.random.randint(0, longest))
        path = "".join(f"/{part}" for part in parts)
        while "#" in path:
            self.number += 1
            path = path.replace("#", str(self.number), 1)
        return path

    def plain_endpoint(self, name: str) -> Any:
        async def app(scope, receive, send):
            self.seen.append(dict(scope))
            if scope["type"] == "http":
                await PlainTextResponse(name)(scope, receive, send)

        return app

    def endpoint(self) -> Any:
        async def endpoint(request: Request) -> str:
            self.seen.append(dict(request.scope))
            return request.url.path

        return endpoint

    def fill(self, router: Any, depth: int) -> None:
        path = "/a"
        for _number in range(self.random.randint(3, 9)):
            if self.chance(0.6):
                path = self.path(3) or "/"
            kind = "api"
            if self.chance(self.unusual):
                kind = self.random.choice(
                    "query own plain any mount host websocket empty".split()
                )
            elif depth < 2 and self.chance(0.25):
                kind = "include"
            getattr(self, f"add_{kind}")(router, path, depth)

    def add_api(self, router, path, depth, cls=APIRoute):
        methods = self.random.sample(METHODS, self.random.choice((1, 1, 1, 2)))
        router.add_api_route(
            path,
            self.endpoint(),
            methods=methods,
            route_class_override=cls,
            include_in_schema=False,  # FastAPI warns: ids of operations are not unique
        )

    def add_query(self, router, path, depth):
        self.add_api(router, path, depth, QueryRoute)

    def add_own(self, router, path, depth):
        self.add_api(router, path, depth, OwnRoute)

    def add_plain(self, router, path, depth):
        async def endpoint(request):
            self.seen.append(dict(request.scope))
            return PlainTextResponse("plain")

        router.add_route(path, endpoint)

    def add_any(self, router, path, depth):
        router.routes.append(Route(path, type("Any", (), {"__call__": None})()))
        router.routes[-1].app = self.plain_endpoint("any")

    def add_mount(self, router, path, depth):
        router.mount(
            path.rstrip("/") or ("/m" if depth else ""),
            Starlette(routes=[Route("/a", self.plain_endpoint("mounted"))]),
        )

    def add_host(self, router, path, depth):
        router.routes.append(Host("other.example", self.plain_endpoint("host")))

    def add_empty(self, router, path, depth):
        if depth == 0:
            self.add_api(router, "", depth)

    def add_websocket(self, router, path, depth):
        async def endpoint(websocket: WebSocket) -> None:
            self.seen.append(dict(websocket.scope))
            await websocket.accept()

        router.add_api_websocket_route(path, endpoint)

    def add_include(self, router, path, depth):
        prefix = re.sub("//+", "/", self.path(2)).rstrip("/") or "/a"
        cls = QueryRouter if self.chance(self.unusual / 4) else APIRouter
        options: dict[str, Any] = {}
        if self.chance(0.5):
            included = cls(prefix=prefix)
        else:
            included, options["prefix"] = cls(), prefix
        self.fill(included, depth + 1)
        if hasattr(included, "form_limits") and self.chance(self.unusual / 2):
            options["form_limits"] = {"max_files": 3}
        router.include_router(included, **options)

    def request(self) -> dict[str, Any]:
        """Return the scope of a request."""
        route = self.random.choice(
            [
                context._effective_route
                for context in iter_route_contexts(self.app.routes)
                if not isinstance(context.original_route, DocsRoute) or self.chance(0.1)
            ]
        )
        # older versions of FastAPI return an object that has the route
        route = getattr(route, "starlette_route", None) or route
        path = getattr(route, "path_format", None) or self.path(3)
        methods: Any = METHODS + ("OPTIONS",)
        if self.chance(0.8):
            methods = sorted(getattr(route, "methods", None) or methods)
        if self.chance(0.97):
            path = re.sub("{[^}]+}", lambda _: self.random.choice(VALUES), path)
        if self.chance(0.2):
            path += self.random.choice(("/", "\n", "/a", "//"))
        elif self.chance(0.1):
            path = path.rstrip("/")
        root_path = self.random.choice(("", "", "/a", "/a/root", "/ü"))
        scope = {
            "type": "websocket" if self.chance(0.03) else "http",
            "app": self.app,
            "path": root_path + path if self.chance(0.9) else path,
            "root_path": root_path,
            "query_string": b"x=1" if self.chance(0.2) else b"",
            "method": self.random.choice(methods),
            "headers": [(b"host", b"odoo.example"), (b"accept", b"text/html")],
            "scheme": "http",
            "server": ("odoo.example", 80),
        }
        if self.chance(0.05):
            scope["headers"][0] = (b"host", b"other.example")
        if self.chance(0.1):
            scope["path_params"] = {"p1": "outer", "outer": "outer"}
            scope["router"] = "router of the outer app"
        if self.chance(0.05):
            scope["fastapi"] = {"effective_route_context": None}
        if self.chance(0.1):
            scope["fastapi.telemetry"] = self.random.choice(
                (None, _RequestTelemetry(span=None, span_method="GET"))
            )
        return scope

    async def run(self, app: Any, scope: dict[str, Any]) -> Any:
        """Return what an app did with a request."""
        self.seen.clear()
        sent: list[Any] = []

        async def receive():
            first = "http.request" if scope["type"] == "http" else "websocket.connect"
            return {"type": first}

        async def send(message):
            sent.append(message)

        scope = {**scope, "headers": list(scope["headers"])}
        if "fastapi" in scope:
            scope["fastapi"] = dict(scope["fastapi"])
        if scope.get("fastapi.telemetry"):
            scope["fastapi.telemetry"] = replace(scope["fastapi.telemetry"])
        error: Any = None
        async with AsyncExitStack() as stack:
            scope["fastapi_middleware_astack"] = stack
            try:
                await app(scope, receive, send)
            except HTTPException as exc:
                error = exc.status_code, exc.detail, exc.headers
            except Exception as exc:
                error = repr(exc)
        texts = re.sub(r"nonce[-=\"]+[\w-]+", "nonce", repr(sent))
        return error, texts, [self.comparable(each) for each in (scope, *self.seen)]

    def comparable(self, scope: dict[str, Any]) -> dict[str, Any]:
        """Return a scope without what differs between two requests."""
        result = {key: scope[key] for key in scope if not key.endswith("_astack")}
        # an empty one says nothing, whether an included router was tried before or not
        result["fastapi"] = dict(scope.get("fastapi") or {})
        telemetry = scope.get("fastapi.telemetry")
        result["telemetry of the route"] = telemetry and telemetry.route
        return {
            key: value if isinstance(value, str | tuple | list | dict) else id(value)
            for key, value in result.items()
            if key != "fastapi.telemetry"
        }
