# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the reader does to hand over an event soon after its commit."""

import asyncio
from queue import SimpleQueue
from types import SimpleNamespace
from unittest.mock import patch

from odoo.api import SUPERUSER_ID, Environment

from odoo.addons.bus.models import bus
from odoo.addons.fastapi.tests.work_case import get_current_registry
from odoo.addons.fastapi_bus import reader, send_event
from odoo.addons.test_fastapi.tests.servers import TIMEOUT

from .bus_case import BusCase


class TestSpeed(BusCase):
    def test_own_commit(self):
        """It needs no NOTIFY."""

        async def test():
            async with self.listen("a/1") as events:
                with registry.cursor() as cr:
                    env = Environment(cr, SUPERUSER_ID, {})
                    send_event(env, "b/1", "test", 0)
                    send_event(env, "a/1", "test", 1)
                self.assertEqual(await self.take(events), [1])

        registry = get_current_registry(self.dbname)
        with (
            patch.object(bus, "get_notify_payloads", return_value=[]),
            patch.object(reader, "LOOKS", (2 * TIMEOUT, 2 * TIMEOUT)),
        ):
            self.run_async(test())

    def test_commit_without_listeners(self):
        """It does not make the reader look."""

        async def test():
            async with self.listen("a/1"):
                stand_in = SimpleNamespace(
                    subscription=reader._readers[self.dbname].subscription,
                    inbox=SimpleQueue(),  # the thread of the reader does not empty it
                    is_alive=lambda: True,
                )
                with patch.dict(reader._readers, {self.dbname: stand_in}):
                    reader.look_now(self.dbname, [(self.dbname, "fastapi_bus", "b/1")])
                    reader.look_now("another", [(self.dbname, "fastapi_bus", "a/1")])
                    self.assertTrue(stand_in.inbox.empty())
                    reader.look_now(self.dbname, stand_in.subscription._channels)
                    self.assertIsNone(stand_in.inbox.get_nowait())

        self.run_async(test())

    def test_connection_is_kept(self):
        """For a moment, outside of a transaction."""

        async def test():
            async with self.listen("a/1") as events:
                found = reader._readers[self.dbname]
                kept = found._cr
                self.send("a/1", 1)
                self.assertEqual(await self.take(events), [1])
                self.assertIs(found._cr, kept)
                pid = kept._cnx.get_backend_pid()
                query = "SELECT state FROM pg_stat_activity WHERE pid = %s"
                while self.query(query, pid) != [("idle",)]:
                    await asyncio.sleep(0)

        with patch.object(reader, "KEEP", TIMEOUT):
            self.run_async(test())

    def test_connection_is_given_back(self):
        async def test():
            async with self.listen("a/1") as events:
                found = reader._readers[self.dbname]
                while found._cr is not None:
                    await asyncio.sleep(0)
                self.send("a/1", 1)
                self.assertEqual(await self.take(events), [1])

        with patch.object(reader, "KEEP", 0.01):
            self.run_async(test())
