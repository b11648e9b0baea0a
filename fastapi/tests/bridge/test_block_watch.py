# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# pylint: disable=missing-return
"""Code that blocks the shared loop is logged."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from unittest.mock import patch

from fastapi import FastAPI, WebSocket

from ...bridge import Lifespan, block_watch, get_shared_loop, shared_loop
from ..bridge_case import TIMEOUT, BridgeCase
from ..websocket_case import WebSocketCase, app_with

BLOCK_TIME = 0.2


class TestBlockWatch(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(shared_loop, "_current", None))
        self.enterContext(patch.object(block_watch, "BLOCK_TIME", BLOCK_TIME))
        self.loop = get_shared_loop()
        self.logs = self.enterContext(self.assertLogs(block_watch.__name__))
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def block(self):
        self.go_on.wait(TIMEOUT)  # the line that blocks

    def end_block(self, number=1):
        """Let a block end; return the entry of the log that describes it."""
        # a loaded machine may have blocked the loop too
        found = self.wait_for(lambda: self.find_entries()[number - 1 :])
        # the thread looks again
        self.wait_for(lambda: self.loop.blocked_for() > 4 * BLOCK_TIME)
        self.assertEqual(len(self.find_entries()), number)
        self.go_on.set()
        end = self.wait_for(lambda: self.logs.output[found[0] + 1 :])
        self.assertIn("goes on after", end[0])
        self.go_on.clear()
        return self.logs.output[found[0]]

    def find_entries(self):
        line = self.block.__code__.co_firstlineno + 1
        place = f"{__file__}:{line}, in block\n"
        return [i for i, entry in enumerate(self.logs.output) if place in entry]

    def check(self, entry, owner, task):
        self.assertIn("asyncio.to_thread", entry)
        self.assertIn("tx.run", entry)
        _advice, found_owner, found_task, *_stack = entry.split("\n  ")
        self.assertEqual(found_owner, owner)
        self.assertIn(task, found_task)

    def test_websocket(self):
        async def chat(ws: WebSocket):
            await ws.accept()
            while True:
                await ws.receive_text()
                self.block()
                await ws.send_text("done")

        client = self.open(app_with(chat, "/chat"), "/chat")
        for number in (1, 2):
            client.send("block")
            entry = self.end_block(number)
            self.check(entry, str(self.exchanges[0]), "WebSocketConnection")
            self.assertIn("in chat", entry)
            self.assertEqual(client.recv(), "done")

    def test_task_of_a_lifespan(self):
        async def tick():
            while True:
                await blocks.get()
                self.block()

        @asynccontextmanager
        async def lifespan(_app):
            asyncio.create_task(tick())
            yield

        blocks = asyncio.Queue()
        app = Lifespan(FastAPI(lifespan=lifespan), "Library")
        app.start()
        self.addCleanup(app.stop)
        self.loop.call_soon_threadsafe(blocks.put_nowait, None)
        self.check(self.end_block(), "the lifespan of Library", "tick")

    def test_thread_sleeps_while_the_loop_waits(self):
        self.loop.call_soon_threadsafe(self.block)
        self.end_block()
        self.wait_for(lambda: not self.loop._selector.turns.is_set())
        # and wakes up for the next turn
        self.loop.call_soon_threadsafe(self.block)
        self.end_block(2)


class TestTimedSelector(BridgeCase):
    def setUp(self):
        super().setUp()
        self.selector = block_watch.TimedSelector()
        self.addCleanup(self.selector.close)

    def test_block_that_no_thread_has_seen(self):
        """It keeps the interpreter's lock, or the greenlets of the evented server."""
        self.selector.turn_began = time.monotonic() - 7
        with self.assertLogs(block_watch.__name__, "WARNING") as logs:
            self.selector.select(0)
        self.assertIn("was blocked for 7.0 seconds", logs.output[0])
        self.assertIn("asyncio.to_thread", logs.output[0])

    def test_short_turn(self):
        self.selector.turn_began = time.monotonic()
        with self.assertNoLogs(block_watch.__name__):
            self.selector.select(0)
