# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The loop of the process that always turns."""

import asyncio
import logging
import os
import signal
import threading
from contextlib import suppress
from contextvars import Context, ContextVar
from unittest.mock import patch

import anyio.to_thread
from fastapi import FastAPI

from ...bridge import get_shared_loop, shared_loop
from ...bridge.loops import borrow_loop
from ...bridge.shared_loop import TaskOwner, context_for_shared_loop
from ..bridge_case import TIMEOUT, BridgeCase
from .wait_case import LOGGER

variable = ContextVar("variable", default="not set")


class SharedLoopCase(BridgeCase):
    def setUp(self):
        super().setUp()
        self.loop = get_shared_loop()

    def run_there(self, coroutine):
        """Run a coroutine on the shared loop, and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(TIMEOUT)


class TestSharedLoop(SharedLoopCase):
    def test_it_turns_on_a_thread_that_does_not_keep_the_process(self):
        async def describe():
            return threading.current_thread()

        thread = self.run_there(describe())
        self.assertIsNot(thread, threading.current_thread())
        self.assertTrue(thread.daemon)
        self.assertTrue(self.loop.is_running())
        self.assertIs(get_shared_loop(), self.loop)

    def test_requests_have_other_loops(self):
        with borrow_loop() as loop:
            self.assertIs(loop.is_shared, False)
        self.assertIs(self.loop.is_shared, True)

    def test_first_use_by_many_threads(self):
        with patch.object(shared_loop, "_current", None):
            loops = self.in_threads([get_shared_loop] * 8)
            self.assertEqual(len(set(loops)), 1)
        self.assertIsNot(loops[0], self.loop)

    def test_request_wakes_a_worker_of_the_loop(self):
        queue, done = asyncio.Queue(), []

        async def work():
            while True:
                done.append(await queue.get())

        async def start():
            return asyncio.create_task(work())

        worker = self.run_there(start())
        self.addCleanup(self.loop.call_soon_threadsafe, worker.cancel)
        app = FastAPI()

        @app.get("/async")
        async def put() -> None:
            queue.put_nowait("async")

        @app.get("/sync")
        def put_sync() -> None:
            queue.put_nowait("sync")

        with self.assertNoLogs(LOGGER, "WARNING"):
            for path in ("async", "sync"):
                self.wait_for(lambda: queue._getters)
                self.assertEqual(self.call(app, f"/{path}").code, 200)
                self.wait_for(lambda path=path: path in done)

    def test_worker_wakes_the_request_that_waits(self):
        queue = asyncio.Queue()

        async def work():
            future, value = await queue.get()
            future.set_result(value + 1)

        async def start():
            return asyncio.create_task(work())

        self.run_there(start())
        app = FastAPI()

        @app.get("/")
        async def handler() -> int:
            future = asyncio.get_running_loop().create_future()
            queue.put_nowait((future, 1))
            return await future

        with self.assertNoLogs(LOGGER, "WARNING"):
            self.assertEqual(self.call(app).body, b"2")

    def test_sync_calls_run_on_threads_that_tasks_share(self):
        async def call():
            return await anyio.to_thread.run_sync(threading.current_thread)

        first, second = self.run_there(call()), self.run_there(call())
        self.assertIs(first, second)  # the task that needed it first has ended
        self.assertTrue(first.daemon)
        self.assertIsNot(first, self.loop._thread)

    def test_task_that_exits_does_not_end_the_loop(self):
        async def leave():
            raise SystemExit(3)

        with self.assertLogs(shared_loop.__name__, "ERROR") as logs:
            future = asyncio.run_coroutine_threadsafe(leave(), self.loop)
            with self.assertRaises(SystemExit):
                future.result(TIMEOUT)
            self.assertEqual(self.run_there(asyncio.sleep(0, "turns")), "turns")
        self.assertIn("SystemExit: 3", logs.output[0])

    def test_signals_of_a_prefork_worker_are_left_to_it(self):
        """The worker reads them from a pipe, and would miss what the loop has read."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        with (
            patch.object(shared_loop, "_current", None),
            patch("odoo.addons.fastapi.bridge.loops.worker_signals", lambda: read),
        ):
            loop = get_shared_loop()
            os.write(write, bytes([signal.SIGINT]))
            for _turn in range(3):
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(TIMEOUT)
        self.assertEqual(os.read(read, 1), bytes([signal.SIGINT]))

    def test_log_entries_name_the_database_of_the_caller(self):
        names = []

        class Handler(logging.Handler):
            def emit(self, record):
                names.append(getattr(threading.current_thread(), "dbname", None))

        logger = logging.getLogger(__name__)
        self.enterContext(patch.object(logger, "propagate", False))
        logger.addHandler(handler := Handler())
        self.addCleanup(logger.removeHandler, handler)

        async def child():
            logger.warning("from a task of the task")

        def start():
            self.loop.create_task(child())

        thread = threading.current_thread()
        for dbname in ("one", "two"):
            with patch.object(thread, "dbname", dbname, create=True):
                context = context_for_shared_loop()
            self.loop.call_soon_threadsafe(start, context=context)
        self.loop.call_soon_threadsafe(start, context=Context())
        self.wait_for(lambda: len(names) == 3)
        self.assertEqual(names, ["one", "two", None])


