# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, copy_context
from unittest.mock import patch

from fastapi import FastAPI

from ...bridge import get_shared_loop
from ...bridge import lifespan as lifespan_module
from ...bridge.lifespan import Lifespan, wait_for_stops
from ...exceptions import StartTimeoutError
from ..bridge_case import TIMEOUT, BridgeCase

variable = ContextVar("variable")


class TestLifespan(BridgeCase):
    def _app(self, fail_at=""):
        events = []

        @asynccontextmanager
        async def lifespan(app):
            if fail_at == "start":
                raise ValueError("no start")
            events.append("started")
            yield {"key": 42}
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
        self.assertEqual(lifespan.state, {"key": 42})
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
            while not (lifespan._stopped.is_set() and other._stopped.is_set()):
                await asyncio.sleep(0)
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
            lifespan.stop()  # can't wait: both run on this loop
            while events != ["started", "stopped"]:
                await asyncio.sleep(0)
            yield

        other = Lifespan(FastAPI(lifespan=stop_the_other))
        other.start()
        self.assertEqual(events, ["started", "stopped"])
        other.stop()

    @contextmanager
    def _expect_block(self, function, offset=1):
        """Check that the log says what has blocked the shared loop.

        :param function: what blocks it; None if nothing does
        :param offset: lines from its first one to the one that blocks
        """
        logger = "odoo.addons.fastapi.bridge.lifespan"
        if function is None:
            with self.assertNoLogs(logger, "ERROR"):
                yield
            return
        with self.assertLogs(logger, "ERROR") as logs:
            yield
        [entry] = logs.output
        self.assertIn("the lifespan of FastAPI", entry)
        line = function.__code__.co_firstlineno + offset
        self.assertIn(f"{__file__}:{line}, in {function.__name__}", entry)

    def test_hanging_start(self):
        """A startup that hangs does not stop others."""
        release = threading.Event()
        self.addCleanup(release.set)

        async def wait():
            await asyncio.Event().wait()

        async def block():
            release.wait(TIMEOUT)

        for hang in (wait, block):
            with self.subTest(hang.__name__):
                ends = threading.Event()

                @asynccontextmanager
                async def lifespan(app, hang=hang, ends=ends):
                    try:
                        await hang()
                        yield
                    finally:
                        ends.set()

                with (
                    patch.object(lifespan_module, "START_TIMEOUT", 1),
                    self._expect_block(block if hang is block else None),
                ):
                    hanging = Lifespan(FastAPI(lifespan=lifespan))
                    with ThreadPoolExecutor(1) as pool:
                        start = pool.submit(hanging.start)
                        app, events = self._app()
                        other = Lifespan(app)
                        other.start()
                        other.stop()
                        self.assertEqual(events, ["started", "stopped"])
                        with self.assertRaises(StartTimeoutError) as caught:
                            start.result(TIMEOUT)
                if hang is block:  # it can't be ended; what comes of it is stopped
                    self.assertFalse(caught.exception.is_over())
                    self.assertFalse(ends.is_set())
                    release.set()
                self.assertTrue(ends.wait(TIMEOUT))
                self.assertTrue(hanging._decided.wait(TIMEOUT))
                self.assertTrue(caught.exception.is_over())

    def test_start_in_the_same_turn_as_one_that_blocks(self):
        """It moves to the new loop if its app has not been called yet."""
        gate, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        @asynccontextmanager
        async def block(app):
            release.wait(TIMEOUT)
            yield

        app, events = self._app()
        loop = get_shared_loop()
        loop.call_soon_threadsafe(gate.wait, TIMEOUT)
        with (
            patch.object(lifespan_module, "START_TIMEOUT", 1),
            self._expect_block(block.__wrapped__, offset=2),
            ThreadPoolExecutor(2) as pool,
        ):
            starts = []
            for lifespan in (Lifespan(FastAPI(lifespan=block)), Lifespan(app)):
                starts.append(pool.submit(lifespan.start))
                while len(loop._ready) < len(starts):
                    os.sched_yield()
            gate.set()
            starts[1].result(TIMEOUT)
            self.assertEqual(events, ["started"])
            with self.assertRaises(StartTimeoutError):
                starts[0].result(TIMEOUT)
        lifespan.stop()
        self.assertEqual(events, ["started", "stopped"])

    def test_tasks_of_a_lifespan_go_on(self):
        ticks = []

        @asynccontextmanager
        async def lifespan(app):
            async def tick():
                while True:
                    ticks.append(variable.get())
                    await asyncio.sleep(0)

            task = asyncio.create_task(tick())
            yield
            task.cancel()

        for inline in (True, False):
            with self.subTest(inline=inline):
                running = Lifespan(FastAPI(lifespan=lifespan))
                context = copy_context()
                context.run(variable.set, f"inline: {inline}")
                context.run(running.start, inline)
                ticks.clear()
                while len(ticks) < 3:
                    os.sched_yield()
                running.stop()
                self.assertEqual(set(ticks), {f"inline: {inline}"})

    def test_hanging_start_on_the_calling_thread(self):
        @asynccontextmanager
        async def lifespan(app):
            await asyncio.Event().wait()
            yield

        hanging = Lifespan(FastAPI(lifespan=lifespan))
        with (
            patch.object(lifespan_module, "START_TIMEOUT", 0.1),
            self.assertRaises(StartTimeoutError) as caught,
        ):
            hanging.start(inline=True)
        self.assertTrue(caught.exception.is_over())
        hanging.stop()

    def test_start_on_the_calling_thread(self):
        threads = []

        @asynccontextmanager
        async def lifespan(app):
            threads.append(threading.current_thread())
            yield

        for inline in (True, False):
            running = Lifespan(FastAPI(lifespan=lifespan))
            running.start(inline)
            running.stop()
        self.assertIs(threads[0], threading.current_thread())
        self.assertIsNot(threads[1], threading.current_thread())

    def test_hanging_stop(self):
        """No finalizer and no other app waits for it."""
        release = threading.Event()
        self.addCleanup(release.set)

        @asynccontextmanager
        async def block(app):
            yield
            release.wait(TIMEOUT)
            ended.set()

        ended = threading.Event()
        blocked = Lifespan(FastAPI(lifespan=block))
        blocked.start()
        blocked.stop_soon()
        app, events = self._app()
        other = Lifespan(app)
        with (
            patch.object(lifespan_module, "START_TIMEOUT", 1),
            self._expect_block(block.__wrapped__, offset=3),
        ):
            other.start()
        self.assertEqual(events, ["started"])
        self.assertFalse(ended.is_set())
        release.set()
        wait_for_stops()
        self.assertTrue(ended.is_set())
        other.stop()

    def test_hanging_stop_is_cancelled(self):
        @asynccontextmanager
        async def wait(app):
            yield
            await asyncio.Event().wait()

        hanging = Lifespan(FastAPI(lifespan=wait))
        hanging.start()
        with (
            patch.object(lifespan_module, "STOP_TIMEOUT", 0.1),
            self.assertLogs("odoo.addons.fastapi.bridge.lifespan", "ERROR"),
        ):
            hanging.stop_soon()
            self.assertTrue(hanging._stopped.wait(TIMEOUT))
