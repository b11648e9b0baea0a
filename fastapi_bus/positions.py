# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which events a listener has had.

PostgreSQL gives ids out before transactions commit, so an event can become visible
after events with larger ids. The largest id alone would lose such events, for good if
the client reconnects in between. So a position is the largest id, and the smaller ids
that were not visible yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Position"]

#: Most ids that a position waits for. A jump of the sequence is not a gap. If a
#: transaction sends more events, and another one commits before it, some are lost.
MAX_GAP = 10_000
#: Most missing ids in the text of a position.
MAX_MISSING = 50
#: At most 18 digits: fits into a bigint of PostgreSQL.
TEXT = re.compile(rf"\d{{1,18}}(-\d{{1,18}}){{0,{MAX_MISSING}}}", re.ASCII)


class Position:
    """All ids up to ``last``, except those in ``missing``.

    Its text is the id of an event for clients.
    """

    def __init__(self, last: int, missing: Iterable[int] = ()) -> None:
        self.last = last
        self.missing = set(missing)

    def __str__(self) -> str:
        if len(self.missing) > MAX_MISSING:
            # some events would come twice, but none would be lost
            return str(min(self.missing) - 1)
        return "-".join(map(str, [self.last, *sorted(self.missing)]))

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """Return the position that a client has sent, None if it is not one."""
        if not TEXT.fullmatch(text):
            return None
        last, *missing = map(int, text.split("-"))
        return cls(last, missing)

    def advance(self, id_: int) -> range:
        """Add an id; return the ids that are missing because of it."""
        if id_ <= self.last:
            self.missing.discard(id_)
            return range(0)
        gap = range(max(self.last + 1, id_ - MAX_GAP), id_)
        self.missing.update(gap)
        self.last = id_
        return gap
