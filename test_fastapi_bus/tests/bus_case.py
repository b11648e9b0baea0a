# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Listeners in this process, and transactions on connections of their own."""

import asyncio
import json
import threading
from contextlib import contextmanager

from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.bus.models.bus import json_dump
from odoo.addons.fastapi.tests.work_case import release_registries
from odoo.addons.fastapi_bus import bus_events, reader
from odoo.addons.fastapi_bus.channels import get_target
from odoo.addons.test_fastapi.tests.servers import TIMEOUT, connect


@tagged("post_install", "-at_install")
class BusCase(BaseCase):
    def setUp(self):
        super().setUp()
        release_registries(self)
        self.dbname = get_db_name()
        self.connection = self.connect()
        self.addCleanup(self.query, "DELETE FROM bus_bus")
        self.addCleanup(self.wait_for_end)

    def connect(self):
        connection = connect(self.dbname)
        self.addCleanup(connection.close)
        return connection

    def query(self, query, *args):
        with self.connection.cursor() as cr:
            cr.execute(query, args)
            return cr.fetchall() if cr.description else None

    def wait_for_end(self):
        """Nothing is left when there are no listeners."""
        for thread in threading.enumerate():
            if isinstance(thread, reader.Reader):
                thread.join(TIMEOUT)
                self.assertFalse(thread.is_alive(), "The reader does not end.")
        self.assertFalse(reader._readers)
        for target in reader.dispatch._channels_to_ws:
            self.assertNotIn("fastapi_bus", target)

    def listen(self, *channels, **options):
        return bus_events(*channels, dbname=self.dbname, **options)

    @contextmanager
    def transaction(self):
        """Provide a transaction that has not sent anything yet."""
        connection = self.connect()
        connection.autocommit = False
        yield Transaction(connection, self.dbname)
        connection.close()

    def send(self, channel, payload):
        with self.transaction() as transaction:
            transaction.insert(channel, payload)
            transaction.commit()

    def run_async(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, TIMEOUT))

    async def take(self, events, count=1):
        return [event.payload for event in [await anext(events) for _ in range(count)]]


class Transaction:
    """A transaction that sends events like ``bus.bus``, step by step."""

    def __init__(self, connection, dbname):
        self._connection = connection
        self._dbname = dbname
        self._targets = set()

    def insert(self, channel, payload):
        """Insert an event; its id is given out now."""
        target = get_target(channel, self._dbname)
        self._targets.add(target)
        message = {"type": "test", "payload": payload}
        with self._connection.cursor() as cr:
            cr.execute(
                "INSERT INTO bus_bus (channel, message, create_date) "
                "VALUES (%s, %s, now() at time zone 'UTC') RETURNING id",
                [json_dump(target), json.dumps(message)],
            )
            return cr.fetchone()[0]

    def commit(self):
        self._connection.commit()
        notify = connect("postgres")
        with notify.cursor() as cr:
            cr.execute(
                "SELECT pg_notify('imbus', %s)", [json_dump(list(self._targets))]
            )
        notify.close()
        self._targets = set()

    def rollback(self):
        self._connection.rollback()
        self._targets = set()
