# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""``record_events``: which records have changed, as far as the caller may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odoo.fields import Domain

from odoo.addons.fastapi.context import odoo_env_ctx

from .channels import get_record_channel
from .events import QUEUE, BusEvents
from .models.fastapi_bus_record_mixin import MIXIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odoo.api import Environment

    from odoo.addons.fastapi.transactions import Transactions

__all__ = ["RecordEvent", "RecordEvents", "record_events"]

#: Most ids that a listener remembers.
MAX_KNOWN = 1000


@dataclass(frozen=True)
class RecordEvent:
    """What has happened to some records since the previous event."""

    #: Ids of records that are new to this listener or have changed. They matched the
    #: domain, and the caller was allowed to read them, a moment ago.
    ids: tuple[int, ...]
    #: Ids that this listener knew: the records have been deleted or archived, or don't
    #: match the domain any more, or the caller may not read them any more.
    removed: tuple[int, ...]


def record_events(
    tx: Transactions,
    model: str,
    domain: Any = (),
    *,
    max_known: int = MAX_KNOWN,
    queue: int = QUEUE,
) -> RecordEvents:
    """Return the changes of records that the caller may read::

        async with record_events(tx, "sale.order", [("state", "=", "sale")]) as changes:
            ...  # send the orders with the ids in changes.ids
            async for change in changes:
                ...  # send those in change.ids, and remove those in change.removed

    The events in the database have only ids. After each, a search with the rights of
    the caller decides what this listener gets to know. A change of rights alone is no
    event.

    :param tx: transactions of the caller, from the dependency ``transactions``
    :param model: name of a model that inherits ``fastapi.bus.record.mixin``
    :param domain: which records. Not as a client has sent it, because it can search
        any field.
    :param max_known: most ids that the listener remembers. The oldest are forgotten,
        and then their removal is not reported.
    :param queue: most events that wait for the app
    :raises LookupError: called outside of a request
    """
    dbname = odoo_env_ctx.get().cr.dbname
    events = BusEvents(dbname, [get_record_channel(model, dbname)], None, queue)
    return RecordEvents(tx, events, model, Domain(domain), max_known)


class RecordEvents:
    """Changes of records: an async iterator and an async context manager.

    :raises AccessError: the caller may not read the model
    :raises TypeError: the model does not inherit the mixin
    :raises EventsEnded: as for :class:`~.events.BusEvents`
    """

    def __init__(
        self,
        tx: Transactions,
        events: BusEvents,
        model: str,
        domain: Domain,
        max_known: int,
    ) -> None:
        self._tx = tx
        self._events = events
        self._model = model
        self._domain = domain
        self._max_known = max_known
        #: As a sorted set: the key that was added first is forgotten first.
        self._known: dict[int, None] | None = None
        #: Ids of records that have changed and are not searched yet.
        self._changed: set[int] = set()

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids that the listener knows; at first, all, but at most ``max_known``."""
        return tuple(self._known or ())

    async def __aenter__(self) -> RecordEvents:
        await self._start()
        return self

    async def __aexit__(self, *_args: Any) -> None:
        self._events.close()

    def __aiter__(self) -> RecordEvents:
        return self

    async def __anext__(self) -> RecordEvent:
        known = await self._start()
        while True:
            if not self._changed:
                for event in await self._events.take_all():
                    self._changed.update(event.payload)
            # if the search is cancelled, the next call repeats it
            changed = sorted(self._changed)
            ids = await self._search(self._domain & Domain("id", "in", changed))
            self._changed.clear()
            removed = tuple(sorted((known.keys() & changed) - set(ids)))
            self._remember(known, changed, ids)
            if ids or removed:
                return RecordEvent(ids, removed)

    async def _start(self) -> dict[int, None]:
        await self._events.__aenter__()
        if self._known is None:
            found = await self._search(self._domain, self._max_known)
            self._known = dict.fromkeys(found)
        return self._known

    def _remember(
        self, known: dict[int, None], changed: Iterable[int], ids: Iterable[int]
    ) -> None:
        """Forget the records that are gone, and the oldest if there are too many."""
        for id_ in changed:
            known.pop(id_, None)
        known.update(dict.fromkeys(ids))
        for id_ in list(known)[: max(len(known) - self._max_known, 0)]:
            del known[id_]

    async def _search(
        self, domain: Domain, limit: int | None = None
    ) -> tuple[int, ...]:
        return await self._tx.run(_search, self._model, domain, limit)


def _search(
    env: Environment, model: str, domain: Domain, limit: int | None
) -> tuple[int, ...]:
    records = env[model]
    if not isinstance(records, env.registry[MIXIN]):
        raise TypeError(f"{model} does not inherit {MIXIN}.")
    return records.search(domain, limit=limit)._ids
