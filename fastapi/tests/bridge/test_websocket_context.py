# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Threads, context variables and dependencies of an app that moves."""

import asyncio
import logging
import threading
from contextvars import ContextVar
from typing import Annotated
from unittest.mock import patch

import anyio
from fastapi import Depends, WebSocket

from ...bridge.shared_loop import get_shared_loop
from ..bridge_case import TIMEOUT
from ..websocket_case import WebSocketCase, app_with

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="outside")


class TestContext(WebSocketCase):
    def test_threads(self):
        """The app moves from the request's thread to that of the loop."""
        places = []

        async def handler(ws: WebSocket):
            places.append((threading.get_ident(), asyncio.get_running_loop()))
            await ws.accept()
            places.append((threading.get_ident(), asyncio.get_running_loop()))
            places.append(await asyncio.to_thread(threading.get_ident))
            places.append(await anyio.to_thread.run_sync(threading.get_ident))

        client = self.open(app_with(handler))
        client.recv()
        self.wait_for_end()
        (before, _loop), (after, loop), *workers = places
        self.assertNotEqual(before, after)
        self.assertIs(loop, get_shared_loop())
        self.assertNotIn(after, workers)

    def test_context_variables_and_dependencies(self):
        log = []

        def sync_resource():
            log.append(("sync", threading.get_ident()))
            yield
            log.append(("sync torn down", threading.get_ident()))

        async def async_resource():
            token = VARIABLE.set("inside")
            try:
                yield
            finally:
                await asyncio.sleep(0)
                log.append(("variable", VARIABLE.get()))
                VARIABLE.reset(token)
                log.append(("variable", VARIABLE.get()))

        async def handler(
            ws: WebSocket,
            one: Annotated[None, Depends(sync_resource)],
            two: Annotated[None, Depends(async_resource)],
        ):
            await ws.accept()
            log.append(("handler", threading.get_ident()))
            log.append(("task", await asyncio.create_task(read())))

        async def read():
            return VARIABLE.get()

        with self.assertNoLogs("odoo.addons.fastapi", "WARNING"):
            self.open(app_with(handler)).recv()
            self.wait_for_end()
        names, values = zip(*log, strict=True)
        self.assertEqual(
            names,
            ("sync", "handler", "task", "variable", "variable", "sync torn down"),
        )
        self.assertEqual(values[2:5], ("inside", "inside", "outside"))
        self.assertNotEqual(values[1], values[5], "It would block the loop.")

    def test_middleware(self):
        log = []

        class Middleware:
            def __init__(self, app, name):
                self.app = app
                self.name = name

            async def __call__(self, scope, receive, send):
                token = VARIABLE.set(self.name)
                try:
                    with anyio.CancelScope():
                        await self.app(scope, receive, send)
                finally:
                    log.append(VARIABLE.get())
                    VARIABLE.reset(token)

        async def handler(ws: WebSocket):
            await ws.accept()
            await ws.receive_text()
            log.append(VARIABLE.get())
            raise ZeroDivisionError

        app = app_with(handler)
        app.add_middleware(Middleware, name="inner")
        app.add_middleware(Middleware, name="outer")
        client = self.open(app)
        with self.assertLogs("odoo.http", "ERROR") as logs:
            client.send("go on")
            client.recv()
            self.wait_for_end()
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(log, ["inner", "inner", "outer"])

    def test_log_entries_name_the_database(self):
        names = []

        class Handler(logging.Handler):
            def emit(self, record):
                names.append(getattr(threading.current_thread(), "dbname", None))

        logger = logging.getLogger("odoo.http")
        self.enterContext(patch.object(logger, "handlers", [Handler()]))
        self.enterContext(patch.object(logger, "propagate", False))

        async def fail(ws: WebSocket):
            await ws.accept()
            raise ZeroDivisionError

        thread = threading.current_thread()
        server, client = self.socket_pair()
        self.addCleanup(client.close)
        ended = threading.Event()
        with patch.object(thread, "dbname", "one", create=True):
            exchange = self.connect(app_with(fail))
            exchange.on_end = ended.set
            exchange.serve(server)
            client.recv(100)
            client.close()
            self.assertTrue(ended.wait(TIMEOUT))
        self.assertEqual(names, ["one"])
