# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime
from unittest.mock import Mock, patch

from psycopg2.errors import LockNotAvailable

from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.fastapi.tests.work_case import release_registries
from odoo.addons.fastapi_request_log import writer
from odoo.addons.fastapi_request_log.calls import Call
from odoo.addons.test_fastapi.tests.servers import connect


@tagged("post_install", "-at_install")
class TestMissingCalls(BaseCase):
    """The writer of this process, on connections of its own."""

    def setUp(self):
        super().setUp()
        release_registries(self)
        self.dbname = get_db_name()
        self.connection = connect(self.dbname)
        self.addCleanup(self.connection.close)
        self.addCleanup(self.query, "DELETE FROM fastapi_request_loss")
        self.writer = writer.Writer()
        # of a deleted endpoint, so that nothing else is stored
        call = Call(datetime(2026, 1, 31), 0, "GET", "/", 200, 1.0)
        patcher = patch.object(writer, "make_call", return_value=call)
        patcher.start()
        self.addCleanup(patcher.stop)

    def query(self, query):
        with self.connection.cursor() as cr:
            cr.execute(query)
            return cr.fetchall() if cr.description else None

    def make_capture(self, size=0):
        return Mock(
            settings=Mock(dbname=self.dbname),
            in_test=False,
            counted_size=0,
            get_size=Mock(return_value=size),
        )

    def write_calls(self, count):
        self.writer._write([self.make_capture()] * count)

    def fail_to_write(self, count, reason):
        with (
            patch.object(writer, "_write_calls", side_effect=RuntimeError(reason)),
            self.assertLogs(writer.__name__, "WARNING") as log,
        ):
            self.write_calls(count)
        return log.output

    def losses(self):
        return self.query("SELECT calls, reason FROM fastapi_request_loss")

    def test_calls_that_can_not_be_written(self):
        (line,) = self.fail_to_write(3, "no room")
        self.assertIn(f"3 calls are missing in the request log of {self.dbname}", line)
        self.fail_to_write(2, "still\nno room")
        self.assertEqual(self.losses(), [])
        self.write_calls(1)
        self.assertEqual(self.losses(), [(5, "still no room")])
        # they are stored once
        self.write_calls(1)
        self.assertEqual(self.losses(), [(5, "still no room")])

    def test_full_queue(self):
        self.writer.lost[self.dbname] = 7
        with self.assertLogs(writer.__name__, "WARNING"):
            self.write_calls(1)
        self.write_calls(1)
        self.assertEqual(self.losses(), [(7, "the queue was full")])

    def test_calls_with_megabytes_of_headers(self):
        """What waits has a limit in bytes, also while a batch is being written."""
        with (
            patch.object(writer, "_writer", self.writer),
            patch.object(writer, "SAMPLE", 2),
            patch.object(writer, "QUEUE_BYTES", 100),
            self.assertLogs(writer.__name__, "WARNING") as log,
        ):
            # that of the second and the fourth counts twice
            for size in (1_000_000, 49, 1_000_000, 1, 1, 1):
                writer.put(self.make_capture(size))
            self.assertEqual(self.writer.queue.qsize(), 4)
            items = self.writer._get(1000)
            writer.put(self.make_capture())
            self.assertEqual(self.writer.queue.qsize(), 0)
            self.writer._write(items)
            writer.put(self.make_capture())
            self.assertEqual(self.writer.queue.qsize(), 1)
        (line,) = log.output
        self.assertIn("3 calls are missing", line)
        self.write_calls(1)
        self.assertEqual(self.losses(), [(3, "the queue was full")])

    def test_lock_that_is_not_released(self):
        """It is waited for once, not three times."""
        with (
            patch.object(writer, "_write_calls", side_effect=LockNotAvailable) as write,
            self.assertLogs(writer.__name__, "WARNING"),
        ):
            self.write_calls(1)
        write.assert_called_once()

    def test_call_that_can_not_be_read(self):
        """It loses only itself, not its batch."""
        call = writer.make_call(None)
        bad = ValueError("no text")
        with (
            patch.object(writer, "make_call", side_effect=[call, bad, call]),
            patch.object(writer, "_write_calls", wraps=writer._write_calls) as write,
            self.assertLogs(writer.__name__, "WARNING") as log,
        ):
            self.write_calls(3)
        (line,) = log.output
        self.assertIn("1 calls are missing", line)
        self.assertIn("ValueError: no text", line)
        self.assertEqual(write.call_args.args[2], [call, call])
        self.assertEqual(
            self.losses(), [(1, "a call can't be read: ValueError: no text")]
        )

    def test_server_that_stops_too_early(self):
        with (
            patch.object(writer, "_writer", self.writer),
            patch.object(self.writer, "is_alive", return_value=True),
            self.assertLogs(writer.__name__, "WARNING") as log,
        ):
            for _number in range(3):
                writer.put(self.make_capture())
            writer.flush(0)
        self.assertIn("3 calls are not in the request log", log.output[0])
