# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import BaseCase

from ..histogram import COUNT, RATIO, bucket_of, value_of


class TestHistogram(BaseCase):
    def test_value_is_at_most_a_tenth_off(self):
        duration = 1.0
        while duration < 140_000:
            value = value_of(bucket_of(duration))
            self.assertLess(abs(value - duration), duration / 10, duration)
            duration *= 1.003

    def test_buckets_follow_each_other(self):
        durations = [0, 0.5, 0.99, *(RATIO**power for power in range(1, 80))]
        buckets = [bucket_of(duration) for duration in durations]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual((buckets[0], buckets[-1]), (0, COUNT - 1))
        self.assertEqual(bucket_of(1), 1)
