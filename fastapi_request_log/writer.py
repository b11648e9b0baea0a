# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Writes calls into the database, in a thread of the process.

::

    requests ── put ──> queue ──> Writer, after BATCH_SECONDS: a transaction a database
                                  +-> Capture -> Call             (render)
                                  +-> fastapi.request.log._store

The thread starts with the first call, and sleeps while there is none. It takes a
connection of Odoo's pool for each batch. If there is none for ``TIMEOUT``, or the queue
is full, calls are lost. The queue has two limits: a number of calls, and the bytes that
they hold. The number of lost calls is logged, and stored with the next batch. A request
never waits.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
from collections import Counter, deque
from contextlib import suppress
from itertools import chain
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import psycopg2

from odoo.api import SUPERUSER_ID, Environment
from odoo.modules.registry import Registry
from odoo.service.server import CommonServer

from odoo.addons.fastapi.connections import get_stop, wait_for_connection

from .render import make_call

if TYPE_CHECKING:
    from .calls import Call
    from .capture import Capture

__all__ = ["begin_test_call", "flush", "put", "take_test_calls"]

_logger = logging.getLogger(__name__)

MODEL = "fastapi.request.log"
#: Calls that wait in the queue at most. One with bodies takes some kilobytes.
QUEUE_SIZE = 10_000
#: Bytes that these calls may hold: headers, which can be megabytes, and bodies.
QUEUE_BYTES = 200_000_000
#: The bytes of one call in so many are counted, times this number: counting takes time.
SAMPLE = 20
#: Calls in one transaction at most.
BATCH_SIZE = 1000
#: Seconds that the writer waits for more calls after the first one.
BATCH_SECONDS = 1
#: Seconds that a batch waits for a connection to the database.
TIMEOUT = 20
#: How often a batch is tried that PostgreSQL has rolled back, after a deadlock for
#: example.
ATTEMPTS = 3
#: Seconds that the server waits for the last calls when it stops.
STOP_TIMEOUT = 5


class Writer(threading.Thread):
    """The thread that writes the calls of all databases."""

    def __init__(self) -> None:
        super().__init__(name="fastapi_request_log", daemon=True)
        #: Calls, and events to set when those before them are written.
        self.queue: SimpleQueue[Capture | threading.Event] = SimpleQueue()
        self.hurry = threading.Event()
        #: How many calls did not fit into the queue, by database.
        self.lost: Counter[str] = Counter()
        #: About how many bytes wait, in the queue and in the batch that is written.
        self.bytes = 0
        #: Number of the calls that are missing in the log, by database, until it is
        #: stored, and why.
        self.missing: dict[str, tuple[int, str]] = {}
        #: Number of the calls that are being written.
        self.waiting = 0

    def run(self) -> None:
        while True:
            items = [self.queue.get()]
            self.hurry.wait(BATCH_SECONDS)
            self.hurry.clear()
            while items:
                items += self._get(BATCH_SIZE - len(items))
                full = len(items) == BATCH_SIZE
                self._write(items)
                items = self._get(1) if full else []

    def _get(self, number: int) -> list[Capture | threading.Event]:
        """Return what waits in the queue, no more than a number of items."""
        items: list[Capture | threading.Event] = []
        with suppress(Empty):
            while len(items) < number:
                items.append(self.queue.get_nowait())
        return items

    def _write(self, items: list[Capture | threading.Event]) -> None:
        self.waiting = len(items)
        batches: dict[str, list[Capture]] = {}
        events = []
        for item in items:
            if isinstance(item, threading.Event):
                events.append(item)
            else:
                batches.setdefault(item.settings.dbname, []).append(item)
        for dbname, captures in batches.items():
            calls = self._make_calls(dbname, captures)
            try:
                write(dbname, calls, self.missing.get(dbname))
                self.missing.pop(dbname, None)
            except Exception as exc:
                self._lose(len(calls), dbname, exc)
        with _lock:
            self.bytes -= sum(x.counted_size for x in chain(*batches.values()))
            lost, self.lost = self.lost, Counter()
        for dbname, number in lost.items():
            self._lose(number, dbname, "the queue was full")
        self.waiting = 0
        for event in events:
            event.set()

    def _make_calls(self, dbname: str, captures: list[Capture]) -> list[Call]:
        """Return the calls; one that fails loses only itself."""
        calls, reason = [], None
        for capture in captures:
            try:
                calls.append(make_call(capture))
            except Exception as exc:
                reason = f"a call can't be read: {type(exc).__name__}: {exc}"
        if reason is not None:
            self._lose(len(captures) - len(calls), dbname, reason)
        return calls

    def _lose(self, number: int, dbname: str, reason: Any) -> None:
        text = " ".join(str(reason).split()) or type(reason).__name__
        _logger.warning(
            "%d calls are missing in the request log of %s: %s", number, dbname, text
        )
        earlier, _text = self.missing.get(dbname, (0, ""))
        self.missing[dbname] = earlier + number, text


