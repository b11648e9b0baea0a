# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import weakref
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI
from starlette.responses import StreamingResponse

from ...app.prepare import EndpointFastAPI, prepare_app
from ...bridge import WsgiApp, forget_tracebacks
from ...bridge.lifespan import Lifespan
from ..bridge_case import BridgeCase, make_environ


class TestLifespanTasks(BridgeCase):
    def test_tasks_that_an_app_leaves_end_with_it(self):
        ended = []

        async def forever():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        @asynccontextmanager
        async def lifespan(app):
            self.task = asyncio.create_task(forever())
            yield

        running = Lifespan(FastAPI(lifespan=lifespan))
        running.start()
        running.stop()
        self.assertEqual(ended, [True])

    def test_streams_and_tasks_keep_their_application(self):
        app = EndpointFastAPI()
        done = []

        @app.get("/stream")
        def stream(tasks: BackgroundTasks) -> StreamingResponse:
            tasks.add_task(done.append, "stream")
            return StreamingResponse(iter("ab"))

        @app.get("/plain")
        def plain(tasks: BackgroundTasks) -> None:
            tasks.add_task(done.append, "plain")

        prepare_app(app)
        for name in ("stream", "plain"):
            with self.subTest(name):
                application = WsgiApp(app)
                is_kept = weakref.ref(application)
                response = application(make_environ(f"/{name}"), lambda *args: None)
                del application
                chunks = iter(response)
                next(chunks)
                gc.collect()
                self.assertIsNotNone(is_kept())
                list(chunks)
                tasks = response.tasks()
                response.close()
                del response, chunks
                gc.collect()
                self.assertIsNotNone(is_kept())
                for task in tasks:
                    task()
                del task, tasks
                gc.collect()
                self.assertIsNone(is_kept())
        self.assertEqual(done, ["stream", "plain"])

    def test_application_goes_though_the_scope_lives_on(self):
        app = EndpointFastAPI()
        kept, errors = [], []

        def start_response(status, headers, exc_info=None):
            if exc_info:
                errors.append(exc_info[1])

        @app.middleware("http")
        async def keep(request, call_next):
            kept.append(request)
            return await call_next(request)

        @app.get("/plain")
        def plain() -> None:
            pass

        @app.get("/stream")
        def stream() -> StreamingResponse:
            return StreamingResponse(iter("ab"))

        @app.get("/error")
        def fail() -> None:
            raise ValueError("cause")

        prepare_app(app)
        gc.disable()  # it must go by itself
        self.addCleanup(gc.enable)
        for name in ("plain", "stream", "error"):
            with self.subTest(name):
                kept.clear()
                application = WsgiApp(app)
                is_kept = weakref.ref(application)
                response = application(make_environ(f"/{name}"), start_response)
                list(response)
                response.close()
                del response, application
                for error in errors:
                    forget_tracebacks(error)  # as the dispatcher does it
                self.assertEqual(len(kept), 1)
                self.assertIsNone(is_kept())
        self.assertEqual(len(errors), 1)
