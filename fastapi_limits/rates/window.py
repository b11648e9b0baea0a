# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The sliding window: from two counters to an estimate of the last requests.

The requests of a subject are counted in windows of the length of the rate. A window
begins with the first request, or where the previous one ends. The requests of the
previous window are taken as evenly distributed, so of those, the part counts that would
have come within the length of a window before now::

    used = floor(previous * (1 - age / seconds)) + current

A request is allowed, and counted, if this is below the limit. So a burst is limited
exactly. A client that keeps sending gets the rate. In any period of the length of a
window, twice the rate is the most that can pass: if all requests of the window before
came at its end. This is the sliding window counter of the library ``limits``, and Redis
counts in the same way.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Window"]


class Window(NamedTuple):
    """The requests of a subject that a rate has counted.

    :param amount: how many requests the rate allows
    :param seconds: length of the window
    :param previous: requests in the window before the current one
    :param current: requests in the current window
    :param age: seconds since the current window began
    :param refused: whether the last request was refused
    """

    amount: int
    seconds: float
    previous: int
    current: int
    age: float
    refused: bool

    @property
    def used(self) -> int:
        """How many requests count at the moment."""
        if not self.previous:
            return self.current
        rest = 1 - min(max(self.age / self.seconds, 0), 1)
        return math.floor(self.previous * rest) + self.current

    @property
    def remaining(self) -> int:
        """How many requests would be allowed at the moment."""
        return self.get_state()[0]

    @property
    def wait(self) -> int:
        """Seconds until more requests are allowed than now, see :meth:`get_state`."""
        return self.get_state()[1]

    def get_state(self) -> tuple[int, int]:
        """Return how many requests would be allowed, and the seconds until it is more.

        After a refused request, the seconds until the next one is allowed. They are
        rounded up, and at least one.
        """
        amount, seconds, previous, current, age, refused = self
        used = self.used if previous else current
        if refused:
            remaining, target = 0, amount - 1
        else:
            remaining = amount - used if used < amount else 0
            target = used - 1 if used else 0
        if used <= target:
            return remaining, 1
        if current <= target:
            # floor(previous * (1 - age / seconds)) <= target - current
            wait = self._age_at(target - current, previous) - age
        elif current == target + 1:
            wait = seconds - age  # the end of the current window
        else:
            # the current window becomes the previous one
            wait = seconds - age + self._age_at(target, current)
        return remaining, max(1, math.ceil(wait))

    def _age_at(self, count: int, previous: int) -> float:
        """Return the age at which ``count`` of the previous window are left."""
        return max(self.seconds * (1 - (count + 1) / previous), 0)
