# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Requests are handled as by FastAPI, up to the bytes of the response."""

import json
from enum import IntEnum
from itertools import product
from typing import Annotated, Any
from unittest.mock import patch

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    FastAPI,
    HTTPException,
    Query,
    Request,
    Response,
    routing,
)
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from ...app import route_apps
from ...app.prepare import EndpointFastAPI
from ...app.request_handler import RequestHandler
from ...app.routes import AppRoutes
from ..bridge_case import BridgeCase


class Item(BaseModel):
    name: str
    note: str | None = None
    size: int = Field(default=3, alias="Size")


class Status(IntEnum):
    MADE = 201


class OwnResponse(Response):
    media_type = "application/x-own"

    def __init__(self, content: Any = None, status_code: int = 418, **more: Any):
        super().__init__(content, status_code, **more)

    def render(self, content: Any) -> bytes:
        return repr(content).encode()


def give_item():
    return Item(name="tea")


def give_dict():
    return {"name": "tea", "note": None, "Size": 5, "more": [1.5, Item(name="tea")]}


def give_none():
    return None


def give_text():
    return "tea"


def give_response():
    return Response(b"tea", 202, {"own": "yes"})


def give_stream():
    return StreamingResponse(iter([b"t", b"ea"]), media_type="text/plain")


async def give_wrong():
    return {"name": 7}


def change_response(response: Response, code: int = 0):
    response.headers["own"] = "yes"
    response.set_cookie("crumb", "1")
    if code:
        response.status_code = code
    return {"name": "tea"}


def fail():
    raise HTTPException(409, {"name": "tea"}, {"own": "yes"})


def read_number(number: Annotated[int, Query(ge=1)]):
    return {"name": str(number)}


HANDLERS = (
    *(give_item, give_dict, give_none, give_text, give_response, give_stream),
    *(give_wrong, change_response, fail, read_number),
)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"response_model": Item},
    {"response_model": Item, "response_model_exclude_unset": True},
    {"response_model": Item, "response_model_exclude_defaults": True},
    {"response_model": Item, "response_model_exclude_none": True},
    {"response_model": Item, "response_model_by_alias": False},
    {"response_model": Item, "response_model_include": {"name"}},
    {"response_model": Item, "response_model_exclude": {"name"}},
    {"response_model": Item, "response_class": OwnResponse},
    {"response_model": Item, "status_code": 203},
    {"response_model": str | None},
    {"response_model": Any},
    {"response_class": PlainTextResponse},
    {"response_class": HTMLResponse},
    {"response_class": RedirectResponse},
    {"response_class": OwnResponse},
    {"response_class": OwnResponse, "status_code": 202},
    {"status_code": Status.MADE},
    {"status_code": 204},
    {"status_code": 304},
    {"default": OwnResponse},
    {"default": OwnResponse, "response_model": Item},
    {"default": OwnResponse, "response_class": PlainTextResponse},
)


def read_item(item: Item):
    return item


def read_two(item: Item, number: Annotated[int, Query()]):
    return [item, number]


def read_optional(item: Item | None = None):
    return item


def read_embedded(item: Item, number: Annotated[int, Body()] = 1):
    return [item, number]


def read_bytes(content: Annotated[bytes, Body()] = b"none"):
    return repr(content)


def read_any(content: Annotated[Any, Body()] = "none"):
    return repr(content)


async def read_request(request: Request, content: Annotated[Any, Body()] = 0):
    return [repr(content), repr(await request.body())]


READERS = (
    *(read_item, read_two, read_optional, read_embedded),
    *(read_bytes, read_any, read_request),
)
CONTENTS = (
    b'{"name": "tea"}',
    b'{"item": {"name": "tea"}, "number": 2}',
    b"[1]",
    b"null",
    b"",
    b'{"name": "tea"',
    b"\xff",
    '{"name": "t\u00e9"}'.encode("utf-16"),
    b'{"name": NaN}',
    b'"' + b"x" * 100_000 + b'"',
)
CONTENT_TYPES = (
    "application/json",
    "APPLICATION/JSON; charset=utf-8",
    "application/geo+json",
    "application/jsonx",
    "text/json",
    "text/plain",
    "json",
    ";",
    "application/json, text/plain",
    None,
)


