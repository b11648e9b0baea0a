# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Loops of requests that wait for each other."""

import asyncio
import queue
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from unittest.mock import patch

from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse

from ...bridge import loops
from ...bridge.loops import borrow_loop, new_loop
from ..bridge_case import TIMEOUT
from .wait_case import LOGGER, WaitCase


class TestSharedLoops(WaitCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(loops, "_warned", set()))

    def share(self, wait, wake):
        """Make one request wait and another one wake it; return their results."""
        waiting = threading.Event()
        app = FastAPI()

        @app.get("/wait")
        async def wait_for_it() -> str:
            asyncio.get_running_loop().call_soon(waiting.set)
            return await wait()

        @app.get("/wake")
        async def wake_it() -> None:
            wake()

        @app.get("/wake/sync")
        def wake_it_sync() -> None:
            wake()

        for path in ("/wake", "/wake/sync"):
            waiting.clear()

            def wake_up(path=path):
                self.assertTrue(waiting.wait(TIMEOUT))
                return self.call(app, path)

            yield self.in_threads([lambda: self.call(app, "/wait"), wake_up])

    def test_another_request_wakes_the_one_that_waits(self):
        for make in (asyncio.Event, asyncio.Queue):
            with self.subTest(make), self.assertLogs(LOGGER, "WARNING") as logs:
                shared = make()

                async def wait(shared=shared):
                    if isinstance(shared, asyncio.Queue):
                        return await shared.get()
                    await shared.wait()
                    shared.clear()
                    return "woken"

                def wake(shared=shared):
                    if isinstance(shared, asyncio.Queue):
                        shared.put_nowait("woken")
                    else:
                        shared.set()

                # each time on a loop of its own: what is shared is bound to the first
                for waiter, waker in self.share(wait, wake):
                    self.assertEqual((waiter.code, waker.code), (200, 200))
                    shared._loop = None
            self.assertEqual(len(logs.records), 1)
            self.assertIn("wait (", logs.output[0])
            self.assertIn("take those of threading", logs.output[0])

    def test_error_names_the_handler_and_says_what_to_do(self):
        shared = asyncio.Event()
        other = new_loop()
        self.addCleanup(other.close)
        with self.assertRaises(asyncio.TimeoutError):
            other.run_until_complete(asyncio.wait_for(shared.wait(), 0.01))
        app = FastAPI()

        @app.get("/event")
        async def wait_for_event() -> None:
            await shared.wait()

        @app.get("/future")
        async def wait_for_future() -> None:
            await other.create_future()

        @app.get("/task")
        async def wait_in_task() -> JSONResponse:
            return JSONResponse(None, background=BackgroundTask(shared.wait))

        for name in ("event", "future"):
            exc = self.call(app, f"/{name}").exception
            self.assertIsInstance(exc, RuntimeError)
            self.assertRegex(str(exc), rf"^wait_for_{name} \(.*test_loops_shared.py:\d")
            self.assertIn("each request has an event loop of its own", str(exc))
        task = self.get_task(app, "/task")
        with self.assertRaisesRegex(RuntimeError, "event loop of its own"):
            task()

    def test_other_errors_stay_as_they_are(self):
        for exc in (
            ValueError("x"),
            RuntimeError("x"),
            RuntimeError(),
            RuntimeError(1),
        ):
            args = exc.args
            loops.explain_foreign_loop(exc)
            self.assertIs(exc.args, args)

    def test_future_resolved_by_a_thread(self):
        def resolve(future):
            threading.Thread(target=future.set_result, args=["done"]).start()

        async def wait():
            future = asyncio.get_running_loop().create_future()
            # when the loop waits
            asyncio.get_running_loop().call_later(0.01, resolve, future)
            return await future

        with borrow_loop() as loop:
            self.assertEqual(loop.run_until_complete(wait()), "done")

    def test_stream_wakes_a_request_whether_its_client_reads_on_or_not(self):
        happened, started = asyncio.Event(), threading.Event()
        app = FastAPI()

        @app.get("/wait")
        async def wait_for_it() -> None:
            asyncio.get_running_loop().call_soon(started.set)
            await happened.wait()

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            async def chunks():
                yield "first"
                happened.set()
                yield "second"
                yield "third"

            return StreamingResponse(chunks())

        with ThreadPoolExecutor(1) as pool:
            waiter = pool.submit(self.call, app, "/wait")
            self.assertTrue(started.wait(TIMEOUT))
            with closing(self.stream(app, path="/stream")) as response:
                chunks = iter(response)
                with self.assertLogs(LOGGER, "WARNING"):
                    self.assertEqual(
                        [next(chunks), next(chunks)], [b"first", b"second"]
                    )
                # the third one is not taken
                self.assertEqual(waiter.result(TIMEOUT).code, 200)

    def test_loop_that_starts_while_it_is_woken(self):
        """The loop starts to wait just before the other thread calls it."""
        loop, waiting, called = new_loop(), threading.Event(), threading.Event()
        self.addCleanup(loop.close)
        before_wait = loop._selector.before_wait

        def wait():
            something_to_do = before_wait()
            waiting.set()
            return something_to_do

        class Ready(deque):
            def append(self, handle):
                if not waiting.is_set():
                    thread.start()
                    waiting.wait(TIMEOUT)
                super().append(handle)

        loop._selector.before_wait = wait
        loop._ready = Ready()
        thread = threading.Thread(target=loop.run_forever)
        loop.call_soon(called.set)
        woken = called.wait(TIMEOUT)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        self.assertTrue(woken)

    def test_loops_that_are_made_while_others_are_woken(self):
        """A future of asyncio does not wake other tasks after one call has failed."""
        made = []
        self.addCleanup(lambda: [loop.close() for loop in made])

        def trace(frame, event, _arg):
            """Make a loop on another thread at each line."""
            if len(made) < 100 and event == "line":
                made.extend(self.in_threads([new_loop]))
            return trace

        async def resolve(future):
            before = sys.gettrace()
            sys.settrace(trace)
            try:
                future.set_result("done")
            finally:
                sys.settrace(before)

        async def wait(started):
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(started.put, future)
            return await asyncio.wait_for(future, TIMEOUT)

        def run(function, argument):
            with borrow_loop() as loop:
                return loop.run_until_complete(function(argument))

        futures = queue.SimpleQueue()
        with ThreadPoolExecutor(1) as pool, self.assertLogs(LOGGER, "WARNING"):
            waiter = pool.submit(run, wait, futures)
            future = futures.get(timeout=TIMEOUT)
            run(resolve, future)
            self.assertEqual(waiter.result(TIMEOUT), "done")
        self.assertTrue(made)

    def test_call_from_another_thread_needs_no_end_of_its_step(self):
        """A request can wait for ``run_coroutine_threadsafe``."""
        started = threading.Event()
        seen = {}

        async def serve():
            seen["loop"], seen["over"] = asyncio.get_running_loop(), asyncio.Event()
            started.set()
            await seen["over"].wait()

        async def ask():
            started.wait(TIMEOUT)
            asked = asyncio.sleep(0, "reply")
            reply = asyncio.run_coroutine_threadsafe(asked, seen["loop"])
            try:
                return reply.result(TIMEOUT)
            finally:
                seen["loop"].call_soon_threadsafe(seen["over"].set)

        def run(function):
            with borrow_loop() as loop:
                return loop.run_until_complete(function())

        results = self.in_threads([lambda: run(serve), lambda: run(ask)])
        self.assertEqual(results, [None, "reply"])
