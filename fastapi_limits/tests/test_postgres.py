# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from ..models import fastapi_rate_count
from ..rates import counters
from ..rates.counters import Hit
from ..rates.postgres import PostgresCounter
from ..rates.rate import parse_rates
from .test_window import later

#: Age of a window, and how far the clock goes on during a test, in seconds.
DELTA = 5


@tagged("post_install", "-at_install")
class TestPostgres(BaseCase):
    """The counter commits: each test deletes its rows."""

    def setUp(self):
        super().setUp()
        self.prefix = uuid.uuid4().hex
        _dbname, info = connection_info_for(get_db_name())
        self.connection = psycopg2.connect(**info)
        self.addCleanup(self.connection.close)
        self.connection.autocommit = True
        self.addCleanup(
            self.query,
            "DELETE FROM fastapi_rate_count WHERE key LIKE %s",
            f"{self.prefix}%",
        )
        self.counter = self.make_counter()

    def make_counter(self):
        counter = PostgresCounter(get_db_name())
        self.addCleanup(counter._close)
        return counter

    def query(self, query, *args):
        with self.connection.cursor() as cr:
            cr.execute(query, args)
            return cr.fetchall() if cr.description else None

    def hits(self, text, key=""):
        return [
            Hit(f"{self.prefix}{key}{rate}", rate)
            for rate in parse_rates(text, "caller")
        ]

    def hit(self, text, key=""):
        return self.counter.hit(self.hits(text, key))

    def pass_time(self, seconds):
        self.query(
            "UPDATE fastapi_rate_count SET start = start - %s WHERE key LIKE %s",
            seconds,
            f"{self.prefix}%",
        )

    def test_a_burst(self):
        """The first requests pass, the others are not counted."""
        windows = [self.hit("5/hour")[0] for _ in range(8)]
        self.assertEqual(
            [window.current for window in windows], [1, 2, 3, 4, 5, 5, 5, 5]
        )
        self.assertEqual([w.refused for w in windows], [False] * 5 + [True] * 3)
        self.assertEqual([w.remaining for w in windows], [4, 3, 2, 1, 0, 0, 0, 0])
        self.assertAlmostEqual(windows[-1].age, 0, delta=DELTA)

    def test_subjects_count_separately(self):
        self.assertFalse(self.hit("1/hour", "a")[0].refused)
        self.assertTrue(self.hit("1/hour", "a")[0].refused)
        self.assertFalse(self.hit("1/hour", "b")[0].refused)

    def test_the_window_slides(self):
        for _ in range(10):
            self.hit("10/hour")
        self.assertTrue(self.hit("10/hour")[0].refused)
        self.pass_time(3600 + 1800)  # half of the previous window counts
        allowed = [not self.hit("10/hour")[0].refused for _ in range(8)]
        # a moment later than half an hour, so 4.9… of the ten count
        self.assertEqual(allowed, [True] * 6 + [False] * 2)
        (window,) = self.hit("10/hour")
        self.assertEqual((window.previous, window.current), (10, 6))
        self.assertAlmostEqual(window.age, 1800, delta=DELTA)
        self.pass_time(2 * 3600)  # nothing counts any more
        (window,) = self.hit("10/hour")
        self.assertEqual((window.previous, window.current), (0, 1))

    def test_the_wait_that_clients_are_told(self):
        """When it is over the next request passes, some seconds before it does not."""
        for previous, current in ((0, 10), (10, 4), (3, 9), (7, 7), (10, 0)):
            with self.subTest(previous=previous, current=current):
                self.hit("10/hour")
                self.query(
                    "UPDATE fastapi_rate_count SET previous = %s, current = %s, "
                    "start = start - 30 WHERE key LIKE %s",
                    previous,
                    current,
                    f"{self.prefix}%",
                )
                (window,) = self.hit("10/hour")
                while not window.refused:
                    (window,) = self.hit("10/hour")
                self.pass_time(window.wait - DELTA)
                self.assertTrue(self.hit("10/hour")[0].refused)
                self.pass_time(DELTA)
                self.assertFalse(self.hit("10/hour")[0].refused)
                self.pass_time(2 * 3600)

    def test_as_the_formula(self):
        """The statement counts as Window says, whatever has happened before."""
        chance = random.Random(18)
        self.hit("20/hour")
        (window,) = self.hit("20/hour")
        for _ in range(300):
            seconds = chance.choice([0, 0, 0, 0, 900, 1800, 3600, 7300])
            self.pass_time(seconds)
            before = window
            (window,) = self.hit("20/hour")
            if before.age + seconds >= 2 * 3600:  # nothing is left of it
                expected = before._replace(previous=0, current=0, age=0)
            else:
                expected = later(before, seconds)
            self.assertAlmostEqual(window.age, expected.age, delta=DELTA)
            expected = expected._replace(age=window.age)
            self.assertEqual(window.refused, expected.used >= 20, (before, window))
            counted = expected.current + (not window.refused)
            self.assertEqual(
                (window.previous, window.current), (expected.previous, counted)
            )

    def test_several_rates(self):
        """A refused request is counted by none of them."""
        windows = [self.hit("2/hour; 100/day") for _ in range(5)]
        self.assertEqual(
            [[window.current for window in pair] for pair in windows],
            [[1, 1], [2, 2], [2, 2], [2, 2], [2, 2]],
        )
        self.assertEqual(
            [[window.refused for window in pair] for pair in windows],
            [[False, False]] * 2 + [[True, False]] * 3,
        )
        self.assertEqual(
            self.query(
                "SELECT current FROM fastapi_rate_count WHERE key LIKE %s",
                f"{self.prefix}%",
            ),
            [(2,), (2,)],
        )

    def test_requests_at_the_same_time(self):
        """Exactly as many as allowed pass, on several connections."""
        others = [self.make_counter() for _ in range(4)]
        start = threading.Barrier(16)

        def call(number):
            counter = others[number % 4]
            start.wait(10)
            return [
                counter.hit(self.hits("100/hour; 1000/day"))[0].refused
                for _ in range(20)
            ]

        with ThreadPoolExecutor(16) as pool:
            refused = [each for result in pool.map(call, range(16)) for each in result]
        self.assertEqual(refused.count(False), 100)
        self.assertEqual(len(refused), 320)
        # those of the day that were taken back
        self.assertEqual(
            self.query(
                "SELECT current FROM fastapi_rate_count WHERE key LIKE %s",
                f"{self.prefix}%",
            ),
            [(100,), (100,)],
        )

    def test_rows_are_locked_in_the_order_of_their_keys(self):
        """Clients who are refused can't stop the counter by a deadlock."""
        first, second = keys = [f"{self.prefix}{number}" for number in (1, 2)]
        for key in reversed(keys):  # the order of a scan
            self.query(
                "INSERT INTO fastapi_rate_count VALUES (%s, 9, 60, "
                "extract(epoch FROM now()), 0, 5, false)",
                key,
            )
        ((pid,),) = self.counter._run(
            lambda cr: self._fetch(
                cr,
                "SET enable_indexscan = off; SET enable_bitmapscan = off; "
                "SET statement_timeout = 0; SELECT pg_backend_pid()",
            )
        )
        lock = "SELECT FROM fastapi_rate_count WHERE key = %s FOR UPDATE NOWAIT"
        counts = {key: [0, 6] for key in keys}
        self.connection.autocommit = False
        self.query(lock, first)
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(
                self.counter._run,
                lambda cr: self.counter._take_back(cr, [second, first], counts),
            )
            try:
                while not self.query("SELECT pg_blocking_pids(%s)", pid)[0][0]:
                    self.assertFalse(done.done())
                self.query(lock, second)
            finally:
                self.connection.rollback()
            done.result(10)
        self.connection.autocommit = True
        self.assertEqual(
            self.query(
                "SELECT current FROM fastapi_rate_count WHERE key = ANY(%s)", keys
            ),
            [(4,), (4,)],
        )

    def test_clear(self):
        (hit,) = self.hits("1/hour")
        self.counter.hit([hit])
        self.assertTrue(self.counter.hit([hit])[0].refused)
        self.counter.clear(hit)
        self.assertFalse(self.counter.hit([hit])[0].refused)

    def test_a_connection_that_was_closed(self):
        """As after a restart of PostgreSQL: the next request is counted."""
        self.hit("5/hour")
        ((pid,),) = self.counter._run(
            lambda cr: self._fetch(cr, "SELECT pg_backend_pid()")
        )
        self.query("SELECT pg_terminate_backend(%s)", pid)
        self.wait_until_gone(pid)
        self.assertEqual(self.hit("5/hour")[0].current, 2)

    def _fetch(self, cr, query):
        cr.execute(query)
        return cr.fetchall()

    def wait_until_gone(self, pid):
        while self.query("SELECT FROM pg_stat_activity WHERE pid = %s", pid):
            pass

    def test_a_row_that_is_locked(self):
        """The request passes after a second, the next ones at once."""
        self.hit("1/hour")
        self.connection.autocommit = False
        self.query(
            "SELECT FROM fastapi_rate_count WHERE key LIKE %s FOR UPDATE",
            f"{self.prefix}%",
        )
        with self.assertLogs(counters.__name__, "WARNING") as log:
            self.assertEqual(self.hit("1/hour"), [])
            self.assertEqual(self.hit("1/hour"), [])
        self.assertEqual(len(log.output), 1)
        self.assertIn("statement timeout", log.output[0])
        self.connection.rollback()
        self.connection.autocommit = True
        self.counter._resumes = 0
        with self.assertLogs(counters.__name__, "WARNING") as log:
            self.assertTrue(self.hit("1/hour")[0].refused)
        self.assertIn("has left out 2 counts", log.output[0])

    def test_old_rows_are_deleted(self):
        self.hit("1/hour")
        self.query(
            "INSERT INTO fastapi_rate_count SELECT %s || n, 1, 60, "
            "extract(epoch FROM now()) - 121, 0, 1, false "
            "FROM generate_series(1, 25) AS n",
            self.prefix,
        )
        with Registry(get_db_name()).cursor() as cr:
            counts = Environment(cr, SUPERUSER_ID, {})["fastapi.rate.count"]
            with patch.object(fastapi_rate_count, "BATCH", 10):
                while counts._gc_counts()[1]:
                    pass
        ((left,),) = self.query(
            "SELECT count(*) FROM fastapi_rate_count WHERE key LIKE %s",
            f"{self.prefix}%",
        )
        self.assertEqual(left, 1)

    @mute_logger(counters.__name__)
    def test_a_database_that_is_gone(self):
        self.counter = PostgresCounter("a database that does not exist")
        self.assertEqual(self.hit("1/hour"), [])

    def test_nothing_is_written_to_the_log_of_postgresql(self):
        ((persistence,),) = self.query(
            "SELECT relpersistence FROM pg_class WHERE relname = 'fastapi_rate_count'"
        )
        self.assertEqual(persistence, "u")
