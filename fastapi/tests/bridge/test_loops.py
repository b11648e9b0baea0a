# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Loops that requests borrow."""

import asyncio
import contextlib
import contextvars
import gc
import json
import os
import selectors
import socket
import sys
import threading
import time
import warnings
import weakref
from typing import Annotated
from unittest.mock import patch

import anyio
import anyio.to_process
import anyio.to_thread
import psutil
from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from odoo.tools import mute_logger

from ...bridge import loops
from ...bridge.loops import MAX_BUSY_PASSES, borrow_loop, new_loop
from ..bridge_case import TIMEOUT, BridgeCase

LOGGER = "odoo.addons.fastapi.bridge.loops"


class TestLoops(BridgeCase):
    def test_wait_for_requests(self):
        begun, ends = threading.Event(), threading.Event()

        def request():
            with borrow_loop() as loop:
                loop.work = loops.Work()
                begun.set()
                ends.wait(TIMEOUT)

        thread = threading.Thread(target=request)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ends.set)
        self.assertTrue(begun.wait(TIMEOUT))
        start = time.monotonic()
        loops.wait_for_requests(0.1)
        self.assertGreaterEqual(time.monotonic() - start, 0.1)
        threading.Timer(0.1, ends.set).start()
        loops.wait_for_requests(TIMEOUT)
        self.assertLess(time.monotonic() - start, TIMEOUT / 2)

    def test_loop_does_not_keep_the_context_that_it_is_made_in(self):
        class Request:
            pass

        def make_loop():
            request = Request()
            variable.set(request)
            loop = new_loop()
            self.addCleanup(loop.close)
            return weakref.ref(request)

        variable = contextvars.ContextVar("request")
        request = contextvars.Context().run(make_loop)
        gc.collect()
        self.assertIsNone(request())

    def test_idle_loop_does_not_keep_its_last_request(self):
        async def call():
            await run_in_threadpool(int)
            return weakref.ref(asyncio.current_task())

        with borrow_loop() as loop:
            task = loop.run_until_complete(call())
        gc.collect()
        self.assertFalse(loop.is_closed())
        self.assertIsNone(task())

    def test_idle_loop_does_not_keep_timers_of_its_last_request(self):
        """A timer that was cancelled in the last step has the request's context."""

        class Request:
            pass

        async def app(_scope, _receive, send):
            request = Request()
            variable.set(request)
            seen.extend((asyncio.get_running_loop(), weakref.ref(request)))
            with anyio.move_on_after(TIMEOUT), anyio.move_on_after(2 * TIMEOUT):
                await send({"type": "http.response.start", "status": 200})
                await send({"type": "http.response.body", "body": b"done"})

        seen = []
        variable = contextvars.ContextVar("request")
        self.assertEqual(self.call(app).body, b"done")
        loop, request = seen
        gc.collect()
        self.assertFalse(loop.is_closed())
        self.assertIsNone(request())

    def test_loop_that_waits_for_signals_does_not_keep_its_first_request(self):
        """Like a worker of the prefork server."""

        class Request:
            pass

        def wait():
            request = Request()
            variable.set(request)
            loop.run_until_complete(waiting)
            return weakref.ref(request)

        def get_signals():
            # called when the loop is about to wait; a timer may be due before that
            loop.call_soon(waiting.set_result, None)
            return signals.fileno()

        signals, other_end = socket.socketpair()
        self.enterContext(signals)
        self.enterContext(other_end)
        loop = new_loop()
        self.addCleanup(loop.close)
        waiting = loop.create_future()
        variable = contextvars.ContextVar("request")
        with patch.object(loops, "worker_signals", get_signals):
            request = contextvars.copy_context().run(wait)
        self.assertIn(signals.fileno(), loop._selector.get_map())
        gc.collect()
        self.assertIsNone(request())

    @mute_logger("asyncio")  # the test may see the end of the process first
    def test_processes_of_a_request_end_with_it(self):
        async def call():
            return psutil.Process(await anyio.to_process.run_sync(os.getpid))

        # anyio's process runs the file of `__main__`, which imports relatively where
        # Odoo was started as `python -m odoo`; pytest-xdist's processes have none
        main = patch.object(sys.modules["__main__"], "__file__", None, create=True)
        with main, borrow_loop() as loop:
            process = loop.run_until_complete(call())
        process.wait(TIMEOUT)

    def test_loop_is_lent_again(self):
        with borrow_loop() as first:
            pass
        with borrow_loop() as second:
            self.assertIs(second, first)
            self.assertFalse(second.is_closed())

    def test_loop_is_lent_to_one_only(self):
        with borrow_loop() as first, borrow_loop() as second:
            self.assertIsNot(first, second)

    def test_loop_is_lent_to_another_thread(self):
        with borrow_loop() as first:
            pass

        def use():
            with borrow_loop() as loop:
                return loop, loop.run_until_complete(asyncio.sleep(0, "done"))

        self.assertEqual(self.in_threads([use]), [(first, "done")])

    def test_concurrent_requests_share_no_loop(self):
        count = 6
        barrier = threading.Barrier(count)
        app = FastAPI()

        @app.get("/")
        async def handler() -> int:
            # on a shared loop, the first one would keep the others from starting
            barrier.wait(TIMEOUT)
            return id(asyncio.get_running_loop())

        results = self.in_threads([lambda: self.call(app)] * count)
        self.assertEqual(len({json.loads(result.body) for result in results}), count)

    def test_request_does_not_ask_for_sockets(self):
        # each question gives the interpreter's lock to a thread that may keep it
        app = FastAPI()

        @app.get("/")
        async def handler() -> str:
            await asyncio.sleep(0)
            return "done"

        self.call(app)  # builds what is built once
        with patch.object(
            selectors.DefaultSelector,
            "select",
            autospec=True,
            side_effect=selectors.DefaultSelector.select,
        ) as select:
            self.assertEqual(self.call(app).body, b'"done"')
        self.assertEqual(select.call_count, 0)

    def test_busy_loop_still_serves_its_sockets(self):
        async def stay_busy_until_read(loop):
            receiver, sender = socket.socketpair()
            with receiver, sender:
                readable = asyncio.Event()
                loop.add_reader(receiver, readable.set)
                sender.send(b"x")
                passes = 0
                while not readable.is_set():
                    passes += 1
                    await asyncio.sleep(0)
                loop.remove_reader(receiver)
            return passes

        with borrow_loop() as loop:
            passes = loop.run_until_complete(stay_busy_until_read(loop))
        self.assertLessEqual(passes, MAX_BUSY_PASSES + 1)

    def test_loop_is_discarded_after_an_exception(self):
        with contextlib.suppress(ValueError):
            with borrow_loop() as loop:
                raise ValueError
        self.assertTrue(loop.is_closed())

    def test_no_loop_of_the_process_is_replaced(self):
        # Odoo's bus and others may have set one for this thread
        own = asyncio.new_event_loop()
        self.addCleanup(own.close)
        asyncio.set_event_loop(own)
        self.addCleanup(asyncio.set_event_loop, None)
        with borrow_loop() as loop:
            loop.run_until_complete(asyncio.sleep(0))
        self.assertIs(asyncio.get_event_loop(), own)

    def _fork(self, run):
        """Call a function in a child process, and return its exit status."""
        with warnings.catch_warnings():
            # Python 3.12 warns of threads, which the child does not need
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            status = 1
            try:
                status = run()
            finally:
                os._exit(status)
        _pid, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    def test_child_of_a_fork_takes_no_loop_of_its_parent(self):
        def run():
            with borrow_loop() as own:
                own.run_until_complete(asyncio.sleep(0))
                return 0 if own is not loop else 2

        with borrow_loop() as loop:
            pass
        self.assertEqual(self._fork(run), 0)
        with borrow_loop() as still:
            self.assertIs(still, loop)

    def test_child_of_a_fork_leaves_the_loops_of_its_parent_alone(self):
        def run():
            gc.collect()
            return 0

        async def call_thread():
            # long enough for the loop to fall asleep; it wakes up late if at all
            return await asyncio.wait_for(asyncio.to_thread(never.wait, 0.2), TIMEOUT)

        never = threading.Event()
        lent = new_loop()
        self.addCleanup(lent.close)
        with borrow_loop() as loop:
            ident = id(loop)
        del loop  # the child must be able to collect it
        self.assertEqual(self._fork(run), 0)
        with borrow_loop() as idle:
            self.assertEqual(id(idle), ident)
            for loop in (idle, lent):
                start = time.monotonic()
                loop.run_until_complete(call_thread())
                self.assertLess(time.monotonic() - start, TIMEOUT)

    def test_stream_gives_its_loop_back(self):
        app = FastAPI()
        kept = []

        @app.get("/")
        async def handler() -> StreamingResponse:
            kept.append(StreamingResponse(iter("ab")))
            return kept[-1]

        with borrow_loop() as loop:
            pass
        for _request in range(2):
            self.assertEqual(self.call(app).body, b"ab")
            with borrow_loop() as other:
                self.assertIs(other, loop)

    def test_no_thread_is_left(self):
        app = FastAPI()

        def dependency():
            yield threading.get_ident()

        @app.get("/")
        def handler(ident: Annotated[int, Depends(dependency)]) -> int:
            return ident

        before = set(threading.enumerate())
        for _request in range(200):
            self.assertEqual(self.call(app).code, 200)
        self.assertEqual(set(threading.enumerate()) - before, set())

    def test_no_loop_is_left_open_by_requests_in_turn(self):
        app = FastAPI()
        loops = []  # themselves: one that is freed leaves its id to the next

        @app.get("/")
        async def handler() -> None:
            loops.append(asyncio.get_running_loop())

        for _request in range(50):
            self.assertEqual(self.call(app).code, 200)
        self.assertEqual(len(loops), 50)
        self.assertEqual(len(set(loops)), 1)
