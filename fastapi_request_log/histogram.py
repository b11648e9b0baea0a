# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Durations, counted in buckets on a logarithmic scale.

Buckets of several hours, routes or callers can be added, and a percentile of the sum is
still right. That of a list of percentiles would not be. Bounds of neighbours have the
ratio :data:`RATIO`, and a percentile is the geometric mean of the bounds of its bucket:
it is at most 10 % off, from 1 ms to 140 s. Below and above, it is 0.9 ms and 153 s.
"""

from math import log

__all__ = ["COUNT", "RATIO", "bucket_of", "value_of"]

#: Upper bound of a bucket, as a multiple of its lower bound. The error of a percentile
#: is at most its square root, minus 1.
RATIO = 1.2
#: Number of buckets: the first is for all below 1 ms, the last for all that take longer
#: than Odoo lets a request take.
COUNT = 67


def bucket_of(duration: float) -> int:
    """Return the bucket that counts a duration.

    :param duration: milliseconds
    """
    if duration < 1:
        return 0
    return min(int(log(duration, RATIO)) + 1, COUNT - 1)


def value_of(bucket: int) -> float:
    """Return the duration that stands for all of a bucket, in milliseconds."""
    return RATIO ** (bucket - 0.5)
