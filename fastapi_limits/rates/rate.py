# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A rate: how many requests in which time, and of whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from limits import RateLimitItem, parse_many

__all__ = ["COUNTED_BY", "MAX_AMOUNT", "Rate", "parse_rates"]

#: What a rate counts: the requests of a caller, of a key, or of an address.
COUNTED_BY = ("caller", "key", "address")

#: Largest number of requests in a rate, which fits into an integer of PostgreSQL.
MAX_AMOUNT = 10**9
#: Longest window of a rate: a year of 365 days, in seconds.
MAX_SECONDS = 365 * 24 * 60 * 60

_SEPARATORS = re.compile(r"[;,|]")
_NO_TIME = re.compile(r"(/|per)\s*0+\s*[a-z]", re.IGNORECASE)


@dataclass(frozen=True)
class Rate:
    """How many requests are allowed in which time, and what is counted.

    :param item: number and time, as the library ``limits`` describes them
    :param by: one of :data:`COUNTED_BY`
    """

    item: RateLimitItem
    by: str

    @cached_property
    def amount(self) -> int:
        """How many requests are allowed."""
        return self.item.amount

    @cached_property
    def seconds(self) -> int:
        """The length of the window, in seconds."""
        return self.item.get_expiry()

    @cached_property
    def period(self) -> str:
        """The length of the window in words, such as ``minute`` or ``2-hours``."""
        unit, multiples = self.item.GRANULARITY.name, self.item.multiples
        return unit if multiples == 1 else f"{multiples}-{unit}s"

    @property
    def words(self) -> str:
        """The rate for clients, such as ``100 requests per 2 hours``."""
        noun = "request" if self.amount == 1 else "requests"
        return f"{self.amount} {noun} per {self.period}".replace("-", " ")

    @cached_property
    def text(self) -> str:
        """The rate as it is written, such as ``100/2 hours``."""
        return f"{self.amount}/{self.period}".replace("-", " ")

    def __str__(self) -> str:
        return self.text


def parse_rates(text: str, by: str) -> tuple[Rate, ...]:
    """Return the rates in a text such as ``10/second; 1000 per 2 hours``.

    The shortest window comes first.

    :raises ValueError: the text is not valid, or ``by`` is unknown
    """
    if by not in COUNTED_BY:
        raise ValueError(
            f"A rate can't count by {by!r}: choose one of {', '.join(COUNTED_BY)}."
        )
    rates = [_parse_rate(part, by) for part in _SEPARATORS.split(text) if part.strip()]
    if not rates:
        raise ValueError(f"{text!r} has no rate. Write one like 100/minute.")
    return tuple(
        sorted(dict.fromkeys(rates), key=lambda rate: (rate.seconds, rate.amount))
    )


def _parse_rate(text: str, by: str) -> Rate:
    text = text.strip()
    try:
        (item,) = parse_many(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a rate. Write a number and a time, like 100/minute or "
            "1000 per 2 hours. The times are second, minute, hour, day, month and year."
        ) from None
    rate = Rate(item, by)
    if not 1 <= item.amount <= MAX_AMOUNT:
        raise ValueError(
            f"{text!r}: the number of requests must be between 1 and {MAX_AMOUNT}."
        )
    # limits would read a multiple of 0 as 1
    if _NO_TIME.search(text) or rate.seconds > MAX_SECONDS:
        raise ValueError(f"{text!r}: the time must be between a second and a year.")
    return rate