class TestAsFastApi(BridgeCase):
    def _run(self, app: Any, path: str, **more: Any) -> Any:
        """Return the response to a request, and the exceptions that were handled."""
        self._caught = []
        result = self.call(app, path, root_path="/root", **more)
        return result.status, result.headers, result.body, self._caught

    async def _catch(self, request, exc):
        exc_vars = {**vars(exc), "body": repr(exc.body), "_errors": repr(exc.errors())}
        self._caught.append((type(exc), exc_vars, repr(exc.__cause__)))
        return PlainTextResponse("caught", 400)

    def _compare(self, make_app: Any, path: str, **more: Any) -> Any:
        app = make_app()
        for kind in (RequestValidationError, ResponseValidationError):
            app.add_exception_handler(kind, self._catch)
        expected = self._run(app, path, **more)
        AppRoutes(app).adopt({})
        self.assertEqual(self._run(app, path, **more), expected)
        return expected

    def test_responses(self):
        statuses = set()
        for handler, options in product(HANDLERS, OPTIONS):

            def make_app(handler=handler, options=options):
                options = dict(options)
                default = options.pop("default", JSONResponse)
                app, router = FastAPI(default_response_class=default), APIRouter()
                router.get("/item/{key}", **options)(handler)
                app.include_router(router, prefix="/sub")
                return app

            for query in ("", "number=7", "code=204", "code=299"):
                with self.subTest(handler.__name__, options=options, query=query):
                    status, *_rest = self._compare(
                        make_app, "/root/sub/item/1", query=query
                    )
                    statuses.add(status[:3])
        # the cases are worth something
        self.assertGreaterEqual(
            statuses, {"200", "201", "202", "204", "307", "400", "409", "418", "500"}
        )

    def test_bodies(self):
        statuses = set()
        for handler, is_strict in product(READERS, (True, False)):

            def make_app(handler=handler, is_strict=is_strict):
                app = FastAPI(strict_content_type=is_strict)
                app.post("/")(handler)
                return app

            for content, content_type in product(CONTENTS, CONTENT_TYPES):
                headers = {"CONTENT_TYPE": content_type} if content_type else {}
                with self.subTest(
                    handler.__name__, content=content[:20], content_type=content_type
                ):
                    status, *_rest = self._compare(
                        make_app,
                        "/root/",
                        method="POST",
                        body=content,
                        CONTENT_LENGTH=str(len(content)),
                        **headers,
                    )
                    statuses.add(status[:3])
        self.assertEqual(statuses, {"200", "400"})

    def test_body_that_can_not_be_read(self):
        for error in (
            ClientDisconnect(),
            HTTPException(413, "too large"),
            ValueError("odd"),
        ):

            def make_app(error=error):
                app = FastAPI()
                app.post("/")(read_any)

                class BrokenBody:
                    def __init__(self, inner):
                        self.inner = inner

                    async def __call__(self, scope, receive, send):
                        async def broken():
                            raise error

                        await self.inner(scope, broken, send)

                app.add_middleware(BrokenBody)
                return app

            with self.subTest(repr(error)):
                self._compare(make_app, "/root/", method="POST", body=b"x")

    def test_limit_of_the_body(self):
        if not hasattr(routing, "MAX_BODY_SIZE_SCOPE_KEY"):
            self.skipTest("This version of FastAPI has no limits.")

        def make_app():
            app = FastAPI(max_body_size=10)
            app.post("/")(read_any)
            app.post("/wide", max_body_size=30)(read_any)
            return app

        for path, size in product(("/root/", "/root/wide"), (5, 20, 100)):
            for announced in (True, False):
                length = {"CONTENT_LENGTH": str(size)} if announced else {}
                body = b"x" * size
                with self.subTest(path, size=size, announced=announced):
                    self._compare(make_app, path, method="POST", body=body, **length)

    def test_events_of_a_function(self):
        """A function that is not a generator may return events."""

        def count(tasks: BackgroundTasks, is_broken: bool = False):
            if is_broken:
                raise HTTPException(409)
            tasks.add_task(list)
            return [1, 2]

        def make_app():
            app = FastAPI()
            app.get("/", response_class=EventSourceResponse)(count)
            return app

        for query in ("", "is_broken=1", "is_broken=x"):
            with self.subTest(query):
                self._compare(make_app, "/root/", query=query)

    def test_background_tasks(self):
        done = []

        def add_injected(tasks: BackgroundTasks, own: bool = False) -> Any:
            tasks.add_task(done.append, "injected")
            return Response(background=_task("own") if own else None)

        def add_own() -> Any:
            return Response(background=_task("own"))

        def _task(name):
            return BackgroundTask(done.append, name)

        for path, query, expected in (
            ("/injected", "", ["injected"]),
            ("/injected", "own=1", ["own"]),
            ("/own", "", ["own"]),
        ):
            for in_bridge in (True, False):
                app = EndpointFastAPI()
                app.get("/injected")(add_injected)
                app.get("/own")(add_own)
                done.clear()
                with self.subTest(path, query=query, in_bridge=in_bridge):
                    if in_bridge:
                        for task in self.call(app, path, query=query).tasks:
                            task()
                    else:
                        TestClient(app).get(f"{path}?{query}").raise_for_status()
                    self.assertEqual(done, expected)

    def test_all_this_is_handled_here(self):
        """The comparisons would also pass if FastAPI handled both requests."""
        count = 0

        class Counting(RequestHandler):
            async def __call__(self, request):
                nonlocal count
                count += 1
                return await super().__call__(request)

        app = EndpointFastAPI()
        app.get("/")(give_dict)
        app.post("/")(read_item)
        with patch.object(route_apps, "RequestHandler", Counting):
            self.assertEqual(self.call(app).code, 200)
            result = self.call(
                app,
                method="POST",
                body=json.dumps({"name": "tea"}).encode(),
                CONTENT_TYPE="application/json",
            )
            self.assertEqual(result.code, 200)
        self.assertEqual(count, 2)