def write(
    dbname: str, calls: list[Call], missing: tuple[int, str] | None = None
) -> None:
    """Write calls in a transaction.

    :param missing: how many calls before them could not be written, and why
    :raises Exception: they are lost
    """
    thread: Any = threading.current_thread()
    thread.dbname = dbname  # for the log
    for attempt in range(1, ATTEMPTS + 1):
        registry = Registry(dbname)
        cr = wait_for_connection(registry.cursor, TIMEOUT)
        try:
            with cr:
                _write_calls(registry, cr, calls, missing)
            return
        except psycopg2.errors.LockNotAvailable:
            raise  # it has waited for ``TIMEOUT``
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if attempt == ATTEMPTS:
                raise


def _write_calls(
    registry: Registry, cr: Any, calls: list[Call], missing: tuple[int, str] | None
) -> None:
    # roll-ups of other processes are added to, without a conflict;
    # an upgrade of the addon locks the table
    cr.execute(
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = %s",
        [f"{TIMEOUT}s"],
    )
    registry = registry.check_signaling(cr)
    if MODEL in registry:  # else the addon is uninstalled
        env = Environment(cr, SUPERUSER_ID, {})
        env[MODEL]._store(calls)
        if missing is not None:
            number, reason = missing
            env["fastapi.request.loss"].create({"calls": number, "reason": reason})


#: ``__del__`` may call ``put`` at any time, also in the thread that has the lock.
_lock = threading.RLock()
_writer: Writer | None = None

#: Notified when a call of a test on Odoo's test cursor has ended.
_test_end = threading.Condition()
#: The calls of tests: those that have ended, and how many have not.
_test_calls: deque[Capture] = deque(maxlen=BATCH_SIZE)
_test_open = 0


def put(capture: Capture) -> None:
    """Let a call be written. ``__del__`` may call this.

    The call of a test on Odoo's test cursor waits for ``take_test_calls``.
    """
    global _test_open  # noqa: PLW0603  # pylint: disable=global-statement
    if capture.in_test:
        with _test_end:
            _test_open -= 1
            _test_calls.append(capture)
            _test_end.notify_all()
        return
    writer = _writer or _start()
    waiting = writer.queue.qsize()
    if waiting >= QUEUE_SIZE or writer.bytes >= QUEUE_BYTES:
        with _lock:
            writer.lost[capture.settings.dbname] += 1
        return
    if waiting % SAMPLE == SAMPLE - 1:
        capture.counted_size = SAMPLE * capture.get_size()
        with _lock:
            writer.bytes += capture.counted_size
    writer.queue.put(capture)


def _start() -> Writer:
    global _writer  # noqa: PLW0603  # pylint: disable=global-statement
    with _lock:
        if _writer is None:
            _register()
            get_stop()
            _writer = Writer()
            _writer.start()
        return _writer


@functools.cache
def _register() -> None:
    """Write the last calls at the end of the process, once also in its forks."""
    CommonServer.on_stop(flush)
    atexit.register(flush)
    os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    """Forget the writer: a fork has no threads."""
    global _writer  # noqa: PLW0603  # pylint: disable=global-statement
    _writer = None


def flush(timeout: float = STOP_TIMEOUT) -> None:
    """Write all calls that have ended.

    :param timeout: seconds to wait for that
    """
    writer = _writer
    if writer is not None and writer.is_alive():
        written = threading.Event()
        writer.queue.put(written)
        writer.hurry.set()
        if not written.wait(timeout):
            _logger.warning(
                "About %d calls are not in the request log after %s seconds; they are "
                "lost if the server stops now",
                writer.waiting + writer.queue.qsize() - 1,  # without the event
                timeout,
            )


def begin_test_call() -> None:
    """Let ``take_test_calls`` wait for the end of a call."""
    global _test_open  # noqa: PLW0603  # pylint: disable=global-statement
    with _test_end:
        _test_open += 1


def take_test_calls(timeout: float = STOP_TIMEOUT) -> list[Call]:
    """Return the calls of tests on Odoo's test cursor, and forget them.

    A call ends a moment after the client has the response.

    :param timeout: seconds to wait for calls that have not ended
    """
    with _test_end:
        _test_end.wait_for(lambda: not _test_open, timeout)
        captures = list(_test_calls)
        _test_calls.clear()
    return [make_call(capture) for capture in captures]
