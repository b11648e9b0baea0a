# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""WebSockets of apps that are mounted with ``on_shared_loop``."""

import asyncio
import os
import threading
from typing import Annotated

import websocket
from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect

from ...bridge import get_shared_loop, on_shared_loop
from ..bridge_case import TIMEOUT
from ..websocket_case import WebSocketCase


class TestSharedWebSockets(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.inner = FastAPI()
        self.app = FastAPI()
        self.app.mount("/inner", on_shared_loop(self.inner))

    def test_chat(self):
        connections = []
        loops = set()

        @self.inner.websocket("/chat")
        async def chat(ws: WebSocket):
            loops.add(asyncio.get_running_loop())
            await ws.accept()
            loops.add(asyncio.get_running_loop())
            connections.append(ws)
            try:
                while True:
                    text = await ws.receive_text()
                    for other in connections:
                        await other.send_text(text)
            except WebSocketDisconnect:
                connections.remove(ws)

        host, port = self.start(self.app)
        clients = []
        for _client in range(3):
            client = websocket.create_connection(
                f"ws://{host}:{port}/inner/chat", timeout=TIMEOUT
            )
            clients.append(client)
            self.addCleanup(client.shutdown)
        while len(connections) < len(clients):
            os.sched_yield()
        for number, client in enumerate(clients):
            client.send(f"text {number}")
            for receiver in clients:
                self.assertEqual(receiver.recv(), f"text {number}")
        for client in clients:
            client.close()
        for exchange in self.exchanges:
            self.assertTrue(exchange.ended.wait(TIMEOUT))
        self.assertEqual(connections, [])
        self.assertEqual(loops, {get_shared_loop()})

    def test_messages_to_the_client_while_the_app_waits_for_it(self):
        received = []

        @self.inner.websocket("/")
        async def push(ws: WebSocket):
            await ws.accept()

            async def tick():
                number = 0
                while True:
                    await ws.send_json(number)
                    number += 1
                    await asyncio.sleep(0)

            ticker = asyncio.create_task(tick())
            received.append(await ws.receive_text())
            ticker.cancel()
            await ws.close(4000)

        # the client does not answer the close frame
        client = self.open(self.app, "/inner/", limits={"close_timeout": 0.1})
        for number in range(100):
            self.assertEqual(client.recv(), str(number))
        client.send("enough")
        self.wait_for_end()
        self.assertEqual(received, ["enough"])

    def test_refusal(self):
        def refuse():
            raise HTTPException(418, "a teapot")

        @self.inner.websocket("/")
        async def refused(ws: WebSocket, _none: Annotated[None, Depends(refuse)]):
            await ws.accept()

        exchange = self.connect(self.app, "/inner/")
        self.assertFalse(exchange.accepted)
        self.assertEqual(exchange.status, 418)
        self.assertEqual(exchange.body, b'{"detail":"a teapot"}')

    def test_accepted_but_not_committed(self):
        ended = threading.Event()

        @self.inner.websocket("/")
        async def handler(ws: WebSocket):
            try:
                await ws.accept()
            finally:
                ended.set()

        exchange = self.connect(self.app, "/inner/")
        self.assertTrue(exchange.accepted)
        self.assertFalse(ended.is_set())
        exchange.abort()
        self.assertTrue(ended.is_set())

    def test_error_after_the_accept(self):
        @self.inner.websocket("/")
        async def fail(ws: WebSocket):
            await ws.accept()
            raise ValueError("cause")

        logger = "odoo.addons.fastapi.bridge.websocket_connection"
        with self.assertLogs(logger, "ERROR") as logs:
            # the client does not answer the close frame
            client = self.open_raw(self.app, "/inner/", limits={"close_timeout": 0.1})
            self.assertEqual(client.read_close()[0], 1011)
            self.wait_for_end()
        self.assertIn("cause", logs.output[0])

    def test_client_that_goes_ends_the_handler(self):
        ended = threading.Event()

        @self.inner.websocket("/")
        async def wait(ws: WebSocket):
            await ws.accept()
            try:
                await ws.receive_text()
            except WebSocketDisconnect:
                ended.set()

        client = self.open_raw(self.app, "/inner/")
        client.close()
        self.assertTrue(ended.wait(TIMEOUT))
        self.wait_for_end()
