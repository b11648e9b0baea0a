# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import asyncio
from queue import Empty, SimpleQueue
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo.tools import mute_logger

from odoo.addons.bus.models.bus import json_dump
from odoo.addons.fastapi_bus import EventsEnded, reader
from odoo.addons.test_fastapi.tests.servers import TIMEOUT, drop_database

from .bus_case import BusCase


class LateQueue(SimpleQueue):
    """Behaves as if threads lost the processor whenever ``get`` looks at the clock.

    Before Python 3.13, a ``get`` with a timeout then waits for ever, unless the last
    one has found the queue empty.
    """

    _was_empty = False

    def put(self, item):  # pylint: disable=missing-return
        self._was_empty = False
        super().put(item)

    def get(self, block=True, timeout=None):
        if block and self.empty() and not self._was_empty:
            timeout = None
        try:
            return super().get(block, timeout)
        except Empty:
            self._was_empty = True
            raise


class TestFaults(BusCase):
    def check_arrival(self):
        """Send events with and without NOTIFY."""

        async def test():
            async with self.listen("a/1") as events:
                for number in range(3):
                    self.send("a/1", number)
                    self.assertEqual(await self.take(events), [number])
                    self.query(
                        "INSERT INTO bus_bus (channel, message) "
                        "SELECT channel, message FROM bus_bus ORDER BY id DESC LIMIT 1"
                    )
                    self.assertEqual(await self.take(events), [number])

        with patch.object(reader, "LOOKS", (0.05, 0.1)):
            self.run_async(test())

    def test_missing_notify(self):
        self.check_arrival()

    def test_late_thread(self):
        with patch.object(reader, "SimpleQueue", LateQueue):
            self.check_arrival()

    def test_full_pool(self):
        connect = reader.db_connect
        failures = [PoolError("full")] * 3

        def db_connect(dbname):
            if failures and dbname == self.dbname:
                raise failures.pop()
            return connect(dbname)

        async def test():
            async with self.listen("a/1") as events:
                failures.extend([psycopg2.OperationalError("gone")] * 3)
                while reader._readers[self.dbname]._cr is not None:
                    await asyncio.sleep(0)
                self.send("a/1", 1)
                self.send("a/1", 2)
                self.assertEqual(await self.take(events, 2), [1, 2])
            self.assertFalse(failures)

        with (
            patch.object(reader, "db_connect", db_connect),
            patch.object(reader, "KEEP", 0.01),
        ):
            self.run_async(test())

    def test_dropped_database(self):
        async def test(events):
            with self.assertRaisesRegex(EventsEnded, "does not exist"):
                await anext(events)
            with self.assertRaises(EventsEnded):
                await anext(events)

        self.dbname += "_no_such"
        self.run_async(test(self.listen("a/1")))
        self.assertFalse(reader._readers)

    @mute_logger("odoo.sql_db")
    def test_database_of_the_same_name(self):
        """A backup is restored: what comes next has smaller ids."""

        def create(first_id):
            drop_database(self.dbname)
            self.query(f'CREATE DATABASE "{self.dbname}"')
            with self.connect().cursor() as cr:
                cr.execute(
                    f"CREATE SEQUENCE bus_bus_id_seq START {first_id};"
                    "CREATE TABLE bus_bus (id int DEFAULT nextval('bus_bus_id_seq'),"
                    " channel text, message text, create_date timestamp)"
                )

        async def test():
            async with self.listen("a/1") as events:
                inbox = reader._readers[self.dbname].inbox
                self.send("a/1", 1)
                inbox.put(None)
                self.assertEqual(await self.take(events), [1])
                create(1)
                self.send("a/1", 2)
                inbox.put(None)
                with self.assertRaisesRegex(EventsEnded, "does not exist"):
                    await anext(events)
            async with self.listen("a/1") as events:
                self.send("a/1", 3)
                reader._readers[self.dbname].inbox.put(None)
                self.assertEqual(await self.take(events), [3])

        self.dbname += "_restored"
        self.addCleanup(drop_database, self.dbname)
        create(1000)
        # it must not look while there is no database
        with patch.object(reader, "LOOKS", (2 * TIMEOUT, 2 * TIMEOUT)):
            self.run_async(test())

    @mute_logger("odoo.sql_db")
    def test_closed_connection(self):
        """The one that the reader keeps."""

        async def test():
            async with self.listen("a/1") as events:
                kept = reader._readers[self.dbname]._cr._cnx
                self.query("SELECT pg_terminate_backend(%s)", kept.get_backend_pid())
                self.send("a/1", 1)
                self.assertEqual(await self.take(events), [1])

        self.run_async(test())

    def test_unexpected_error(self):
        async def test():
            async with self.listen("a/1") as events, self.listen("b/1") as others:
                self.query(
                    "INSERT INTO bus_bus (channel, message) VALUES (%s, 'x')", key
                )
                for each in (events, others):
                    with self.assertRaisesRegex(EventsEnded, "can't be read"):
                        await anext(each)
            self.send("a/1", 1)

        key = json_dump((self.dbname, "fastapi_bus", "a/1"))
        with self.assertLogs(reader._logger, "ERROR"):
            self.run_async(test())
