# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The end of a WebSocket, and what remains of it: tasks, references, files."""

import asyncio
import gc
import os
import threading
from contextvars import ContextVar
from unittest.mock import patch
from weakref import ref

from fastapi import WebSocket

from ...bridge import connection_tasks, websocket_connection
from ...bridge.shared_loop import get_shared_loop
from ..bridge_case import TIMEOUT
from ..websocket_case import WebSocketCase, app_with

LOGGER = "odoo.addons.fastapi.bridge.websocket_connection"
TASKS_LOGGER = "odoo.addons.fastapi.bridge.connection_tasks"
VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="outside")


def tasks():
    """Return the tasks of the shared loop."""

    async def get():
        return asyncio.all_tasks() - {asyncio.current_task()}

    return asyncio.run_coroutine_threadsafe(get(), get_shared_loop()).result(TIMEOUT)


class TestEnds(WebSocketCase):
    def test_app_that_waits_for_something_else(self):
        ends = []

        async def handler(ws: WebSocket):
            await ws.accept()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                ends.append("cleaned up")
                raise

        client = self.open(app_with(handler))
        with self.assertNoLogs("odoo.http", "WARNING"):
            client.shutdown()
            self.wait_for_end()
        self.assertEqual(ends, ["cleaned up"])

    def test_app_that_never_ends(self):
        stop = threading.Event()
        swallowed = []

        async def handler(ws: WebSocket):
            await ws.accept()
            while not stop.is_set():
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    swallowed.append(True)

        self.addCleanup(stop.set)
        with (
            patch.object(websocket_connection, "NOTICE_GRACE", 0.05),
            patch.object(websocket_connection, "DISCONNECT_GRACE", 0.1),
            self.assertLogs(LOGGER, "ERROR") as logs,
        ):
            self.open(app_with(handler)).shutdown()
            self.wait_for_end()
        self.assertIn("WebSocket / does not end", logs.output[0])
        self.assertEqual(len(swallowed), 3)

    def test_app_that_cancels_itself(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        with self.assertLogs("odoo.http", "ERROR") as logs:
            _opcode, payload = self.open(app_with(handler)).recv_data()
            self.wait_for_end()
        self.assertEqual(int.from_bytes(payload[:2], "big"), 1011)
        self.assertIn("cancelled its own task", logs.output[0])

    def test_tasks_that_use_the_connection(self):
        ended = []

        class Pusher:
            def __init__(self, ws):
                self.ws = ws

            async def run(self):
                await push(self)

        async def push(_of):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        async def send_and_wait(send):
            await send("hello")
            await push(None)

        async def handler(ws: WebSocket):
            await ws.accept()

            async def closure():
                await push(None)
                await ws.send_text("never")

            for coroutine in (push(ws), Pusher(ws).run(), closure()):
                asyncio.create_task(coroutine)
            asyncio.create_task(send_and_wait(ws.send_text))
            await ws.receive_text()

        before = tasks()
        client = self.open(app_with(handler))
        self.assertEqual(client.recv(), "hello")
        client.close()
        self.wait_for_end()
        self.assertEqual(ended, [True] * 4)
        self.assertLessEqual(tasks(), before)

    def test_task_of_all_connections(self):
        """A task that one connection has started may serve others."""
        hub: list = []
        queues = []

        async def run():
            number = 0
            while queues:
                number += 1
                for queue in queues:
                    queue.put_nowait(number)
                await asyncio.sleep(0.01)

        async def handler(ws: WebSocket):
            await ws.accept()
            queue: asyncio.Queue = asyncio.Queue()
            queues.append(queue)
            if not hub:
                hub.append(asyncio.create_task(run()))
            try:
                while True:
                    await ws.send_text(str(await queue.get()))
            finally:
                queues.remove(queue)

        app = app_with(handler)
        one = self.open(app)
        one.recv()  # this one has started the task
        two = self.open(app)
        two.recv()
        with self.assertLogs(TASKS_LOGGER, "WARNING") as logs:
            one.close()
            self.wait_for(lambda: len(queues) == 1)
            self.wait_for(lambda: logs.records)
        (record,) = logs.records
        self.assertIn("run", record.getMessage())
        self.assertIn("goes on after the connection", record.getMessage())
        numbers = {int(two.recv()) for _n in range(100)}
        self.assertEqual(len(numbers), 100)
        two.close()
        self.wait_for(lambda: hub[0].done())

    def test_app_that_closes(self):
        """What ends the connection is no task that the app has left."""

        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.close(3000)

        with (
            patch.object(connection_tasks, "_warned", set()),
            self.assertNoLogs("odoo.addons.fastapi", "WARNING"),
        ):
            self.open(app_with(handler)).recv()
            self.wait_for_end()

    def test_socket_that_is_closed_before_it_is_served(self):
        codes = []

        async def handler(ws: WebSocket):
            await ws.accept()
            codes.append((await ws.receive())["code"])

        exchange = self.connect(app_with(handler))
        ended = threading.Event()
        exchange.on_end = ended.set
        server, client = self.socket_pair()
        server.close()
        client.close()
        exchange.serve(server)
        self.assertTrue(ended.wait(TIMEOUT))
        self.assertEqual(codes, [1006])

    def test_close_before_it_is_served(self):
        codes = []

        async def handler(ws: WebSocket):
            await ws.accept()
            codes.append((await ws.receive())["code"])

        exchange = self.connect(app_with(handler))
        ended = threading.Event()
        exchange.on_end = ended.set
        server, client = self.socket_pair()
        exchange.close(1012, "changed")
        exchange.serve(server)
        with client:
            self.assertEqual(client.recv(100), b"\x88\x09\x03\xf4changed")
        self.assertTrue(ended.wait(TIMEOUT))
        self.assertEqual(codes, [1012])


class TestLeftovers(WebSocketCase):
    def test_nothing_is_left(self):
        class Value:
            pass

        values = []

        async def handler(ws: WebSocket):
            ws.state.value = value = Value()
            values.append(ref(value))
            await ws.accept()
            async for text in ws.iter_text():
                if text == "fail":
                    raise ZeroDivisionError(value)
                await ws.send_text(text)

        app = app_with(handler)

        def run(count):
            for number in range(count):
                client = self.open(app)
                client.send("text")
                self.assertEqual(client.recv(), "text")
                if number % 3 == 0:
                    client.close()
                elif number % 3 == 1:
                    client.send("fail")
                    client.recv()
                client.shutdown()
                self.wait_for_end()

        with self.assertLogs("odoo.http", "ERROR"):
            run(3)
            before = self.count()
            run(9)
        self.doCleanups()  # closes the servers
        self.exchanges.clear()
        self.assertLessEqual(self.count()[1:], before[1:])
        self.assertEqual([value for found in values if (value := found())], [])
        self.assertEqual(websocket_connection._open, set())

    def test_request_is_forgotten(self):
        """The context of the request may hold it, until it is removed from there."""

        class Request:
            pass

        async def handler(ws: WebSocket):
            before.append(VARIABLE.get())
            await ws.accept()
            after.append(VARIABLE.get())
            await ws.receive()

        before: list = []
        after: list = []
        request = Request()
        request.app = app_with(handler)
        token = VARIABLE.set(request)
        exchange = self.connect(request.app, test_request=request)
        VARIABLE.reset(token)
        self.assertEqual(before, [request])
        before.clear()
        found = ref(request)
        server, client = self.socket_pair()
        self.addCleanup(client.close)
        exchange.context.run(VARIABLE.set, "outside")
        exchange.serve(server)
        del request, token
        gc.collect()
        self.assertIsNone(found())
        self.wait_for(lambda: after)
        self.assertEqual(after, ["outside"])

    def count(self):
        """Return the numbers of file descriptors, tasks and connections."""
        gc.collect()
        return (
            len(os.listdir("/proc/self/fd")),
            len(tasks()),
            len(websocket_connection._open),
        )

    def test_file_descriptors(self):
        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.receive()

        async def refuse(ws: WebSocket):
            await ws.close()

        def run():
            exchange = self.connect(app_with(handler))
            ended = threading.Event()
            exchange.on_end = ended.set
            server, client = self.socket_pair()
            kept.append(server)  # as the server does
            exchange.serve(server)
            client.close()
            self.assertTrue(ended.wait(TIMEOUT))
            self.assertEqual(server.fileno(), -1)
            self.assertFalse(self.connect(app_with(refuse)).accepted)
            self.connect(app_with(handler)).abort()

        kept: list = []
        run()
        before = self.count()
        for _number in range(5):
            run()
        for after, number in zip(self.count(), before, strict=True):
            self.assertLessEqual(after, number)
