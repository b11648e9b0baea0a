# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Clients that disconnect, and servers that stop."""

import asyncio
import socket
import threading
from contextlib import closing
from unittest.mock import patch

import fastapi.routing
from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse
from werkzeug.exceptions import ServiceUnavailable

from ...bridge import loops, stop_loops
from ...exceptions import StreamCut
from ..bridge_case import TIMEOUT
from .wait_case import WaitCase


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
                response = self.stream(self.make_app(), **{key: server})
                with closing(response):
                    chunks = iter(response)
                    self.assertEqual(next(chunks), b"first")
                    client.close()
                    with self.assertRaisesRegex(StreamCut, "client has disconnected"):
                        next(chunks)
                self.assertEqual(self.ended, [True])

    def test_socket_of_a_stream_is_let_go(self):
        """The loop is lent again without it."""
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
        with closing(self.stream(app, socket=server)) as response:
            self.assertEqual(b"".join(response), b"ab")
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

        threading.current_thread().dbname = "known"
        self.addCleanup(vars(threading.current_thread()).pop, "dbname")
        with (
            patch.object(fastapi.routing, "_PING_INTERVAL", 0.05),
            closing(self.stream(app)) as response,
        ):
            chunks = iter(response)
            self.assertEqual(next(chunks), b'data: "event"\n\n')
            for _comment in range(3):
                self.assertTrue(next(chunks).startswith(b":"))
            going_on.set()
            rest = [chunk for chunk in chunks if not chunk.startswith(b":")]
        self.assertEqual(rest, [b'data: "event"\n\n'])
        self.assertEqual(threads, ["known"] * 2)

    def test_thread_ends_with_the_stream(self):
        app = FastAPI()
        threads = []

        @app.get("/", response_class=EventSourceResponse)
        def events():
            threads.append(threading.current_thread())
            yield "event"

        before = set(threading.enumerate())
        self.assertIn(b"event", self.call(app).body)
        threads[0].join(TIMEOUT)
        self.assertEqual(set(threading.enumerate()) - before, set())

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


class TestCut(WaitCase):
    def test_stream(self):
        """Another thread ends it, as a disconnect of its client would."""
        app = FastAPI()
        seen = []

        @app.get("/")
        async def stream_for_ever(request: Request) -> StreamingResponse:
            async def chunks():
                try:
                    yield "first"
                    await asyncio.Event().wait()
                finally:
                    seen.append("closed")

            return StreamingResponse(chunks())

        with closing(self.stream(app)) as response:
            chunks = iter(response)
            self.assertEqual(next(chunks), b"first")
            cutter = threading.Timer(0.05, response.cut, ["The API has changed."])
            cutter.start()
            self.addCleanup(cutter.join)
            with self.assertRaisesRegex(StreamCut, "API has changed"):
                next(chunks)
            response.cut("again")
        self.assertEqual(seen, ["closed"])
        response.cut("at last")

    def test_late_cut(self):
        """The loop may serve another request by then, which it doesn't end."""
        app = FastAPI()

        @app.get("/")
        async def read(request: Request) -> StreamingResponse:
            return StreamingResponse(iter(["first"]))

        @app.get("/other")
        async def wait() -> str:
            await asyncio.sleep(0.1)
            return "complete"

        with closing(self.stream(app)) as response:
            self.assertEqual(list(response), [b"first"])
        cutter = threading.Timer(0.02, response.cut, ["The API has changed."])
        cutter.start()
        self.addCleanup(cutter.join)
        self.assertEqual(self.call(app, "/other").body, b'"complete"')


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
        with closing(self.stream(self.app, path="/stream")) as response:
            with self.assertRaisesRegex(StreamCut, "server stops"):
                list(response)

    def test_background_task(self):
        task = self.get_task(self.app, "/task")
        with self.assertRaisesRegex(RuntimeError, "server stops"):
            task()

    def test_request_that_does_not_wait(self):
        """It has as long as Odoo waits."""
        app = FastAPI()

        @app.get("/")
        async def handler() -> str:
            await asyncio.sleep(0)
            return "done"

        stop_loops()
        self.assertEqual(self.call(app).body, b'"done"')
