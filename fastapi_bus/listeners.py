# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Events, and what one iterator waits for."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from odoo.addons.bus.models.bus import json_dump

from .channels import describe
from .exceptions import EventsEnded, SlowListener

__all__ = [
    "EVENTS_LOST",
    "Event",
    "Listener",
    "Subscription",
    "make_event",
    "notify_all",
]

#: Type of the event that says that earlier events can't be had again.
EVENTS_LOST = "fastapi_bus.events_lost"


@dataclass(frozen=True)
class Event:
    """One event. All listeners of the process get the same object: don't change it."""

    #: The position after this event, for ``last_event_id``. Digits and ``-``.
    id: str
    #: The type that the sender has given.
    type: str
    #: What the sender has given, as JSON returns it.
    payload: Any
    #: The name of the channel; ``model,id`` for a record.
    channel: str


def make_event(position: str, key: str, message: str) -> Event:
    """Return the event of a row of the bus."""
    content = json.loads(message)
    target = tuple(json.loads(key))
    return Event(position, content["type"], content["payload"], describe(target))


class Listener:
    """What one iterator waits for.

    The reader's thread appends events. The thread of the event loop takes them.

    :param targets: channels as Odoo's bus has them
    :param last_event_id: text of a position to resume from
    :param size: most events that wait
    """

    #: Where a closed listener says so.
    inbox: SimpleQueue[Listener | None]

    def __init__(
        self, targets: Iterable[tuple[Any, ...]], last_event_id: str | None, size: int
    ) -> None:
        self.targets = {json_dump(target): target for target in targets}
        self.last_event_id = last_event_id
        self.size = size
        self.events: deque[Event] = deque()
        #: Position where the events start; None before the reader knows it.
        self.start: str | None = None
        #: Why there are no more events.
        self.error: EventsEnded | None = None
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None
        #: The loop on which a call of ``_wake`` is scheduled.
        self._waking: asyncio.AbstractEventLoop | None = None

    async def wait_for_start(self) -> None:
        await self._wait(lambda: self.start is not None or self.error is not None)

    async def wait_for_event(self) -> None:
        await self._wait(lambda: bool(self.events) or self.error is not None)

    async def _wait(self, is_ready: Callable[[], bool]) -> None:
        # A WebSocket moves to another loop. The reader changes something first, and
        # then wakes the loop; here it is the other way round, so nothing is missed.
        loop = self._loop = asyncio.get_running_loop()
        while not is_ready():
            self._waiter = loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waking = None
        if self._waiter is not None and loop is self._loop:
            if not self._waiter.done():
                self._waiter.set_result(None)

    # Called by the reader

    def notify(self) -> None:
        """Wake the event loop."""
        loop = self._loop
        if loop is None or loop is self._waking:
            return
        self._waking = loop
        try:
            loop.call_soon_threadsafe(self._wake, loop)
        except RuntimeError:  # the loop is closed
            # What waits on it can't go on. An app that does not wait may come back on
            # another loop, which ``_wait`` sets before the waiter.
            is_waiting = self._waiter is not None
            if loop is not self._loop:
                self.notify()
            elif is_waiting:
                self.closed = True

    def offer(self, event: Event) -> None:
        """Append an event, or end with an error if too many wait."""
        if len(self.events) < self.size:
            self.events.append(event)
            return
        self.events.clear()
        self.fail(SlowListener(f"More than {self.size} events wait for the app."))

    def fail(self, error: EventsEnded) -> None:
        self.error = self.error or error
        self.closed = True
        self.notify()


def notify_all(listeners: Iterable[Listener]) -> None:
    """Wake the event loops of listeners, each loop once."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Listener]] = defaultdict(list)
    for listener in listeners:
        loop = listener._loop
        if loop is not None and loop is not listener._waking:
            listener._waking = loop
            by_loop[loop].append(listener)
    for loop, waking in by_loop.items():
        try:
            loop.call_soon_threadsafe(_wake_all, waking, loop)
        except RuntimeError:  # the loop is closed
            for listener in waking:
                listener._waking = None
                listener.notify()


def _wake_all(listeners: Iterable[Listener], loop: asyncio.AbstractEventLoop) -> None:
    for listener in listeners:
        listener._wake(loop)


class Subscription:
    """What ``ImDispatch`` takes for a WebSocket.

    :param inbox: of the reader
    """

    def __init__(self, inbox: SimpleQueue[Listener | None]) -> None:
        self._inbox = inbox
        self._channels: set[Any] = set()

    def subscribe(self, channels: set[Any], _last: int) -> None:
        self._channels = channels

    def trigger_notification_dispatching(self) -> None:
        self._inbox.put(None)
