# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import math
import random

from odoo.tests import BaseCase

from ..rates.window import Window


def later(window, seconds):
    """Return a window after a time without requests."""
    age = window.age + seconds
    previous, current = window.previous, window.current
    while age >= window.seconds:
        age -= window.seconds
        previous, current = current, 0
    return window._replace(previous=previous, current=current, age=age)


class TestWindow(BaseCase):
    def test_a_first_request(self):
        window = Window(100, 60, previous=0, current=1, age=0, refused=False)
        self.assertEqual((window.used, window.remaining), (1, 99))
        self.assertEqual(window.wait, 60)

    def test_half_of_the_previous_window_counts(self):
        window = Window(100, 60, previous=80, current=10, age=30, refused=False)
        self.assertEqual((window.used, window.remaining), (50, 50))

    def test_parts_of_requests_do_not_count(self):
        window = Window(10, 60, previous=3, current=0, age=50, refused=False)
        self.assertEqual(window.used, 0)

    def test_a_refused_request(self):
        window = Window(5, 60, previous=0, current=5, age=20, refused=True)
        self.assertEqual((window.used, window.remaining), (5, 0))
        # one of the five has left just after the window has ended
        self.assertEqual(window.wait, 40)

    def test_one_per_second(self):
        window = Window(1, 1, previous=0, current=1, age=0.25, refused=True)
        self.assertEqual(window.wait, 1)

    def test_the_wait_is_right(self):
        """After it a request is allowed, and a second before it is not."""
        chance = random.Random(18)
        for _ in range(5000):
            amount = chance.randint(1, 50)
            seconds = chance.choice([1, 5, 60, 3600])
            previous = chance.randint(0, amount)
            current = chance.randint(0, amount)
            age = chance.uniform(0, seconds)
            window = Window(amount, seconds, previous, current, age, True)
            if window.used < amount:
                continue  # nothing was refused
            self.assertGreaterEqual(window.wait, 1)
            # 1 µs, because a part of a request is left at the very moment
            self.assertLess(later(window, window.wait + 1e-6).used, amount, window)
            if window.wait > 1:
                before = later(window, window.wait - 1 - 1e-6)
                self.assertGreaterEqual(before.used, amount, window)

    def test_clocks_that_differ(self):
        """The age is below 0 if the statement has waited for the row."""
        window = Window(10, 60, previous=10, current=0, age=-0.5, refused=True)
        self.assertEqual(window.used, 10)
        self.assertTrue(math.isfinite(window.wait))
