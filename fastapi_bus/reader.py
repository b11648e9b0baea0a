# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reads the events of a database for all listeners of the process.

::

    transaction ── INSERT, COMMIT, NOTIFY ──> ImDispatch (Odoo, one thread a process)
         │ look_now, in this process              │ trigger_notification_dispatching
         └──────────────────────────────────────> │
    listeners <── deque, call_soon_threadsafe ── Reader (one thread a database)
                                                  │ one SELECT each time

A listener holds neither a thread nor a connection. The reader takes a connection for
a SELECT, and keeps it for a moment. It starts with the first listener and ends with the
last.

``ImDispatch`` (``odoo.addons.bus.models.bus``, 19.0) expects a WebSocket of Odoo with
``_channels``, ``subscribe`` and ``trigger_notification_dispatching``. The tests fail if
that changes. It can miss a NOTIFY: it connects after the first subscription, and waits
for 50 seconds after an error. So the reader also looks by itself from time to time.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import psycopg2

from odoo.sql_db import db_connect

from odoo.addons.bus.models.bus import dispatch, stop_event
from odoo.addons.fastapi.connections import is_dropped

from .channels import describe
from .exceptions import EventsEnded
from .listeners import (
    EVENTS_LOST,
    Event,
    Listener,
    Subscription,
    make_event,
    notify_all,
)
from .positions import Position

__all__ = ["listen", "look_now"]

_logger = logging.getLogger(__name__)

#: Seconds between looks without a NOTIFY: after the reader has started, and later.
LOOKS = 0.2, 5
#: Seconds that the reader keeps its connection after a look. A NOTIFY of Odoo opens a
#: connection, and nothing can be taken from the pool meanwhile. Measured: the rows are
#: there 0.7 ms after the commit, else 2.7 ms.
KEEP = 1
#: Seconds between attempts while there is no connection: initial and maximum value.
PAUSES = 0.05, 2
#: Seconds that a transaction may take from getting an id to getting its number
#: (``xid``), by which PostgreSQL tells which transactions have ended.
MIN_AGE = 10
#: Rows that one SELECT returns.
ROWS = 5000
#: Where the reader looks for missing ids when it starts: among so many of the latest
#: rows, and among so many ids before them.
LOOK_BACK = 100, 20

_FIRST = """
    SELECT coalesce(min(id), (SELECT last_value FROM bus_bus_id_seq))
      FROM (SELECT id FROM bus_bus ORDER BY id DESC LIMIT %s) AS latest
"""
# All ids are needed to find the missing ones, but not the content of other channels.
# There is always a row, for the numbers of the snapshot and of the database.
_READ = """
    SELECT id, channel, message,
           pg_snapshot_xmin(snapshot)::text::bigint,
           pg_snapshot_xmax(snapshot)::text::bigint,
           (SELECT oid FROM pg_database WHERE datname = current_database())
      FROM pg_current_snapshot() AS snapshot
      LEFT JOIN (
              SELECT id, channel,
                     CASE WHEN channel = ANY(%s) THEN message END AS message
                FROM bus_bus
               WHERE id > %s OR id = ANY(%s)
               ORDER BY id
               LIMIT %s
           ) AS events ON true
     ORDER BY id
"""
_RESUME = """
    SELECT id, channel, message
      FROM bus_bus
     WHERE (id > %s OR id = ANY(%s)) AND channel = ANY(%s)
     ORDER BY id
     LIMIT %s
"""


