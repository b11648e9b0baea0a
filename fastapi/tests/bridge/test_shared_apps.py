# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
import gc
import threading
from contextlib import suppress

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.websockets import WebSocket

from ...bridge import WsgiApp, on_shared_loop
from ..bridge_case import make_environ
from .test_shared_calls import SharedCallCase


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

        self.wait_for(look)

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
