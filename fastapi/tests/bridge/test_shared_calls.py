# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Awaitables and mounted apps of requests on the shared loop."""

import asyncio
import gc
import threading
import weakref
from contextlib import suppress
from unittest.mock import patch

import anyio
from fastapi import FastAPI

from ...bridge import get_shared_loop, on_shared_loop, shared_loop
from ...bridge.loops import borrow_loop
from ..bridge_case import TIMEOUT
from .test_shared_loop import SharedLoopCase, variable


class SharedCallCase(SharedLoopCase):
    def run_here(self, coroutine):
        """Run a coroutine on a loop like that of a request, and return its result."""
        with borrow_loop() as loop:
            return loop.run_until_complete(asyncio.wait_for(coroutine, TIMEOUT))


class TestAwaitables(SharedCallCase):
    async def where(self):
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    def test_result(self):
        async def handler():
            return await on_shared_loop(self.where())

        self.assertIs(self.run_here(handler()), self.loop)

    def test_on_the_shared_loop_itself(self):
        async def work():
            task = asyncio.current_task()

            async def current():
                return asyncio.current_task()

            return await on_shared_loop(current()) is task

        self.assertTrue(self.run_there(work()))

    def test_future_of_the_shared_loop(self):
        async def handler():
            future = self.loop.create_future()
            self.loop.call_soon_threadsafe(future.set_result, "result")
            return await on_shared_loop(future)

        self.assertEqual(self.run_here(handler()), "result")

    def test_exception(self):
        error = ValueError("cause")

        async def fail():
            raise error

        async def handler():
            with self.assertRaises(ValueError) as caught:
                await on_shared_loop(fail())
            return caught.exception

        self.assertIs(self.run_here(handler()), error)

    def test_exception_is_freed_without_the_garbage_collector(self):
        class Error(Exception):
            pass

        async def fail():
            raise Error

        async def handler():
            try:
                await on_shared_loop(fail())
            except Error as exc:
                errors.append(weakref.ref(exc))

        errors = []
        gc.disable()
        self.addCleanup(gc.enable)
        self.run_here(handler())
        self.wait_for(lambda: errors[0]() is None)

    def test_context_variables_go_along_and_stay_there(self):
        async def work():
            value = variable.get()
            variable.set("changed")
            return value

        async def handler():
            variable.set("of the handler")
            return await on_shared_loop(work()), variable.get()

        self.assertEqual(self.run_here(handler()), ("of the handler",) * 2)

    def test_cancellation_waits_for_the_cleanup(self):
        events = []
        started = threading.Event()

        async def work():
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                events.append("cleaned up")

        async def by_task():
            task = asyncio.create_task(on_shared_loop(work()))
            while not started.is_set():
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            self.assertTrue(task.cancelled())

        async def by_timeout():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(on_shared_loop(work()), 0.05)

        async def by_anyio():
            with anyio.move_on_after(0.05) as scope:
                await on_shared_loop(work())
            self.assertTrue(scope.cancelled_caught)

        for cancel in (by_task, by_timeout, by_anyio):
            with self.subTest(cancel.__name__):
                self.run_here(cancel())
                if cancel is by_anyio:  # may cancel the cleanup, too, as on one loop
                    events.clear()
                else:
                    self.assertEqual(events.pop(), "cleaned up")

    def test_work_that_ignores_the_cancellation(self):
        async def work():
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return "result"

        async def handler():
            task = asyncio.create_task(on_shared_loop(work()))
            await asyncio.sleep(0)
            await on_shared_loop(asyncio.sleep(0))  # now it has begun
            task.cancel()
            return await task

        self.assertEqual(self.run_here(handler()), "result")

    def test_discarded_call_ends(self):
        ended = threading.Event()

        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def begin(coroutine):
            coroutine.send(None)
            await on_shared_loop(asyncio.sleep(0))
            coroutine.close()

        self.run_here(begin(on_shared_loop(work())))
        self.assertTrue(ended.wait(TIMEOUT))

    def test_many_requests_at_once(self):
        async def double(number):
            await asyncio.sleep(0)
            return 2 * number

        def request(number):
            return lambda: self.run_here(on_shared_loop(double(number)))

        results = self.in_threads(map(request, range(32)))
        self.assertEqual(results, list(range(0, 64, 2)))

    def test_abandoned_loop(self):
        """A call does not wait for a loop that others have given up."""
        release, blocked = threading.Event(), threading.Event()
        self.addCleanup(release.set)
        with patch.object(shared_loop, "_current", None):
            loop = get_shared_loop()

            def block():
                blocked.set()
                release.wait(TIMEOUT)

            async def handler():
                loop.call_soon_threadsafe(block)
                call = asyncio.create_task(on_shared_loop(asyncio.sleep(0)))
                await asyncio.to_thread(blocked.wait, TIMEOUT)
                loop.abandon()
                await call

            with self.assertRaisesRegex(RuntimeError, "is blocked"):
                self.run_here(handler())
        self.assertEqual(len(loop.on_abandon), 0)

    def test_leftovers(self):
        async def handler():
            for _call in range(3):
                await on_shared_loop(asyncio.sleep(0))

        async def look():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            return tasks | self.loop.on_abandon

        before = self.run_there(look())  # another test may have left something
        self.run_here(handler())
        self.assertFalse(self.run_there(look()) - before)

    def test_other_objects(self):
        with self.assertRaisesRegex(TypeError, "neither awaitable nor an ASGI app"):
            on_shared_loop(3)


class TestAdvice(SharedCallCase):
    """A handler awaits what belongs to the shared loop on its own loop."""

    def test_error_names_the_function(self):
        event = asyncio.Event()

        async def wait():
            await event.wait()

        async def start():
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            return task

        task = self.run_there(start())
        self.addCleanup(self.loop.call_soon_threadsafe, task.cancel)
        app = FastAPI()

        @app.get("/event")
        async def get_event() -> None:
            await event.wait()

        @app.get("/task")
        async def get_task() -> None:
            await task

        @app.get("/session")
        async def get_session() -> None:
            raise RuntimeError("Timeout context manager should be used inside a task")

        for name in ("event", "task", "session"):
            exc = self.call(app, f"/{name}").exception
            self.assertRegex(str(exc), rf"^get_{name} \(.*test_shared_calls.py:\d")
            self.assertIn("on_shared_loop (odoo.addons.fastapi.bridge)", str(exc))
