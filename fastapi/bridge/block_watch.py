# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Logs what blocks the shared loop.

While a callback runs, all connections of the process wait. So a daemon thread looks at
the loop when a turn takes too long. It sleeps while the loop waits, and wakes up about
once in ``BLOCK_TIME`` while it turns. A turn only reads the clock once more.

In the evented server, the thread is a greenlet. It sees code that waits for something,
because other greenlets run meanwhile. Code that computes or that gevent does not know
stops it too, as code does on any server that keeps the interpreter's lock: the log then
has the seconds, when the block is over.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from .loops import BusySelector

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TimedSelector", "watch_blocks"]

_logger = logging.getLogger(__name__)

#: Seconds that a turn of the loop may take without an entry in the log.
BLOCK_TIME = 2
ADVICE = (
    "all WebSockets and lifespans of the process wait. Call blocking code with "
    "asyncio.to_thread, and code that uses the ORM with tx.run"
)


class TimedSelector(BusySelector):
    """A selector that tells when the loop began its turn."""

    #: When the loop began to run callbacks (``time.monotonic``); None while it waits.
    turn_began: float | None = None
    #: The last turn that the log describes.
    logged_turn: float | None = None

    def __init__(self) -> None:
        super().__init__()
        #: Set at each turn, for the thread that watches the loop.
        self.turns = threading.Event()

    def select(self, timeout: float | None = None) -> Any:
        self.end_turn()
        try:
            return super().select(timeout)
        finally:
            self.turn_began = time.monotonic()
            if not self.turns.is_set():
                self.turns.set()

    def end_turn(self) -> None:
        """Note that the loop waits or stops; log a turn that took too long."""
        began, self.turn_began = self.turn_began, None
        if began is None or (seconds := time.monotonic() - began) < BLOCK_TIME:
            return
        if began == self.logged_turn:
            _logger.warning(
                "The shared event loop goes on after %.1f seconds.", seconds
            )
        else:
            _logger.warning(
                "The shared event loop was blocked for %.1f seconds, and no other "
                "thread could see by what: %s.",
                seconds,
                ADVICE,
            )


def watch_blocks(selector: TimedSelector, describe: Callable[[], str]) -> None:
    """Log what blocks a loop, as long as the process lives.

    :param selector: the loop's
    :param describe: returns what the loop executes
    """
    delay: float = BLOCK_TIME
    while True:
        selector.turns.wait()
        time.sleep(delay)  # only a turn that is not over after it can be a block
        delay = BLOCK_TIME
        selector.turns.clear()
        began = selector.turn_began
        if began is None:
            continue  # the next turn sets it
        selector.turns.set()
        if began == selector.logged_turn:
            continue
        left = began + BLOCK_TIME - time.monotonic()
        if left > 0:
            delay = left
            continue
        description = describe()
        if selector.turn_began == began:  # the description is of this turn
            selector.logged_turn = began
            _logger.warning(
                "The shared event loop is blocked: %s. For %.1f seconds, it has been "
                "executing\n  %s",
                ADVICE,
                time.monotonic() - began,
                description,
            )