class TestDrive(SharedLoopCase):
    def test_calling_thread_runs_the_loop(self):
        lock = threading.RLock()

        def use_lock():
            # only the thread that holds it can take it
            self.assertTrue(lock.acquire(blocking=False))
            lock.release()
            return threading.current_thread()

        async def work():
            self.assertIs(asyncio.get_running_loop(), self.loop)
            threads.append(use_lock())
            threads.append(await anyio.to_thread.run_sync(use_lock))

        threads = []
        with lock:
            self.loop.drive(work())
        self.assertEqual(threads, [threading.current_thread()] * 2)
        # the thread of the loop goes on, and has worker threads again
        worker = self.run_there(anyio.to_thread.run_sync(threading.current_thread))
        self.assertNotIn(worker, (threading.current_thread(), self.loop._thread))

    def test_tasks_go_on(self):
        ticks = []

        async def tick():
            while True:
                ticks.append(threading.current_thread())
                await asyncio.sleep(0)

        async def start():
            return asyncio.create_task(tick())

        async def count():
            before = len(ticks)
            while len(ticks) < before + 3:
                await asyncio.sleep(0)

        task = self.run_there(start())
        self.loop.drive(count())
        self.run_there(count())
        self.run_there(asyncio.wait({task}, timeout=0))
        self.loop.call_soon_threadsafe(task.cancel)
        self.assertIn(threading.current_thread(), ticks)
        self.assertIn(self.loop._thread, ticks)

    def test_many_threads(self):
        async def work():
            await asyncio.sleep(0)
            return threading.current_thread()

        def drive():
            return self.loop.drive(work()) is threading.current_thread()

        self.assertEqual(self.in_threads([drive] * 16), [True] * 16)
        self.assertEqual(self.run_there(asyncio.sleep(0, "turns")), "turns")

    def test_exceptions_reach_the_caller(self):
        async def fail(exc):
            raise exc

        for exc in (ValueError("cause"), SystemExit(3)):
            with self.assertRaises(type(exc)) as caught:
                self.loop.drive(fail(exc))
            self.assertIs(caught.exception, exc)
        self.assertEqual(self.run_there(asyncio.sleep(0, "turns")), "turns")


class TestTaskOwner(SharedLoopCase):
    def setUp(self):
        super().setUp()
        self.owner = TaskOwner("the test")
        self.ended = []

    async def wait(self):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        self.ended.append("task")

    async def start(self, owned):
        loop = asyncio.get_running_loop()
        if owned:
            self.owner.enter()

        async def start_another():
            loop.call_later(0.05, self.ended.append, "timer")
            return asyncio.create_task(self.wait())

        return await asyncio.create_task(start_another())

    def test_tasks_and_timers_end_with_their_owner(self):
        self.run_there(self.start(owned=True))
        other = self.run_there(self.start(owned=False))
        self.run_there(self.owner.cancel(TIMEOUT))
        self.assertEqual(self.ended, ["task"])
        self.wait_for(lambda: "timer" in self.ended)
        self.assertEqual(self.ended, ["task", "timer"])
        self.assertFalse(other.done())
        self.loop.call_soon_threadsafe(other.cancel)
        self.wait_for(other.done)

    def test_task_that_does_not_end(self):
        release = asyncio.Event()

        async def stay():
            while not release.is_set():
                with suppress(asyncio.CancelledError):
                    await release.wait()

        async def start():
            self.owner.enter()
            task = asyncio.create_task(stay())
            await asyncio.sleep(0)
            return task

        task = self.run_there(start())
        with self.assertLogs(shared_loop.__name__, "ERROR") as logs:
            self.run_there(self.owner.cancel(0.1))
        self.assertIn("given up", logs.output[0])
        self.loop.call_soon_threadsafe(release.set)
        self.wait_for(task.done)


class TestBlockedLoop(SharedLoopCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(shared_loop, "_current", None))
        self.loop = get_shared_loop()
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def block(self):
        self.blocked.set()
        self.release.wait(TIMEOUT)

    async def block_as_owner(self):
        TaskOwner("the app").enter()
        await asyncio.create_task(self.block_in_task())

    async def block_in_task(self):
        self.block()

    def start_block(self):
        self.blocked = threading.Event()
        future = asyncio.run_coroutine_threadsafe(self.block_as_owner(), self.loop)
        self.assertTrue(self.blocked.wait(TIMEOUT))
        return future

    def test_loop_that_waits_is_not_blocked(self):
        self.run_there(asyncio.sleep(0))
        self.wait_for(lambda: self.loop._selector.turn_began is None)
        self.assertEqual(self.loop.blocked_for(), 0)
        self.assertEqual(self.loop.describe_block(), "")

    def test_description_names_owner_and_line(self):
        self.start_block()
        before = self.loop.blocked_for()
        self.wait_for(lambda: self.loop.blocked_for() > before)
        description = self.loop.describe_block().splitlines()
        self.assertEqual(description[0], "the app")
        self.assertIn("block_in_task", description[1])
        line = self.block.__code__.co_firstlineno + 2
        self.assertTrue(
            any(f"{__file__}:{line}, in block" in entry for entry in description)
        )

    def test_new_loop_takes_its_place(self):
        future = self.start_block()
        told = []
        self.loop.on_abandon.add(lambda: told.append(True))
        self.assertTrue(self.loop.abandon())
        self.assertFalse(self.loop.abandon())
        self.assertEqual(told, [True])
        new = get_shared_loop()
        self.assertIsNot(new, self.loop)
        result = asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "turns"), new)
        self.assertEqual(result.result(TIMEOUT), "turns")
        # the old one goes on when it can
        self.assertFalse(future.done())
        self.release.set()
        future.result(TIMEOUT)
        self.assertEqual(self.run_there(asyncio.sleep(0, "turns")), "turns")


#: The process of the tests has other threads and a database; a new one forks safely.
