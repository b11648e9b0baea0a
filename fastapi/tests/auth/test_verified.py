# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The memory of verified credentials."""

import gc
import os
import signal
import threading
import warnings
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase

from ...auth import verified
from ...auth.verified import Verified

SECRET = "ann@example.com\0s3cr3t-0f-ann"


def _env(dbname="first"):
    return SimpleNamespace(cr=SimpleNamespace(dbname=dbname))


class TestVerified(BaseCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(verified, "_memory", verified._Memory()))
        self.now = 1000.0
        clock = SimpleNamespace(monotonic=lambda: self.now)
        self.startPatcher(patch.object(verified, "time", clock))

    def test_put_and_get(self):
        known = Verified(7, 8, verified.digest("state"), "password")
        self.assertIsNone(verified.get(_env(), "basic", SECRET))
        verified.put(_env(), "basic", SECRET, known)
        self.assertEqual(verified.get(_env(), "basic", SECRET), known)
        changed = Verified(7, 8, verified.digest("another state"), "password")
        verified.put(_env(), "basic", SECRET, changed)
        self.assertEqual(verified.get(_env(), "basic", SECRET), changed)

    def test_other_keys(self):
        verified.put(_env(), "basic", SECRET, Verified(7))
        for dbname, kind, secret in (
            ("second", "basic", SECRET),
            ("first", "api_key", SECRET),
            ("first", "basic", f"{SECRET}x"),
            ("first", "basic", SECRET[:-1]),
            ("first", "basic", ""),
            ("first", "", f"basic\0{SECRET}"[1:]),
        ):
            with self.subTest(dbname=dbname, kind=kind):
                self.assertIsNone(verified.get(_env(dbname), kind, secret))

    def test_special_characters(self):
        for secret in ("", "\0", "é€😀", "\udc80"):
            verified.put(_env(), "basic", secret, Verified(len(secret)))
            self.assertEqual(verified.get(_env(), "basic", secret)[0], len(secret))

    def test_entries_expire(self):
        verified.put(_env(), "basic", "first", Verified(1))
        self.now += verified.MAX_AGE - 1
        verified.put(_env(), "basic", "second", Verified(2))
        self.assertIsNotNone(verified.get(_env(), "basic", "first"))
        self.now += 1
        self.assertIsNone(verified.get(_env(), "basic", "first"))
        self.assertIsNotNone(verified.get(_env(), "basic", "second"))
        # get() does not make an entry live longer
        self.now += verified.MAX_AGE
        verified.put(_env(), "basic", "third", Verified(3))
        self.assertEqual(len(verified._memory.entries), 1)

    def test_number_of_entries_is_bounded(self):
        self.startPatcher(patch.object(verified, "MAX_ENTRIES", 3))
        for number in range(5):
            verified.put(_env(), "basic", str(number), Verified(number))
        verified.put(_env(), "basic", "2", Verified(2))  # now the newest
        verified.put(_env(), "basic", "5", Verified(5))
        found = [n for n in range(6) if verified.get(_env(), "basic", str(n))]
        self.assertEqual(found, [2, 4, 5])

    def test_a_user_is_forgotten(self):
        verified.put(_env(), "basic", "a", Verified(1))
        verified.put(_env(), "api_key", "b", Verified(1, 2))
        verified.put(_env(), "basic", "c", Verified(2))
        verified.put(_env("second"), "basic", "a", Verified(1))
        verified.forget_user(_env(), 1)
        self.assertIsNone(verified.get(_env(), "basic", "a"))
        self.assertIsNone(verified.get(_env(), "api_key", "b"))
        self.assertIsNotNone(verified.get(_env(), "basic", "c"))
        self.assertIsNotNone(verified.get(_env("second"), "basic", "a"))

    def test_credentials_are_not_stored(self):
        verified.put(_env(), "basic", SECRET, Verified(7, None, verified.digest("x")))
        seen, todo = set(), [verified._memory]
        while todo:
            found = todo.pop()
            if id(found) in seen or isinstance(found, type):
                continue
            seen.add(id(found))
            if isinstance(found, str):
                self.assertNotIn("s3cr3t", found)
                self.assertNotIn("ann@", found)
            if isinstance(found, bytes):
                self.assertNotIn(b"s3cr3t", found)
            todo.extend(gc.get_referents(found))
        # the entries were visited
        self.assertIn(id(next(iter(verified._memory.entries))), seen)

    def test_another_process_has_other_hashes(self):
        ours = verified.digest(SECRET)
        self.assertEqual(verified.digest(SECRET), ours)
        with patch.object(verified, "_memory", verified._Memory()):
            self.assertNotEqual(verified.digest(SECRET), ours)

    def test_fork_while_the_lock_is_taken(self):
        verified.put(_env(), "basic", SECRET, Verified(7))
        with verified._memory.lock, warnings.catch_warnings():
            # Python 3.12 warns of a fork while threads run, such as those of the server
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
            if not pid:
                status = 1
                try:
                    signal.alarm(10)  # seconds: ends a child that waits for the lock
                    if verified.get(_env(), "basic", SECRET) is None:
                        verified.put(_env(), "basic", SECRET, Verified(9))
                        verified.forget_user(_env(), 1)
                        if verified.get(_env(), "basic", SECRET) == Verified(9):
                            status = 0
                finally:
                    os._exit(status)
            _pid, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        self.assertEqual(verified.get(_env(), "basic", SECRET), Verified(7))

    def test_threads(self):
        self.startPatcher(patch.object(verified, "MAX_ENTRIES", 50))
        errors = []
        start = threading.Barrier(4)

        def work(number):
            start.wait()
            try:
                for turn in range(500):
                    secret = f"{number} {turn % 60}"
                    verified.put(_env(), "basic", secret, Verified(number, turn))
                    found = verified.get(_env(), "basic", secret)
                    if found is not None and found != (number, turn, b"", ""):
                        errors.append(found)
                    if turn % 50 == 0:
                        verified.forget_user(_env(), number)
            except Exception as err:
                errors.append(err)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertLessEqual(len(verified._memory.entries), 50)
