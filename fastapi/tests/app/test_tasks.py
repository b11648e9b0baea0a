# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import weakref
from collections.abc import AsyncIterable
from contextvars import ContextVar

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    Form,
    HTTPException,
    Response,
    UploadFile,
)
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import WsgiApp
from ..bridge_case import BridgeCase, make_environ

FORM = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}
#: Bytes of an upload that lies in a temporary file: Starlette keeps 1 MiB in memory.
ON_DISK = 2 * 1024 * 1024

correlation_id: ContextVar[tuple[str, ...]] = ContextVar("correlation_id", default=())


def add(place):
    correlation_id.set((*correlation_id.get(), place))


class PureMiddleware:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        add("pure")
        await self.app(scope, receive, send)


async def dispatch(request, call_next):
    add("base")
    return await call_next(request)


async def dependency():
    add("async dependency")


def sync_dependency():
    add("dependency")
    token = correlation_id.set((*correlation_id.get(), "until the end"))
    yield
    correlation_id.reset(token)


def make_form(*sizes):
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{size}"\r\n\r\n'
        f"{'a' * size}\r\n"
        for size in sizes
    ]
    return f"{''.join(parts)}--x--\r\n".encode()


class TestContext(BridgeCase):
    def setUp(self):
        super().setUp()
        self.found = []
        self.app = EndpointFastAPI(
            middleware=[
                Middleware(PureMiddleware),
                Middleware(BaseHTTPMiddleware, dispatch=dispatch),
            ],
            dependencies=[Depends(dependency), Depends(sync_dependency)],
        )

    def note(self):
        self.found.append(correlation_id.get())

    async def note_async(self):
        self.note()

    def run_tasks(self, path, **more):
        result = self.call(self.app, path, **more)
        for task in result.tasks:
            task.context.run(task)
        return result

    def test_handlers(self):
        @self.app.get("/sync")
        def sync(tasks: BackgroundTasks):
            add("handler")
            tasks.add_task(self.note)
            tasks.add_task(self.note_async)

        @self.app.get("/async")
        async def asynchronous(tasks: BackgroundTasks):
            await asyncio.sleep(0)
            sync(tasks)

        prepare_app(self.app)
        before = ("pure", "base", "async dependency", "dependency", "until the end")
        for path in ("/sync", "/async"):
            with self.subTest(path):
                self.found.clear()
                self.run_tasks(path)
                self.assertEqual(self.found, [(*before, "handler")] * 2)
        self.assertEqual(correlation_id.get(), ())

    def test_streams(self):
        @self.app.get("/stream")
        def stream(tasks: BackgroundTasks):
            add("handler")
            tasks.add_task(self.note)
            return StreamingResponse(chunk for chunk in correlation_id.get())

        @self.app.get("/events", response_class=EventSourceResponse)
        async def events(tasks: BackgroundTasks):
            add("handler")
            tasks.add_task(self.note)
            yield {"found": correlation_id.get()}

        prepare_app(self.app)
        for path in ("/stream", "/events"):
            with self.subTest(path):
                self.found.clear()
                result = self.run_tasks(path)
                self.assertIn(b"handler", result.body)
                (found,) = self.found
                self.assertEqual(found[-1], "handler")

    def test_response_that_requests_share(self):
        with_task = Response(background=BackgroundTask(self.found.append, "own"))
        without = Response()

        @self.app.get("/own")
        def own():
            return with_task

        @self.app.get("/injected")
        def injected(number: int, tasks: BackgroundTasks):
            tasks.add_task(self.found.append, number)
            return without

        prepare_app(self.app)
        for number in (1, 2):
            with self.subTest(number=number):
                self.found.clear()
                self.run_tasks("/own")
                self.run_tasks("/injected", query=f"number={number}")
                self.assertEqual(self.found, ["own", number])

    def test_class_of_a_route(self):  # pylint: disable=missing-return
        found = self.found

        class OwnRoute(APIRoute):
            def get_route_handler(self):
                handle = super().get_route_handler()

                async def handle_and_note(request):
                    response = await handle(request)
                    if "late" in request.query_params:
                        task = BackgroundTask(found.append, "class")
                        response.background = BackgroundTasks(
                            [task, response.background]
                            if response.background
                            else [task]
                        )
                    return response

                return handle_and_note

        router = APIRouter(route_class=OwnRoute)

        def add_task(tasks: BackgroundTasks):
            tasks.add_task(found.append, "dependency")

        @router.get("/plain")
        def plain():
            return 1

        @router.get("/response")
        def response():
            return Response(background=BackgroundTask(found.append, "handler"))

        @router.get("/stream", dependencies=[Depends(add_task)])
        async def stream(tasks: BackgroundTasks) -> AsyncIterable[int]:
            yield 1
            tasks.add_task(found.append, "handler")
            yield 2

        self.app.include_router(router)
        prepare_app(self.app)
        for path, expected in (
            ("/plain", []),
            ("/response", ["handler"]),
            ("/stream", ["dependency", "handler"]),
        ):
            for query, more in (("", []), ("late", ["class"])):
                with self.subTest(path, query=query):
                    found.clear()
                    result = self.call(self.app, path, query=query)
                    self.assertEqual(found, [])  # before the commit
                    for task in result.tasks:
                        task.context.run(task)
                    self.assertEqual(sorted(found), sorted([*more, *expected]))

    def test_tasks_keep_nothing_of_the_request(self):
        class Resource:
            pass

        resource: ContextVar[Resource] = ContextVar("resource")

        @self.app.get("/")
        def handler(tasks: BackgroundTasks):
            resource.set(Resource())
            alive.append(weakref.ref(resource.get()))
            tasks.add_task(self.note)

        alive = []
        prepare_app(self.app)
        gc.disable()  # it must go by itself
        self.addCleanup(gc.enable)
        result = self.run_tasks("/")
        for task in result.tasks:
            task.close()
        result.tasks.clear()
        del task
        self.assertIsNone(alive[0]())


