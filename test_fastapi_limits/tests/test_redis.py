# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The counter in Redis; ``test_servers`` has the same on servers."""

import time
import uuid
from unittest.mock import patch

from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from odoo.addons.fastapi_limits.rates import counters, limiter
from odoo.addons.fastapi_limits.rates.counters import TIMEOUT, Hit, LibraryCounter
from odoo.addons.fastapi_limits.rates.postgres import PostgresCounter
from odoo.addons.fastapi_limits.rates.rate import parse_rates
from odoo.addons.test_fastapi.tests.library_case import start_redis
from odoo.addons.test_fastapi.tests.servers import free_port


@tagged("post_install", "-at_install")
class TestRedis(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counter = LibraryCounter(start_redis(cls))

    def setUp(self):
        super().setUp()
        self.key = uuid.uuid4().hex

    def hit(self, text, counter=None):
        hits = [Hit(f"{self.key}{rate}", rate) for rate in parse_rates(text, "caller")]
        return (counter or self.counter).hit(hits)

    def test_a_burst(self):
        windows = [self.hit("3/hour")[0] for _ in range(5)]
        self.assertEqual([window.current for window in windows], [1, 2, 3, 3, 3])
        self.assertEqual(
            [window.refused for window in windows], [False] * 3 + [True] * 2
        )
        self.assertEqual([window.remaining for window in windows], [2, 1, 0, 0, 0])
        self.assertAlmostEqual(windows[-1].wait, 3600, delta=5)

    def test_several_rates(self):
        """What the longer rate has refused counts for the shorter one."""
        windows = [self.hit("5/hour; 2/day") for _ in range(3)]
        self.assertEqual(
            [[window.refused for window in pair] for pair in windows],
            [[False, False], [False, False], [False, True]],
        )
        windows = [self.hit("1/hour; 9/day") for _ in range(2)]
        self.assertEqual([len(pair) for pair in windows], [2, 1])

    def test_clear(self):
        (rate,) = parse_rates("1/hour", "caller")
        hit = Hit(self.key, rate)
        self.counter.hit([hit])
        self.assertTrue(self.counter.hit([hit])[0].refused)
        self.counter.clear(hit)
        self.assertFalse(self.counter.hit([hit])[0].refused)

    def test_no_server(self):
        """Requests pass at once."""
        counter = LibraryCounter(f"redis://:secret@127.0.0.1:{free_port()}/0")
        start = time.monotonic()
        with self.assertLogs(counters.__name__, "WARNING") as log:
            self.assertEqual([self.hit("1/hour", counter) for _ in range(9)], [[]] * 9)
        self.assertLess(time.monotonic() - start, 2 * TIMEOUT)
        self.assertEqual(len(log.output), 1)
        self.assertIn("because redis fails", log.output[0])
        self.assertNotIn("secret", log.output[0])

    def test_a_cluster_that_is_down(self):
        """It is asked for its nodes when it is opened, and after the pause again."""
        uri = f"redis+cluster://:secret@127.0.0.1:{free_port()}"
        start = time.monotonic()
        with self.assertLogs(counters.__name__, "WARNING") as log:
            counter = limiter._get_counter(get_db_name(), uri)
            self.assertEqual([self.hit("1/hour", counter) for _ in range(9)], [[]] * 9)
        self.assertLess(time.monotonic() - start, 2 * TIMEOUT)
        self.assertEqual(len(log.output), 1)
        self.assertIn("because redis+cluster fails", log.output[0])
        self.assertNotIn("secret", log.output[0])
        counter._resumes = 0
        storage = self.counter._open().storage
        with (
            patch.object(counters, "_open_storage", return_value=storage),
            mute_logger(counters.__name__),
        ):
            self.assertEqual(self.hit("1/hour", counter)[0].current, 1)


@tagged("post_install", "-at_install")
class TestStoragesThatCanNotBeUsed(BaseCase):
    def check(self, uri):
        """Return what is logged for a storage."""
        with self.assertLogs("odoo.addons", "INFO") as log:
            counter = limiter._get_counter(get_db_name(), uri)
        self.assertIsInstance(counter, PostgresCounter, uri)
        self.assertEqual(len(log.output), 1)
        return log.output[0]

    def test_log(self):
        for uri, scheme in (
            ("unknown://x", "'unknown'"),
            ("redis", "''"),
            ("redis://x:y:z", "'redis'"),
            ("redis+sentinel://x:1", "'redis+sentinel'"),
        ):
            with self.subTest(uri):
                self.assertIn(f"of the scheme {scheme}", self.check(uri))

    def test_no_password_in_the_log(self):
        """Errors quote the URI, or the part of it that is not valid."""
        for uri in (
            "redsi://:s3cret@host/0",
            "s3cret@host",
            "s3cret:x@host",
            "//:s3cret@host",
            "redis:://:s3cret@host",
            "redis://:s3cret/1@host:6379/0",
            "redis://:s3cret@[host/0",
            "redis://:s3cret\u2100@host/0",
            "memcached://user:s3cret@host:x",
        ):
            with self.subTest(uri):
                self.assertNotIn("s3cret", self.check(uri))
