# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``bus_events`` and ``send_event``: push from transactions to waiting clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odoo.addons.fastapi.context import odoo_env_ctx

from .channels import get_target
from .listeners import EVENTS_LOST, Event, Listener
from .reader import listen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odoo.api import Environment

    from .channels import Channel

__all__ = ["QUEUE", "BusEvents", "bus_events", "send_event"]

#: Most events that wait for a listener.
QUEUE = 1000


def send_event(env: Environment, channel: Channel, type: str, payload: Any) -> None:
    """Send an event when the transaction is committed; after a rollback, don't.

    :param channel: the name of a channel, or a record
    :param type: a word, by which receivers tell events apart
    :param payload: anything that can be JSON. Dates become texts.
    :raises TypeError: the channel is neither a text nor a record
    :raises ValueError: the name of the channel or the type is not valid
    """
    if type == EVENTS_LOST:
        raise ValueError(f"{type!r} is reserved.")
    env["bus.bus"]._sendone(get_target(channel, env.cr.dbname), type, payload)


def bus_events(
    *channels: Channel,
    last_event_id: str | None = None,
    queue: int = QUEUE,
    dbname: str | None = None,
) -> BusEvents:
    """Return the events of some channels, as they are committed::

        async for event in bus_events("orders/7"):
            await websocket.send_json(event.payload)

    They start when the iteration does. In an ``async with``, they start there, so that
    the app can read records before the first event without missing a change::

        async with bus_events("orders/7") as events:
            yield ServerSentEvent(...)  # the order
            async for event in events:
                yield ServerSentEvent(data=event.payload, id=event.id)

    Check before that the caller may get the events.

    :param channels: names like ``orders/7`` (see ``channel``), or records. Never a text
        that a client has sent.
    :param last_event_id: the ``id`` of the last event that the client has had. If the
        events after it can't be had again, the first event has the type
        ``EVENTS_LOST``: the client has to load again what it shows.
    :param queue: most events that wait for the app
    :param dbname: name of the database; None for the one of the request
    :raises TypeError: a channel is neither a text nor a record
    :raises ValueError: the name of a channel is not valid; there is no channel
    :raises LookupError: called outside of a request, without ``dbname``
    """
    if dbname is None:
        dbname = odoo_env_ctx.get().cr.dbname
    targets = [get_target(channel, dbname) for channel in channels]
    return BusEvents(dbname, targets, last_event_id, queue)


class BusEvents:
    """Events of some channels: an async iterator and an async context manager.

    Only one task may iterate. It may stop to wait (``asyncio.wait_for``) and go on
    later: no event is lost.

    :raises SlowListener: more events wait than the app asked to keep
    :raises EventsEnded: there will be no more events
    """

    _listener: Listener | None = None

    def __init__(
        self,
        dbname: str,
        targets: Iterable[tuple[Any, ...]],
        last_event_id: str | None,
        queue: int,
    ) -> None:
        self._dbname = dbname
        listener = Listener(targets, last_event_id, queue)
        if not listener.targets:
            raise ValueError("There is no channel to listen to.")
        self._listener = listener
        self._listening = False
        #: Position of the last event, or the start: for ``last_event_id``.
        self.last_event_id = last_event_id

    async def __aenter__(self) -> BusEvents:
        await self._start()
        return self

    async def __aexit__(self, *_args: Any) -> None:
        self.close()

    def __aiter__(self) -> BusEvents:
        return self

    async def __anext__(self) -> Event:
        listener = await self._start()
        await listener.wait_for_event()
        return self._take(listener)

    async def take_all(self) -> list[Event]:
        """Wait for events, and return all of them that are there."""
        events = [await self.__anext__()]
        while self._listener is not None and self._listener.events:
            events.append(self._take(self._listener))
        return events

    def close(self) -> None:
        """Stop listening; safe to repeat. Also happens when the object is deleted."""
        listener, self._listener = self._listener, None
        if listener is not None and self._listening:
            listener.closed = True
            listener.inbox.put(listener)

    def __del__(self) -> None:
        self.close()

    async def _start(self) -> Listener:
        listener = self._listener
        if listener is None:
            raise StopAsyncIteration
        if not self._listening:
            self._listening = True
            listen(self._dbname, listener)
        if listener.start is None:
            await listener.wait_for_start()
            if listener.error is not None:
                raise listener.error
            if listener.last_event_id is None:
                self.last_event_id = listener.start
        return listener

    def _take(self, listener: Listener) -> Event:
        try:
            event = listener.events.popleft()
        except IndexError:
            assert listener.error is not None
            raise listener.error from None
        self.last_event_id = event.id
        return event