class Reader(threading.Thread):
    """Reads the events of a database, until there is no listener.

    Only its own thread changes its attributes. Others put into ``inbox`` a listener
    that is new or closed, or None to make it look for events. ``SimpleQueue.put`` may
    be called by ``__del__``.
    """

    def __init__(self, dbname: str) -> None:
        super().__init__(name=f"fastapi_bus.{dbname}", daemon=True)
        self.dbname = dbname  # for the log
        self.inbox: SimpleQueue[Listener | None] = SimpleQueue()
        self.subscription = Subscription(self.inbox)
        self._listeners: set[Listener] = set()
        #: Listeners that wait for the next look, which is where they start.
        self._joining: list[Listener] = []
        #: Listeners by the text of a channel.
        self._by_channel: dict[str, set[Listener]] = {}
        self._position: Position | None = None
        self._cr: Any = None
        #: Number of the database: another one may get its name, with other ids.
        self._database: int | None = None
        #: When the missing ids of a moment are given up: the ids, the time, and the
        #: number of the transaction that all earlier ones must have ended before.
        self._given_up: deque[tuple[range, float, int]] = deque()

    def run(self) -> None:
        error = EventsEnded("The server stops.")
        try:
            self._serve()
        except _Dropped:
            error = EventsEnded(f"The database {self.dbname} does not exist any more.")
        except Exception:
            _logger.exception("The events of %s can't be read.", self.dbname)
            error = EventsEnded("The events can't be read.")
        finally:
            with _lock:
                if _readers.get(self.dbname) is self:
                    del _readers[self.dbname]
            self._give_back()
            self._take(0)
            for listener in [*self._listeners, *self._joining]:
                listener.fail(error)
            dispatch.unsubscribe(self.subscription)

    def _serve(self) -> None:
        look, longest = LOOKS
        pause = PAUSES[0]
        seconds = 0.0
        while not stop_event.is_set():
            self._take(seconds)
            if not (self._listeners or self._joining):
                if self._end():
                    return
                continue
            try:
                more = self._look()
            except psycopg2.ProgrammingError:  # the addon bus is uninstalled
                raise
            except psycopg2.Error as exc:  # the pool is full, PostgreSQL restarts
                if pause == PAUSES[0]:
                    _logger.info("Events of %s have to wait: %s", self.dbname, exc)
                if is_dropped(self.dbname):
                    raise _Dropped from exc
                # a random pause, so that not all processes try at once
                stop_event.wait(random.uniform(pause / 2, pause))
                seconds = 0.0
                pause = min(2 * pause, PAUSES[1])
                continue
            pause = PAUSES[0]
            seconds = 0.0 if more else look
            look = min(2 * look, longest)

    def _end(self) -> bool:
        """End if no listener has come meanwhile."""
        with _lock:
            if self.inbox.empty():
                del _readers[self.dbname]
                return True
        return False

    def _take(self, seconds: float) -> None:
        """Take what is in the inbox; if it is empty, wait for something to do.

        :param seconds: longest time to wait
        """
        changed = False
        with suppress(Empty):
            while True:
                # Only the first ``get`` may wait, and not with a timeout of 0. Before
                # Python 3.13, it waits for ever if the time is over too soon, unless
                # the last ``get`` has found the queue empty.
                listener = self._get(seconds)
                seconds = 0.0
                if listener is not None:
                    changed = True
                    if listener.closed:
                        self._remove(listener)
                    else:
                        self._joining.append(listener)
        if changed:
            self._subscribe()

    def _get(self, seconds: float) -> Listener | None:
        """Return the next item of the inbox.

        :param seconds: longest time to wait
        :raises Empty: there is none
        """
        if self._cr is not None and seconds > KEEP:
            with suppress(Empty):
                return self.inbox.get(timeout=KEEP)
            self._give_back()
            seconds -= KEEP
        return self.inbox.get(seconds > 0, seconds)

    def _give_back(self) -> None:
        """Give the connection back."""
        cr, self._cr = self._cr, None
        if cr is not None:
            with suppress(psycopg2.Error):  # it is closed
                cr.close()

    def _remove(self, listener: Listener) -> None:
        if listener in self._joining:
            self._joining.remove(listener)
        if listener in self._listeners:
            self._listeners.remove(listener)
            for key in listener.targets:
                self._by_channel[key].remove(listener)
                if not self._by_channel[key]:
                    del self._by_channel[key]

    def _subscribe(self) -> None:
        """Tell Odoo which channels have listeners."""
        everybody = [*self._listeners, *self._joining]
        targets = {target for each in everybody for target in each.targets.values()}
        if targets != self.subscription._channels:
            dispatch.subscribe(targets, 0, self.dbname, self.subscription)

    def _look(self) -> bool:
        """Read new events and hand them over; return whether there are more.

        :raises psycopg2.Error: call it again
        """
        if self._cr is None:
            self._cr = db_connect(self.dbname).cursor()
        try:
            more, resumed = self._read(self._cr)
            self._cr.rollback()
        except BaseException:
            self._give_back()
            raise
        for listener, since in resumed.items():
            self._start(listener, since)
        failed = [listener for listener in self._listeners if listener.closed]
        for listener in failed:
            self._remove(listener)
        if failed:
            self._subscribe()
        return more

    def _read(self, cr: Any) -> tuple[bool, dict[Listener, list[Any] | None]]:
        """Read new events and hand them over.

        :return: whether there are more; the first rows of listeners that join
        """
        resumed: dict[Listener, list[Any] | None] = {}
        position = self._position or self._get_first_position(cr)
        channels = list(self._by_channel)
        missing = list(position.missing)
        cr.execute(_READ, [channels, position.last, missing, ROWS])
        found = cr.fetchall()
        xmin, xmax, database = found[0][3:]
        if self._database not in (None, database):
            raise _Dropped
        self._database = database
        rows = [row[:3] for row in found if row[0] is not None]
        more = len(rows) == ROWS
        if not more:
            for listener in self._joining:
                resumed[listener] = self._read_since(cr, listener)
        self._position = position
        self._advance(rows, xmin, xmax)  # do not wait for the end of the transaction
        return more, resumed

    def _get_first_position(self, cr: Any) -> Position:
        rows, ids = LOOK_BACK
        cr.execute(_FIRST, [rows])
        return Position(max(cr.fetchone()[0] - ids, 0))

    def _read_since(self, cr: Any, listener: Listener) -> list[Any] | None:
        """Return the rows that a listener has to get first; None if some are lost."""
        if listener.last_event_id is None:
            return []
        position = Position.parse(listener.last_event_id)
        if position is None:
            return None
        # Odoo deletes the oldest rows. As long as there are some up to this position,
        # those after it are there.
        query = "SELECT min(id) <= %s AND max(id) >= %s FROM bus_bus"
        cr.execute(query, [position.last, position.last])
        if not cr.fetchone()[0]:
            return None
        missing, channels = list(position.missing), list(listener.targets)
        cr.execute(_RESUME, [position.last, missing, channels, listener.size])
        rows = cr.fetchall()
        return rows if len(rows) < listener.size else None

    def _advance(self, rows: list[Any], xmin: int, xmax: int) -> None:
        """Hand over new events, and move the position."""
        position: Any = self._position
        now = time.monotonic()
        touched: set[Listener] = set()
        for id_, key, message in rows:
            gap = position.advance(id_)
            if gap:
                self._given_up.append((gap, now + MIN_AGE, xmax))
            listeners = self._by_channel.get(key)
            if listeners and message:
                event = make_event(str(position), key, message)
                touched |= listeners
                for listener in listeners:
                    if not listener.closed:
                        listener.offer(event)
        notify_all(touched)
        while self._given_up:
            gap, deadline, before = self._given_up[0]
            if now < deadline or xmin < before:
                break
            position.missing.difference_update(gap)
            self._given_up.popleft()

    def _start(self, listener: Listener, rows: list[Any] | None) -> None:
        """Let a listener take part from the current position on."""
        current: Any = self._position
        self._joining.remove(listener)
        self._listeners.add(listener)
        for key in listener.targets:
            self._by_channel.setdefault(key, set()).add(listener)
        if rows is None:
            channel = describe(next(iter(listener.targets.values())))
            listener.offer(Event(str(current), EVENTS_LOST, {}, channel))
        elif rows:
            position: Any = Position.parse(listener.last_event_id or "")
            for id_, key, message in rows:
                if id_ < position.last:
                    position.missing.discard(id_)
                else:
                    earlier = [number for number in current.missing if number < id_]
                    position = Position(id_, earlier)
                listener.offer(make_event(str(position), key, message))
        listener.start = str(current)
        listener.notify()


class _Dropped(Exception):
    """The database does not exist."""


#: The running readers, by database.
_readers: dict[str, Reader] = {}
_lock = threading.Lock()


def listen(dbname: str, listener: Listener) -> None:
    """Let a listener get the events of its channels, until it puts itself into its
    inbox with ``closed`` set.

    It gets what is committed from now on, and what it has missed since its
    ``last_event_id``.
    """
    with _lock:
        reader = _readers.get(dbname)
        if reader is None or not reader.is_alive():  # a fork has no threads
            reader = _readers[dbname] = Reader(dbname)
            reader.start()
        listener.inbox = reader.inbox
        reader.inbox.put(listener)


def look_now(dbname: str, channels: Iterable[Any]) -> None:
    """Let the reader look for events that were just committed.

    It would do so when it gets Odoo's NOTIFY, some milliseconds later.

    :param channels: channels as Odoo's bus has them
    """
    reader = _readers.get(dbname)
    if reader is not None and reader.is_alive():
        if not reader.subscription._channels.isdisjoint(channels):
            reader.inbox.put(None)
