# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Loops of greenlets, and loops inside of loops."""

import asyncio
import contextlib
import json
import threading
from typing import Annotated
from unittest.mock import patch

import anyio
import anyio.to_process
import anyio.to_thread
from fastapi import Depends, FastAPI

from ...app import callables
from ...app.prepare import prepare_app
from ...bridge import greenlets, inline_threads
from ...bridge.loops import borrow_loop
from ...bridge.request_state import STATE_KEY, RequestState
from ..bridge_case import BridgeCase, make_environ


class TestTaskOfThread(BridgeCase):
    """The rule of Python 3.14, on any Python: one current task for each thread."""

    def setUp(self):
        super().setUp()
        current = {}
        tasks = asyncio.tasks
        enter, leave = tasks._enter_task, tasks._leave_task

        def enter_task(loop, task):
            if current.get(threading.get_ident()) is not None:
                loop.call_soon(loop.stop)  # not for ever in a test
                raise RuntimeError("Cannot enter into a task while another is executed")
            current[threading.get_ident()] = task
            enter(loop, task)

        def leave_task(loop, task):
            self.assertIs(current.pop(threading.get_ident()), task)
            leave(loop, task)

        def swap_current_task(_loop, task):
            before = current.get(threading.get_ident())
            current[threading.get_ident()] = task
            return before

        for module, name, value in (
            (tasks, "_enter_task", enter_task),
            (tasks, "_leave_task", leave_task),
            (tasks, "_swap_current_task", swap_current_task),
            (tasks, "Task", tasks._PyTask),
            (inline_threads, "TASK_OF_THREAD", True),
            (callables, "TASK_OF_THREAD", True),
        ):
            self.enterContext(patch.object(module, name, value, create=True))

    async def work(self):
        return await asyncio.sleep(0, "done")

    def run_work(self):
        """Run it on another loop; asyncio.run would wait for ever."""
        with contextlib.closing(asyncio.new_event_loop()) as loop:
            return loop.run_until_complete(self.work())

    def test_sync_callables_can_run_a_loop_of_their_own(self):
        app = FastAPI()

        def provide():
            yield self.run_work()
            results.append(self.run_work())

        @app.get("/")
        def handler(value: Annotated[str, Depends(provide)]) -> list[str]:
            return [value, self.run_work()]

        @app.get("/async")
        async def async_handler() -> list[str]:
            asyncio.current_task()
            return [await self.work()]

        results = []
        prepare_app(app)
        self.assertEqual(json.loads(self.call(app).body), ["done"] * 2)
        self.assertEqual(json.loads(self.call(app, "/async").body), ["done"])
        self.assertEqual(results, ["done"])

    def test_flush_can_run_a_loop_of_its_own(self):
        app = FastAPI()
        results = []

        @app.get("/")
        async def handler() -> None:
            pass

        prepare_app(app)
        environ = make_environ()
        environ[STATE_KEY] = RequestState(flush=lambda: results.append(self.run_work()))
        self.assertEqual(self.call(app, environ=environ).code, 200)
        self.assertEqual(results, ["done"])

    def test_another_greenlet_goes_on_in_the_middle_of_a_task(self):
        class Greenlet:
            pass

        one, two = Greenlet(), Greenlet()

        async def handle():
            loop = asyncio.get_running_loop()
            greenlets._trace("switch", (one, two))
            result = self.run_work()
            greenlets._trace("switch", (two, one))
            self.assertIs(asyncio.get_running_loop(), loop)
            return [result, await self.work()]

        with borrow_loop() as loop:
            self.assertEqual(loop.run_until_complete(handle()), ["done"] * 2)


class TestOtherLoops(BridgeCase):
    """Other event loops of the process are not affected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = FastAPI()

        @cls.app.get("/")
        def handler() -> int:
            return threading.get_ident()

    def _run_elsewhere(self):
        """Return the thread that calls anyio, and the one that runs the call."""
        worker = anyio.run(anyio.to_thread.run_sync, threading.get_ident)
        return threading.get_ident(), worker

    def test_loop_of_another_thread_uses_worker_threads(self):
        self.call(self.app)
        [(caller, worker)] = self.in_threads([self._run_elsewhere])
        self.assertNotEqual(worker, caller)

    def test_loop_of_the_same_thread_uses_worker_threads(self):
        self.call(self.app)
        caller, worker = self._run_elsewhere()
        self.assertNotEqual(worker, caller)

    def test_loop_of_another_thread_during_a_request(self):
        app = FastAPI()
        run_elsewhere, in_threads = self._run_elsewhere, self.in_threads

        @app.get("/")
        def handler() -> list[int]:
            [(caller, worker)] = in_threads([run_elsewhere])
            return [caller, worker, threading.get_ident()]

        result = self.call(app)
        self.assertEqual(len(set(json.loads(result.body))), 3)

    def test_limit_of_other_loops_is_anyios_own(self):
        self.call(self.app)

        async def limiter():
            return anyio.to_thread.current_default_thread_limiter()

        self.assertIsInstance(anyio.run(limiter), anyio.CapacityLimiter)

    def test_fastapi_elsewhere_uses_worker_threads(self):
        self.call(self.app)
        seen = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            seen.append(message)

        async def serve():
            scope = {
                "type": "http",
                "method": "GET",
                "path": "/",
                "query_string": b"",
                "headers": [],
            }
            await self.app(scope, receive, send)

        asyncio.run(serve())
        self.assertNotEqual(int(seen[1]["body"]), threading.get_ident())
