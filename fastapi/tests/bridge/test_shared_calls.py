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
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.websockets import WebSocket

from ...bridge import WsgiApp, get_shared_loop, on_shared_loop, shared_loop
from ...bridge.loops import borrow_loop
from ..bridge_case import TIMEOUT, make_environ
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
        self.wait_until(lambda: errors[0]() is None)

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

        async def count():
            return len(asyncio.all_tasks())

        before = self.run_there(count())
        self.run_here(handler())
        self.assertEqual(self.run_there(count()), before)
        self.assertEqual(len(self.loop.on_abandon), 0)

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


class TestMountedApps(SharedCallCase):
    def setUp(self):
        super().setUp()
        self.inner = FastAPI()
        self.app = FastAPI()
        self.app.mount("/inner", on_shared_loop(self.inner))

    def test_all_requests_run_on_the_shared_loop(self):
        lock = asyncio.Lock()
        loops = []

        @self.inner.post("/items/{number}")
        async def handler(number: int, request: Request) -> dict:
            loops.append(asyncio.get_running_loop())
            async with lock:
                await asyncio.sleep(0)
                body = await request.body()
            return {
                "number": number,
                "body": body.decode(),
                "path": request.scope["root_path"],
            }

        def request(number):
            return lambda: self.call(
                self.app, f"/inner/items/{number}", method="POST", body=b"a" * 70_000
            )

        for number, result in enumerate(self.in_threads(map(request, range(8)))):
            self.assertEqual(result.code, 200, result.body)
            self.assertIn(f'"number":{number}'.encode(), result.body)
            self.assertIn(b"a" * 70_000, result.body)
            self.assertIn(b'"path":"/inner"', result.body)
        self.assertEqual(loops, [self.loop] * 8)

    def test_urls_of_its_routes(self):
        @self.inner.get("/items/{number}")
        async def get_item(number: int, request: Request) -> str:
            return str(request.url_for("get_item", number=number + 1))

        result = self.call(self.app, "/api/inner/items/1", root_path="/api")
        self.assertEqual(result.body, b'"http://odoo.example/api/inner/items/2"')

    def test_sync_handler_does_not_block_the_loop(self):
        @self.inner.get("/")
        def handler() -> str:
            self.run_there(asyncio.sleep(0))
            return threading.current_thread().name

        self.assertIn(b"AnyIO", self.call(self.app, "/inner/").body)

    def test_errors(self):
        async def plain(scope, receive, send):
            if scope["path"].endswith("silent"):
                return
            raise ValueError("cause")

        app = on_shared_loop(plain)
        self.assertEqual(repr(self.call(app).exception), "ValueError('cause')")
        result = self.call(app, "/silent")
        self.assertIn("without a response", str(result.exception))

    def test_stream(self):
        sent = []

        async def produce():
            for number in range(3):
                sent.append(number)
                yield f"{number} "

        @self.inner.get("/")
        async def stream() -> StreamingResponse:
            return StreamingResponse(produce())

        response = WsgiApp(self.app)(make_environ("/inner/"), lambda *args: None)
        chunks = iter(response)
        self.assertEqual(next(chunks), b"0 ")
        # the app waits until the client has taken the chunk
        self.assertLess(len(sent), 3)
        self.assertEqual(list(chunks), [b"1 ", b"2 "])
        response.close()

    def test_client_that_disconnects(self):
        ended = threading.Event()

        async def produce():
            try:
                while True:
                    yield "chunk"
            finally:
                ended.set()

        @self.inner.get("/")
        async def stream() -> StreamingResponse:
            return StreamingResponse(produce())

        response = WsgiApp(self.app)(make_environ("/inner/"), lambda *args: None)
        next(iter(response))
        response.close()
        del response

        def look():
            gc.collect()  # as on uvicorn: Starlette does not close the generator itself
            return ended.is_set()

        self.wait_until(look)

    def test_disconnect_while_the_app_waits(self):
        events = []

        async def plain(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            with suppress(OSError):
                body = {"type": "http.response.body", "body": b"a", "more_body": True}
                await send(body)
            while (message := await receive())["type"] == "http.request":
                pass
            events.append(message["type"])

        response = WsgiApp(on_shared_loop(plain))(make_environ(), lambda *args: None)
        next(iter(response))
        response.close()
        self.assertEqual(events, ["http.disconnect"])

    def test_cancelled_receive(self):
        async def plain(scope, receive, send):
            await receive()  # the body
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(receive(), 0.01)
            await PlainTextResponse("later")(scope, receive, send)

        result = self.call(on_shared_loop(plain))
        self.assertEqual((result.code, result.body), (200, b"later"))

    def test_refused_message(self):
        """The app sees the error, and can still respond."""

        async def plain(scope, receive, send):
            try:
                await send({"type": "http.unknown"})
            except RuntimeError as err:
                await PlainTextResponse(str(err))(scope, receive, send)

        result = self.call(on_shared_loop(plain))
        self.assertIn(b"http.unknown", result.body)

    def test_lifespan(self):
        @self.inner.get("/")
        async def handler() -> str:
            return "response"

        # on the shared loop itself, the app is called directly
        scope = {"type": "lifespan", "state": {}}
        seen = []

        async def plain(*args):
            seen.append((asyncio.get_running_loop(), args))

        self.run_there(on_shared_loop(plain)(scope, "receive", "send"))
        self.assertEqual(seen, [(self.loop, (scope, "receive", "send"))])


class TestMountedWebSockets(SharedCallCase):
    """What the wrapper does with a WebSocket that moves to the shared loop.

    ``accept`` returns on the shared loop, in the task that serves the connection.
    """

    async def serve(self, app, moves=True):
        """Run an app as the bridge does, and return what it has sent."""
        here, sent = asyncio.get_running_loop(), []
        # the coroutine is stepped by hand: it continues on another loop
        received = [{"type": "websocket.receive", "text": text} for text in "ab"]
        received.append({"type": "websocket.disconnect", "code": 1000})
        connect = [{"type": "websocket.connect"}]

        async def receive():
            if connect:
                return connect.pop()
            self.assertIs(asyncio.get_running_loop(), self.loop if moves else here)
            await asyncio.sleep(0)
            return received.pop(0)

        async def send(message):
            loop = asyncio.get_running_loop()
            sent.append((message["type"], loop is self.loop, message.get("text")))
            if message["type"] == "websocket.accept" and moves:
                await Move()

        coroutine = on_shared_loop(app)({"type": "websocket"}, receive, send)
        if await step(coroutine):
            await on_shared_loop(step(coroutine))
        return sent

    def test_it_continues_without_the_request(self):
        loops = []

        async def echo(scope, receive, send):
            websocket = WebSocket(scope | {"headers": []}, receive, send)
            loops.append(asyncio.get_running_loop())
            await websocket.accept()
            loops.append(asyncio.get_running_loop())
            async for text in websocket.iter_text():
                await websocket.send_text(text)

        sent = self.run_here(self.serve(echo))
        self.assertEqual(
            sent,
            [
                ("websocket.accept", False, None),
                ("websocket.send", True, "a"),
                ("websocket.send", True, "b"),
            ],
        )
        self.assertEqual(loops, [self.loop] * 2)

    def test_receive_that_waits_before_the_accept(self):
        async def app(scope, receive, send):
            await receive()
            early = asyncio.create_task(receive())
            await asyncio.sleep(0)
            await send({"type": "websocket.accept"})
            self.assertEqual((await early)["text"], "a")
            await send({"type": "websocket.close"})

        sent = self.run_here(self.serve(app))
        self.assertEqual([kind for kind, *_rest in sent][-1], "websocket.close")

    def test_refusal(self):
        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.close"})

        sent = self.run_here(self.serve(app, moves=False))
        self.assertEqual(sent, [("websocket.close", False, None)])

    def test_error_after_the_move(self):
        async def app(scope, receive, send):
            await receive()
            await send({"type": "websocket.accept"})
            raise ValueError("cause")

        with self.assertRaisesRegex(ValueError, "cause"):
            self.run_here(self.serve(app))


class Move:
    """Tells ``step`` that the coroutine continues elsewhere."""

    def __await__(self):
        yield self


async def step(coroutine):
    """Run a coroutine to its end, or until it moves; return whether it moves."""

    class Steps:
        def __await__(self):
            while True:
                try:
                    yielded = coroutine.send(None)
                except StopIteration:
                    return False
                if isinstance(yielded, Move):
                    return True
                yield yielded

    return await Steps()
