# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sync callables on the thread of the request."""

import ast
import asyncio
import contextvars
import json
import threading
from importlib.metadata import version
from pathlib import Path

import anyio
import anyio.to_process
import anyio.to_thread
from anyio._backends import _asyncio as anyio_asyncio
from fastapi import BackgroundTasks, Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, StreamingResponse

from odoo.tests import BaseCase

from ...bridge import inline_threads
from ..bridge_case import BridgeCase


class TestInlineThreads(BridgeCase):
    """FastAPI's worker calls run on the thread of the request."""

    def _assert_own_thread(self, app, expected=1):
        """Call an app that adds the ids of threads to ``seen``."""
        result = self.call(app)
        self.assertIsNone(result.exc_info)
        self.assertEqual(app.state.seen, [threading.get_ident()] * expected)
        return result

    def setUp(self):
        super().setUp()
        self.app = FastAPI()
        self.seen = self.app.state.seen = []

    def _note(self):
        self.seen.append(threading.get_ident())

    def test_sync_handler(self):
        @self.app.get("/")
        def handler() -> None:
            self._note()

        self._assert_own_thread(self.app)

    def test_async_handler(self):
        @self.app.get("/")
        async def handler() -> None:
            self._note()

        self._assert_own_thread(self.app)

    def test_sync_dependency(self):
        @self.app.get("/", dependencies=[Depends(self._note)])
        async def handler() -> None:
            pass

        self._assert_own_thread(self.app)

    def test_sync_dependency_with_teardown(self):
        def dependency():
            self._note()
            yield
            self._note()

        @self.app.get("/", dependencies=[Depends(dependency)])
        async def handler() -> None:
            self._note()

        self._assert_own_thread(self.app, 3)

    def test_sync_iterator_of_a_response(self):
        def iterate():
            for part in "abc":
                self._note()
                yield part

        @self.app.get("/")
        def handler() -> StreamingResponse:
            return StreamingResponse(iterate())

        self.assertEqual(self._assert_own_thread(self.app, 3).body, b"abc")

    def test_sync_background_task(self):
        @self.app.get("/")
        async def handler(tasks: BackgroundTasks) -> None:
            tasks.add_task(self._note)

        self._assert_own_thread(self.app)

    def test_sync_exception_handler(self):
        def respond(request, exc):
            self._note()
            return StreamingResponse(iter(["response"]))

        self.app.add_exception_handler(ValueError, respond)

        @self.app.get("/")
        async def handler() -> None:
            raise ValueError

        self.assertEqual(self._assert_own_thread(self.app).body, b"response")

    def test_call_given_to_a_thread_by_the_app(self):
        @self.app.get("/")
        async def handler() -> None:
            await run_in_threadpool(self._note)
            await anyio.to_thread.run_sync(self._note)
            limiter = anyio.CapacityLimiter(1)
            await anyio.to_thread.run_sync(self._note, limiter=limiter)

        self._assert_own_thread(self.app, 3)

    def test_calls_given_to_threads_at_once(self):
        @self.app.get("/")
        async def handler() -> None:
            async with anyio.create_task_group() as group:
                for _task in range(50):
                    group.start_soon(anyio.to_thread.run_sync, self._note)

        self._assert_own_thread(self.app, 50)

    def test_file_response(self):
        path = Path(__file__)

        @self.app.get("/")
        def handler() -> FileResponse:
            self._note()
            return FileResponse(path)

        before = set(threading.enumerate())
        result = self._assert_own_thread(self.app)
        self.assertEqual(result.body, path.read_bytes())
        self.assertEqual(set(threading.enumerate()) - before, set())

    def test_thread_bound_state(self):
        state = threading.local()
        state.dbname = "of the request"

        @self.app.get("/")
        def handler() -> str:
            return state.dbname

        self.assertEqual(json.loads(self.call(self.app).body), "of the request")

    def test_result_and_exception_of_a_call(self):
        error = LookupError("cause")

        def fail():
            raise error

        @self.app.get("/")
        async def handler() -> str:
            try:
                await run_in_threadpool(fail)
            except LookupError as err:
                self.assertIs(err, error)
            return await run_in_threadpool(str.upper, "result")

        self.assertEqual(json.loads(self.call(self.app).body), "RESULT")

    def test_stop_iteration_is_an_error_and_no_hang(self):
        @self.app.get("/")
        def handler() -> None:
            next(iter(()))

        result = self.call(self.app)
        self.assertIsInstance(result.exception, RuntimeError)
        self.assertIsInstance(result.exception.__cause__, StopIteration)

    def test_sync_stream_with_more_than_an_exception(self):
        # nothing would wake the loop that waits for its next item
        class Timeout(BaseException):
            """Like gevent."""

        async def cancel():
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        def time_out():
            yield "first"
            raise Timeout()

        def cancel_own_loop():
            yield "first"
            asyncio.run(cancel())

        @self.app.get("/{name}")
        def handler(name: str) -> StreamingResponse:
            return StreamingResponse({"1": time_out, "2": cancel_own_loop}[name]())

        with self.assertRaises(Timeout):
            self.call(self.app, "/1")
        with self.assertRaisesRegex(RuntimeError, "cancelled its own task"):
            self.call(self.app, "/2")

    def test_sync_call_runs_in_a_context_of_its_own(self):
        variable = contextvars.ContextVar("variable", default="outer")

        def change():
            variable.set("inner")

        @self.app.get("/", dependencies=[Depends(change)])
        def handler() -> str:
            return variable.get()

        self.assertEqual(json.loads(self.call(self.app).body), "outer")

    def test_sync_handler_can_run_a_loop_of_its_own(self):
        # as it can on a worker thread: asyncio.run() refuses below a running loop
        async def work():
            return "done"

        @self.app.get("/")
        def handler() -> list[str]:
            return [asyncio.run(work()), anyio.run(work)]

        result = self.call(self.app)
        self.assertIsNone(result.exc_info)
        self.assertEqual(json.loads(result.body), ["done", "done"])

    def test_loop_runs_on_after_a_sync_call(self):
        @self.app.get("/")
        async def handler() -> str:
            loop = asyncio.get_running_loop()
            await run_in_threadpool(self._note)
            self.assertIs(asyncio.get_running_loop(), loop)
            return await asyncio.sleep(0, "response")

        self.assertEqual(json.loads(self.call(self.app).body), "response")


