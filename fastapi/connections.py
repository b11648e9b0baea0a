# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Waits for a database connection while Odoo's pool is full.

The pool raises ``PoolError`` at once. A request may fail then, because its client can
repeat it. A stream, a background task and a work of ``tx.run`` wait.
"""

from __future__ import annotations

import functools
import logging
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import psycopg2

from odoo.service.server import CommonServer
from odoo.sql_db import db_connect

if TYPE_CHECKING:
    from collections.abc import Callable

    T = TypeVar("T")

__all__ = ["CONNECTION_TIMEOUT", "get_stop", "is_dropped", "wait_for_connection"]

_logger = logging.getLogger(__name__)

#: Seconds that streams, tasks and works wait for a connection to the database.
CONNECTION_TIMEOUT = 60
#: Seconds between two attempts to get one: initial and maximum value.
PAUSES = 0.02, 0.5


def wait_for_connection(call: Callable[[], T], timeout: float) -> T:
    """Call a function that needs a connection of Odoo's pool, and return its result.

    :param call: called again while the pool is full, or PostgreSQL is down
    :param timeout: seconds to try, fewer if the server stops
    :raises psycopg2.Error: there is no connection in time
    """
    deadline = time.monotonic() + timeout
    pause, longest = PAUSES
    while True:
        try:
            return call()
        except psycopg2.Error as exc:  # any error, as the pool resets connections
            left = deadline - time.monotonic()
            if pause == PAUSES[0] and left > 0:
                _logger.info(
                    "No connection to the database, waiting for %d seconds at most: %s",
                    timeout,
                    exc,
                )
            # a random pause, so that waiting threads do not all try at once
            if left <= 0 or get_stop().wait(min(left, random.uniform(0, pause))):
                raise
        pause = min(2 * pause, longest)


@functools.cache
def get_stop() -> threading.Event:
    """Return an event that is set when the server stops."""
    stop = threading.Event()
    CommonServer.on_stop(stop.set)
    return stop


def is_dropped(dbname: str) -> bool:
    """Return whether PostgreSQL responds, but has no database of this name."""
    with suppress(psycopg2.Error), db_connect("postgres").cursor() as cr:
        cr.execute("SELECT FROM pg_database WHERE datname = %s", [dbname])
        return not cr.rowcount
    return False
