# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""What happens on a loop while it waits."""

import asyncio
import queue
import socket
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from unittest.mock import patch

import fastapi.routing
from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse
from werkzeug.exceptions import ServiceUnavailable

from ...app.prepare import prepare_app
from ...bridge import WsgiApp, loops, stop_loops
from ...bridge.loops import borrow_loop, new_loop
from ...exceptions import StreamCut
from ..bridge_case import TIMEOUT, BridgeCase, make_environ

LOGGER = "odoo.addons.fastapi.bridge.loops"


class WaitCase(BridgeCase):
    def connect(self):
        """Return both ends of a connection: the server's and the client's."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = self.enterContext(socket.create_connection(listener.getsockname()))
            server, _address = listener.accept()
        return self.enterContext(server), client

    def get_task(self, app, path):
        """Return the background task that a request has left."""
        prepare_app(app)
        (task,) = self.call(app, path).tasks
        return task

    def stream(self, app, **environ):
        """Return the beginning of a stream."""
        answer = WsgiApp(app)(make_environ(**environ), lambda *_args: None)
        self.assertTrue(answer.streaming)
        return answer


class TestSharedLoops(WaitCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(loops, "_warned", set()))

    def share(self, wait, wake):
        """Let one request wait and another one wake it; return what they returned."""
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
            self.assertRegex(str(exc), rf"^wait_for_{name} \(.*test_waits.py:\d")
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
            with closing(self.stream(app, path="/stream")) as answer:
                chunks = iter(answer)
                with self.assertLogs(LOGGER, "WARNING"):
                    self.assertEqual(
                        [next(chunks), next(chunks)], [b"first", b"second"]
                    )
                # nobody takes the third one
                self.assertEqual(waiter.result(TIMEOUT).code, 200)

    def test_loop_that_starts_while_it_is_woken(self):
        """It has seen nothing to do just before the other thread says so."""
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
        """A future of asyncio wakes nobody any more once that has failed."""
        made = []
        self.addCleanup(lambda: [loop.close() for loop in made])

        def trace(frame, event, _arg):
            """Let another thread make a loop at each line."""
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
        """``run_coroutine_threadsafe`` may be waited for."""
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


class TestClient(WaitCase):
    def make_app(self):
        app = FastAPI()
        self.ended = []

        @app.get("/")
        async def handler(request: Request) -> StreamingResponse:
            async def chunks():
                try:
                    yield "first"
                    await asyncio.Event().wait()
                finally:
                    self.ended.append(True)

            return StreamingResponse(chunks())

        return app

    def test_stream_ends_when_its_client_goes(self):
        for key in ("socket", "werkzeug.socket"):
            with self.subTest(key):
                server, client = self.connect()
                answer = self.stream(self.make_app(), **{key: server})
                with closing(answer):
                    chunks = iter(answer)
                    self.assertEqual(next(chunks), b"first")
                    client.close()
                    with self.assertRaisesRegex(StreamCut, "client has disconnected"):
                        next(chunks)
                self.assertEqual(self.ended, [True])

    def test_socket_of_a_stream_is_let_go(self):
        """The loop, which is lent again, does not know it any more."""
        app = FastAPI()
        seen = []

        @app.get("/")
        async def handler() -> StreamingResponse:
            async def chunks():
                yield "a"
                await asyncio.sleep(0.01)
                seen.append(dict(loop._selector.get_map()))
                yield "b"

            loop = asyncio.get_running_loop()
            seen.append(loop)
            return StreamingResponse(chunks())

        server, _client = self.connect()
        with closing(self.stream(app, socket=server)) as answer:
            self.assertEqual(b"".join(answer), b"ab")
        loop, watched = seen
        self.assertIn(server.fileno(), watched)
        self.assertNotIn(server.fileno(), loop._selector.get_map())
        self.assertFalse(loop.is_closed())

    def test_handler_that_waits_is_not_cancelled(self):
        app = FastAPI()

        @app.get("/")
        async def handler(request: Request) -> bool:
            before = await request.is_disconnected()
            client.close()
            while not await request.is_disconnected():
                await asyncio.sleep(0.01)
            return before

        server, client = self.connect()
        self.assertEqual(self.call(app, socket=server).body, b"false")

    def test_client_of_another_kind_of_socket(self):
        server, client = socket.socketpair()  # of Unix: it has no state of TCP
        with server, client:
            app = FastAPI()

            @app.get("/")
            async def handler(request: Request) -> bool:
                return await request.is_disconnected()

            self.assertEqual(self.call(app, socket=server).body, b"false")


class TestEvents(WaitCase):
    def test_comments_while_a_sync_generator_waits(self):
        """FastAPI sends one each 15 seconds."""
        going_on = threading.Event()
        threads = []
        app = FastAPI()

        @app.get("/", response_class=EventSourceResponse)
        def events():
            for _number in range(2):
                threads.append(vars(threading.current_thread())["dbname"])
                yield "event"
                going_on.wait(TIMEOUT)

        threading.current_thread().dbname = "noted"
        self.addCleanup(vars(threading.current_thread()).pop, "dbname")
        with (
            patch.object(fastapi.routing, "_PING_INTERVAL", 0.05),
            closing(self.stream(app)) as answer,
        ):
            chunks = iter(answer)
            self.assertEqual(next(chunks), b'data: "event"\n\n')
            for _comment in range(3):
                self.assertTrue(next(chunks).startswith(b":"))
            going_on.set()
            rest = [chunk for chunk in chunks if not chunk.startswith(b":")]
        self.assertEqual(rest, [b'data: "event"\n\n'])
        self.assertEqual(threads, ["noted"] * 2)

    def test_thread_ends_with_the_stream(self):
        app = FastAPI()
        threads = []

        @app.get("/", response_class=EventSourceResponse)
        def events():
            threads.append(threading.current_thread())
            yield "event"

        before = threading.active_count()
        self.assertIn(b"event", self.call(app).body)
        threads[0].join(TIMEOUT)
        self.assertEqual(threading.active_count(), before)

    def test_generator_that_fails(self):
        app = FastAPI()

        @app.get("/", response_class=EventSourceResponse)
        def events():
            yield "event"
            raise ZeroDivisionError("on purpose")

        # in a group, or as it is: that is FastAPI's business
        with self.assertRaises(Exception) as catcher:
            self.call(app)
        self.assertIn("on purpose", repr(catcher.exception))


class TestStop(WaitCase):
    def setUp(self):
        super().setUp()
        stop = self.enterContext(patch.object(loops, "_stop", threading.Event()))
        self.assertFalse(stop.is_set())
        self.enterContext(patch.object(loops, "STOP_GRACE", 0.01))
        self.app = FastAPI()

        @self.app.get("/")
        async def wait_for_ever() -> None:
            asyncio.get_running_loop().call_later(0.01, stop_loops)
            await asyncio.Event().wait()

        @self.app.get("/task")
        async def task_for_ever() -> JSONResponse:
            return JSONResponse(None, background=BackgroundTask(wait_for_ever))

        @self.app.get("/stream")
        async def stream_for_ever() -> StreamingResponse:
            async def chunks():
                yield "first"
                await wait_for_ever()

            return StreamingResponse(chunks())

    def test_request(self):
        exc = self.call(self.app).exception
        self.assertIsInstance(exc, ServiceUnavailable)

    def test_stream(self):
        with closing(self.stream(self.app, path="/stream")) as answer:
            with self.assertRaisesRegex(StreamCut, "server stops"):
                list(answer)

    def test_background_task(self):
        task = self.get_task(self.app, "/task")
        with self.assertRaisesRegex(RuntimeError, "server stops"):
            task()

    def test_request_that_does_not_wait(self):
        """It has the time that Odoo gives it."""
        app = FastAPI()

        @app.get("/")
        async def handler() -> str:
            await asyncio.sleep(0)
            return "done"

        stop_loops()
        self.assertEqual(self.call(app).body, b'"done"')
