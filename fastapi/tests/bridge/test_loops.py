# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ast
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
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from unittest.mock import patch

import anyio
import anyio.to_process
import anyio.to_thread
import psutil
from anyio._backends import _asyncio as anyio_asyncio
from fastapi import BackgroundTasks, Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import FileResponse, StreamingResponse

from odoo.tests import BaseCase

from ...app import callables
from ...app.prepare import prepare_app
from ...bridge import greenlets, inline_threads, loops
from ...bridge.loops import MAX_BUSY_PASSES, borrow_loop, new_loop
from ...bridge.request_state import STATE_KEY, RequestState
from ..bridge_case import TIMEOUT, BridgeCase, make_environ

LOGGER = "odoo.addons.fastapi.bridge.loops"


class TestLoops(BridgeCase):
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
        """One that is cancelled in the last step has the context of the request."""

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
        """As it does in a worker of the prefork server."""

        class Request:
            pass

        def wait():
            request = Request()
            variable.set(request)
            loop.run_until_complete(asyncio.sleep(0.001))
            return weakref.ref(request)

        signals, other_end = socket.socketpair()
        self.enterContext(signals)
        self.enterContext(other_end)
        loop = new_loop()
        self.addCleanup(loop.close)
        variable = contextvars.ContextVar("request")
        with patch.object(loops, "worker_signals", signals.fileno):
            request = contextvars.copy_context().run(wait)
        self.assertIn(signals.fileno(), loop._selector.get_map())
        gc.collect()
        self.assertIsNone(request())

    def test_processes_of_a_request_end_with_it(self):
        async def call():
            return psutil.Process(await anyio.to_process.run_sync(os.getpid))

        # anyio's process runs the file of `__main__`, which imports relatively where
        # Odoo was started as `python -m odoo`
        main = patch.object(sys.modules["__main__"], "__file__", None)
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

        self.call(app)  # whatever is built on first use
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
            return "answer"

        with self.assertLogs(LOGGER, "WARNING"):
            result = self.call(app)
        self.assertEqual(json.loads(result.body), "answer")
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
        """Call a function in a child process, and return what it exits with."""
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


class TestInlineThreads(BridgeCase):
    """What FastAPI gives to a worker thread runs on the thread of the request."""

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
        def answer(request, exc):
            self._note()
            return StreamingResponse(iter(["answer"]))

        self.app.add_exception_handler(ValueError, answer)

        @self.app.get("/")
        async def handler() -> None:
            raise ValueError

        self.assertEqual(self._assert_own_thread(self.app).body, b"answer")

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

        before = threading.active_count()
        result = self._assert_own_thread(self.app)
        self.assertEqual(result.body, path.read_bytes())
        self.assertEqual(threading.active_count(), before)

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
            """As gevent has it."""

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
            return await asyncio.sleep(0, "answer")

        self.assertEqual(json.loads(self.call(self.app).body), "answer")


class TestTaskOfThread(BridgeCase):
    """asyncio of Python 3.14 has one current task a thread: its rule, on any Python."""

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
        """Run it on another loop; asyncio.run would wait for what gets nowhere."""
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
    """Nothing changes for the other event loops of the process."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.app = FastAPI()

        @cls.app.get("/")
        def handler() -> int:
            return threading.get_ident()

    def _run_elsewhere(self):
        """Return the thread that calls anyio, and the one that anyio calls."""
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


class TestAnyioNames(BaseCase):
    """``inline_threads`` uses names of anyio that are private."""

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