class TestUploads(BridgeCase):
    def setUp(self):
        super().setUp()
        self.files = []
        self.sizes = []
        self.app = EndpointFastAPI()

        def read(file):
            self.sizes.append(len(file.file.read()))

        async def read_async(files):
            for file in files:
                self.sizes.append(len(await file.read()))

        def fail(fail: bool = False):
            yield
            if fail:
                raise HTTPException(409)

        @self.app.post("/", dependencies=[Depends(fail)])
        def upload(file: UploadFile, tasks: BackgroundTasks):
            self.files.append(file.file)
            tasks.add_task(read, file)

        @self.app.post("/many")
        async def upload_many(file: list[UploadFile], tasks: BackgroundTasks):
            self.files += [upload.file for upload in file]
            tasks.add_task(read_async, files=file)

        @self.app.post("/stream")
        def stream(file: UploadFile, tasks: BackgroundTasks):
            self.files.append(file.file)
            tasks.add_task(read, file)
            return StreamingResponse(iter(["a", "b"]))

        @self.app.post("/none")
        def without_tasks(file: UploadFile):
            self.files.append(file.file)

        @self.app.post("/form")
        def form(tasks: BackgroundTasks, name: str = Form("")):
            tasks.add_task(self.sizes.append, name)

        prepare_app(self.app)

    def post(self, path, *sizes, **more):
        body = make_form(*sizes)
        return self.call(self.app, path, method="POST", body=body, **FORM, **more)

    def test_they_live_until_the_last_task_is_over(self):
        for path, sizes in (
            ("/", [10]),
            ("/", [ON_DISK]),
            ("/many", [10, ON_DISK]),
            ("/stream", [10]),
            ("/stream", [ON_DISK]),
        ):
            with self.subTest(path, sizes=sizes):
                self.files.clear()
                result = self.post(path, *sizes)
                for turn in range(3):  # as after conflicts
                    self.sizes.clear()
                    for task in result.tasks:
                        task.context.run(task)
                    self.assertEqual(self.sizes, sizes, turn)
                for task in result.tasks:
                    task.close()
                self.assertTrue(all(file.closed for file in self.files))

    def test_they_are_closed_without_tasks(self):
        self.post("/none", ON_DISK)
        self.assertTrue(self.files[0].closed)

    def test_they_are_closed_when_no_task_runs(self):
        gc.disable()  # it must go by itself
        self.addCleanup(gc.enable)
        for size in (10, ON_DISK):
            with self.subTest(size=size):
                self.files.clear()
                result = self.post("/", size, query="fail=true")
                result.tasks.clear()
                result.exc_info = None
                self.assertTrue(self.files[0].closed)

    def test_they_are_closed_though_the_scope_lives_on(self):
        @self.app.middleware("http")
        async def keep(request, call_next):
            kept.append(request.scope)
            return await call_next(request)

        for path in ("/", "/stream"):
            with self.subTest(path):
                kept = []
                self.files.clear()
                result = self.post(path, ON_DISK)
                self.assertEqual(len(result.tasks), 1)
                result.tasks.clear()
                self.assertTrue(self.files[0].closed)
                self.assertTrue(kept)

    def test_they_are_closed_when_the_client_of_a_stream_goes(self):
        body = make_form(ON_DISK)
        environ = make_environ("/stream", "POST", body, **FORM)
        response = WsgiApp(self.app)(environ, lambda *args: None)
        next(iter(response))
        self.assertFalse(self.files[0].closed)
        response.close()
        self.assertTrue(self.files[0].closed)

    def test_tasks_of_other_forms(self):
        body = b"name=x"
        content_type = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
        result = self.call(self.app, "/form", method="POST", body=body, **content_type)
        for task in result.tasks:
            task.context.run(task)
            task.close()
        self.assertEqual(self.sizes, ["x"])


class TestDescription(BridgeCase):
    def test_values_are_not_told(self):
        app = EndpointFastAPI()

        def send(*args, **kwargs):
            pass

        @app.get("/")
        def handler(tasks: BackgroundTasks):
            tasks.add_task(send, "secret", [1, 2], self, amount=1.5, to={"a": "b"})

        prepare_app(app)
        (task,) = self.call(app).tasks
        self.assertEqual(str(task), "Background task send")
        self.assertEqual(
            task.describe(),
            "send(str[6], list[2], TestDescription, amount=float, to=dict[1])",
        )
