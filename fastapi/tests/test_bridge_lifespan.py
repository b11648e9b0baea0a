# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import weakref
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI
from starlette.responses import StreamingResponse

from ..bridge import AsgiApplication
from ..bridge.lifespan import Lifespan
from ..endpoint_app import EndpointApp, prepare_app
from .bridge_case import BridgeCase, make_environ


class TestLifespan(BridgeCase):
    def _app(self, fail_at=""):
        events = []

        @asynccontextmanager
        async def lifespan(app):
            if fail_at == "start":
                raise ValueError("no start")
            events.append("started")
            yield {"answer": 42}
            if fail_at == "stop":
                raise ValueError("no stop")
            await asyncio.sleep(0)
            events.append("stopped")

        return FastAPI(lifespan=lifespan), events

    def test_start_and_stop(self):
        app, events = self._app()
        lifespan = Lifespan(app)
        self.assertEqual(events, [])
        lifespan.start()
        self.assertEqual(events, ["started"])
        self.assertEqual(lifespan.state, {"answer": 42})
        lifespan.stop()
        lifespan.stop()
        self.assertEqual(events, ["started", "stopped"])

    def test_app_without_a_lifespan(self):
        lifespan = Lifespan(FastAPI())
        lifespan.start()
        lifespan.stop()

    def test_app_that_knows_no_lifespan(self):
        async def app(scope, receive, send):
            raise RuntimeError(scope["type"])

        with self.assertRaisesRegex(RuntimeError, "lifespan"):
            Lifespan(app).start()

    def test_app_that_does_not_start(self):
        app, events = self._app(fail_at="start")
        lifespan = Lifespan(app)
        with self.assertRaisesRegex(ValueError, "no start"):
            lifespan.start()
        lifespan.stop()
        self.assertEqual(events, [])

    def test_app_that_cancels_its_own_start(self):
        async def app(scope, receive, send):
            raise asyncio.CancelledError()

        with self.assertRaisesRegex(RuntimeError, "cancelled itself"):
            Lifespan(app).start()

    def test_app_that_does_not_stop_properly(self):
        app, _events = self._app(fail_at="stop")
        lifespan = Lifespan(app)
        lifespan.start()
        with self.assertLogs("odoo.addons.fastapi.bridge.lifespan", "ERROR") as logs:
            lifespan.stop()
        self.assertIn("no stop", logs.output[0])

    def test_app_that_cancels_its_own_stop(self):
        @asynccontextmanager
        async def cancel(app):
            yield
            raise asyncio.CancelledError()

        app, events = self._app()
        lifespan, other = Lifespan(FastAPI(lifespan=cancel)), Lifespan(app)
        lifespan.start()
        other.start()

        @asynccontextmanager
        async def stop_the_others(app):
            lifespan.stop()
            other.stop()
            yield

        last = Lifespan(FastAPI(lifespan=stop_the_others))
        with self.assertLogs("odoo.addons.fastapi.bridge.lifespan", "ERROR"):
            last.start()
        self.assertEqual(events, ["started", "stopped"])
        last.stop()

    def test_stop_wherever_the_garbage_collector_runs(self):
        app, events = self._app()
        lifespan = Lifespan(app)
        lifespan.start()

        async def handler():
            lifespan.stop()

        asyncio.run(handler())
        self.assertEqual(events, ["started", "stopped"])

    def test_stop_while_another_app_starts(self):
        app, events = self._app()
        lifespan = Lifespan(app)
        lifespan.start()

        @asynccontextmanager
        async def stop_the_other(app):
            lifespan.stop()
            self.assertEqual(events, ["started"])
            yield

        other = Lifespan(FastAPI(lifespan=stop_the_other))
        other.start()
        self.assertEqual(events, ["started", "stopped"])
        other.stop()

    def test_streams_and_tasks_keep_their_application(self):
        app = EndpointApp()
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
                application = AsgiApplication(app)
                is_kept = weakref.ref(application)
                answer = application(make_environ(f"/{name}"), lambda *args: None)
                del application
                chunks = iter(answer)
                next(chunks)
                gc.collect()
                self.assertIsNotNone(is_kept())
                list(chunks)
                tasks = answer.tasks()
                answer.close()
                del answer, chunks
                gc.collect()
                self.assertIsNotNone(is_kept())
                for task in tasks:
                    task()
                del task, tasks
                gc.collect()
                self.assertIsNone(is_kept())
        self.assertEqual(done, ["stream", "plain"])