class TestAnyioNames(BaseCase):
    """``inline_threads`` uses private names of anyio."""

    def test_names_exist(self):
        tree = ast.parse(Path(inline_threads.__file__).read_text(encoding="utf-8"))
        names = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "anyio_asyncio"
        }
        self.assertTrue(names, "inline_threads no longer uses names of anyio")
        missing = sorted(name for name in names if not hasattr(anyio_asyncio, name))
        self.assertFalse(
            missing,
            f"anyio {version('anyio')} has no anyio._backends._asyncio."
            f"{', '.join(missing)} any more: look for what took their place, and "
            "change bridge/inline_threads.py.",
        )

    def test_names_are_what_anyio_runs_threads_with(self):
        async def used():
            await anyio.to_thread.run_sync(int)
            idle = anyio_asyncio._threadpool_idle_workers.get()
            workers = anyio_asyncio._threadpool_workers.get()
            limiter = anyio_asyncio._default_thread_limiter.get()
            return (
                {worker.__class__.__name__ for worker in workers},
                {worker.__class__.__name__ for worker in idle},
                limiter is anyio.to_thread.current_default_thread_limiter(),
                anyio_asyncio._root_task.get() is asyncio.current_task(),
            )

        self.assertEqual(
            anyio.run(used),
            ({"WorkerThread"}, {"WorkerThread"}, True, True),
            f"anyio {version('anyio')} keeps its worker threads elsewhere: change "
            "bridge/inline_threads.py.",
        )

    def test_worker_has_what_anyio_asks_it_for(self):
        async def used():
            await anyio.to_thread.run_sync(int)
            [worker] = anyio_asyncio._threadpool_workers.get()
            return worker

        worker = anyio.run(used)
        for name in ("queue", "idle_since"):
            self.assertTrue(
                hasattr(worker, name),
                f"Worker threads of anyio {version('anyio')} have no {name}: change "
                "_InlineWorker in bridge/inline_threads.py.",
            )
        self.assertTrue(hasattr(worker.queue, "put_nowait"))
