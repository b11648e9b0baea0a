# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Tasks and timers that a request leaves on its loop."""

import asyncio
import contextlib
import json
from contextlib import suppress
from unittest.mock import patch

from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse

from ...bridge import loops
from ...bridge.loops import borrow_loop
from ..bridge_case import TIMEOUT, BridgeCase
from .wait_case import LOGGER, WaitCase


class TestLeftovers(WaitCase):
    def setUp(self):
        super().setUp()
        self.app = FastAPI()

        async def work():
            await asyncio.sleep(TIMEOUT)

        @self.app.get("/task/{number}")
        async def leave_task(number: int) -> None:
            self.task = asyncio.create_task(work())

        @self.app.get("/timer/{number}")
        def leave_timer(number: int) -> None:
            pass

        @self.app.get("/timer")
        async def leave_timer_async() -> None:
            asyncio.get_running_loop().call_later(TIMEOUT, self.fail, "called")

        @self.app.get("/clean")
        async def wait_for_task() -> None:
            task = asyncio.create_task(asyncio.sleep(0))
            await asyncio.wait_for(task, TIMEOUT)

    def test_one_warning_for_what_is_left(self):
        for path, route, name in (
            ("/task/7", "GET /task/{number}", "work ("),
            ("/timer", "GET /timer", "TestCase.fail ("),
        ):
            with self.subTest(path), self.assertLogs(LOGGER, "WARNING") as logs:
                self.assertEqual(self.call(self.app, path).code, 200)
            self.assertEqual(len(logs.records), 1)
            self.assertIn(route, logs.output[0])
            self.assertIn(name, logs.output[0])

    def test_no_warning_if_nothing_is_left(self):
        for path in ("/clean", "/timer/7"):
            with self.assertNoLogs(LOGGER, "WARNING"):
                self.call(self.app, path)

    def test_warning_names_the_background_task(self):
        async def start():
            self.task = asyncio.create_task(asyncio.sleep(TIMEOUT))

        app = FastAPI()

        @app.get("/")
        def handler() -> JSONResponse:
            return JSONResponse(None, background=BackgroundTask(start))

        task = self.get_task(app, "/")
        with self.assertLogs(LOGGER, "WARNING") as logs:
            task()
        self.assertIn("Background task start", logs.output[0])

    def test_task_that_takes_no_notice_of_being_cancelled(self):
        async def stubborn():
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(TIMEOUT)

        async def leave():
            self.task = asyncio.create_task(stubborn())
            await asyncio.sleep(0)

        with (
            patch.object(loops, "CANCEL_GRACE", 0.01),
            self.assertLogs(LOGGER, "ERROR") as logs,
            borrow_loop() as loop,
        ):
            loop.run_until_complete(leave())
        self.assertTrue(loop.is_closed())
        self.assertIn("stubborn", logs.output[0])


class TestTasksLeftBehind(BridgeCase):
    def test_task_left_behind_is_cancelled(self):
        seen = {}

        async def leave_behind():
            seen["loop"] = asyncio.get_running_loop()
            seen["task"] = asyncio.create_task(asyncio.Event().wait())

        with borrow_loop() as loop:
            loop.run_until_complete(leave_behind())
        self.assertIs(seen["loop"], loop)
        self.assertTrue(seen["task"].cancelled())

    def test_loop_with_a_task_left_behind_is_discarded(self):
        seen = []
        app = FastAPI()

        @app.get("/")
        async def handler() -> str:
            seen.append(asyncio.get_running_loop())
            seen.append(asyncio.create_task(asyncio.Event().wait()))
            return "response"

        with self.assertLogs(LOGGER, "WARNING"):
            result = self.call(app)
        self.assertEqual(json.loads(result.body), "response")
        self.assertIsNone(result.exc_info)
        self.assertTrue(seen[0].is_closed())
        self.assertTrue(seen[1].cancelled())
        with borrow_loop() as loop:
            self.assertIsNot(loop, seen[0])

    def test_task_left_behind_can_clean_up(self):
        cleaned = []
        app = FastAPI()

        async def work(started):
            try:
                started.set()
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                cleaned.append(True)

        @app.get("/")
        async def handler() -> None:
            started = asyncio.Event()
            handler.task = asyncio.create_task(work(started))
            await started.wait()

        with self.assertLogs(LOGGER, "WARNING"):
            self.call(app)
        self.assertEqual(cleaned, [True])

    def test_loop_of_a_failed_request_with_a_task_left_behind(self):
        seen = []
        app = FastAPI()

        @app.get("/")
        async def handler() -> None:
            seen.append(asyncio.create_task(asyncio.Event().wait()))
            raise ValueError("cause")

        self.assertIsInstance(self.call(app).exception, ValueError)
        self.assertTrue(seen[0].cancelled())

    def test_async_generator_left_behind_on_a_discarded_loop_is_closed(self):
        closed = []

        async def generate():
            try:
                yield 1
            finally:
                closed.append(True)

        generator = generate()

        async def start():
            await anext(generator)
            raise ValueError

        with contextlib.suppress(ValueError):
            with borrow_loop() as loop:
                loop.run_until_complete(start())
        self.assertEqual(closed, [True])

    def test_middleware_leaves_nothing_on_the_loop(self):
        async def dispatch(request, call_next):
            return await call_next(request)

        app = FastAPI(middleware=[Middleware(BaseHTTPMiddleware, dispatch)] * 2)

        @app.get("/")
        async def handler() -> int:
            return id(asyncio.get_running_loop())

        with borrow_loop() as loop:
            pass
        for _request in range(2):
            self.assertEqual(json.loads(self.call(app).body), id(loop))
