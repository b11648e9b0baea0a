# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Counters: where the requests of all processes and hosts are counted.

:class:`PostgresCounter` (``postgres``) is the default, :class:`LibraryCounter` counts
in Redis. A counter that fails is left alone for some seconds, so that requests don't
wait for it one after the other. Meanwhile nothing is limited: a request is not lost
because of its limiter.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from limits.errors import ConfigurationError
from limits.storage import (
    SlidingWindowCounterSupport,
    StorageTypes,
    storage_from_string,
)
from limits.strategies import SlidingWindowCounterRateLimiter

from .window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .rate import Rate

__all__ = ["CONFIGURATION_ERRORS", "TIMEOUT", "Counter", "Hit", "LibraryCounter"]

_logger = logging.getLogger(__name__)

#: Seconds for which a counter that has failed is left alone.
PAUSE = 5
#: Longest time that a request waits for a counter, in seconds.
TIMEOUT = 1
#: A storage can't be used, whatever becomes of its server.
CONFIGURATION_ERRORS = (ConfigurationError, TypeError, ValueError)


class Hit(NamedTuple):
    """A request that a rate counts.

    :param key: keyed hash of the rate and of whom it counts
    :param rate: the rate
    """

    key: str
    rate: Rate


class Counter(ABC):
    """Counts requests for all processes and hosts of a database."""

    #: What fails, for the log.
    name: str

    def __init__(self) -> None:
        self._resumes = 0.0
        self._missed = 0

    def hit(self, hits: Sequence[Hit]) -> list[Window]:
        """Count a request for several rates, unless one of them refuses it.

        :param hits: one for each rate, the shortest window first, with different keys
        :return: the windows in the order of the rates, possibly only those up to the
            first one that refuses; empty if the counter fails
        """
        start = time.monotonic()
        if start < self._resumes:
            self._missed += 1
            return []
        try:
            try:
                windows = self._hit(hits)
            except Exception:
                # a server has restarted, and its old connections are closed
                if time.monotonic() - start > TIMEOUT / 2:
                    raise
                windows = self._hit(hits)
        except Exception as err:  # of a driver, a network, a configuration
            self._missed += 1
            self._pause(err)
            return []
        if self._missed:
            _logger.warning(
                # a request has one for addresses and one for callers
                "Rates are limited again. This process has left out %s counts.",
                self._missed,
            )
            self._missed = 0
        return windows

    def _pause(self, err: Exception) -> None:
        """Leave the counter alone for some seconds."""
        self._resumes = time.monotonic() + PAUSE
        _logger.warning(
            "Rates are not limited for %s seconds, because %s fails: %s",
            PAUSE,
            self.name,
            " ".join(str(err).split()) or type(err).__name__,
        )

    @abstractmethod
    def _hit(self, hits: Sequence[Hit]) -> list[Window]:
        """Do what :meth:`hit` says; any exception means that nothing is limited."""

    @abstractmethod
    def clear(self, hit: Hit) -> None:
        """Forget the requests that are counted for a key.

        :raises Exception: the counter fails
        """


class LibraryCounter(Counter):
    """Counts in a storage of the library ``limits``, such as Redis.

    Each rate is a call of its own. If one refuses the request, those before it, whose
    windows are shorter, have counted it.

    :param uri: URI of the storage
    :raises Exception: one of :data:`CONFIGURATION_ERRORS`: the storage is unknown, or
        the package that it needs is not installed
    """

    def __init__(self, uri: str) -> None:
        super().__init__()
        self.name = uri.partition(":")[0]  # without the password
        self._uri = uri
        self._limiter: SlidingWindowCounterRateLimiter | None = None
        try:
            self._open()
        except CONFIGURATION_ERRORS:
            raise
        except Exception as err:
            # a cluster is asked for its nodes here, and may be down
            self._pause(err)

    def _open(self) -> SlidingWindowCounterRateLimiter:
        """Return the limiter; a storage that could not be opened is opened again."""
        if self._limiter is None:
            self._limiter = SlidingWindowCounterRateLimiter(_open_storage(self._uri))
        return self._limiter

    def _hit(self, hits: Sequence[Hit]) -> list[Window]:
        limiter = self._open()
        storage: Any = limiter.storage
        windows = []
        for key, rate in hits:
            allowed = limiter.hit(rate.item, key)
            previous, previous_ttl, current, current_ttl = storage.get_sliding_window(
                rate.item.key_for(key), rate.seconds
            )
            # one of them is 0 if it has no requests
            age = max(rate.seconds - previous_ttl if previous else 0, 0)
            if not previous and current:
                age = max(2 * rate.seconds - current_ttl, 0)
            window = Window(
                rate.amount, rate.seconds, previous, current, age, not allowed
            )
            windows.append(window)
            if not allowed:
                break
        return windows

    def clear(self, hit: Hit) -> None:
        self._open().clear(hit.rate.item, hit.key)


#: Packages whose names are the schemes of their URIs.
_PACKAGES = "redis", "valkey"


def _open_storage(uri: str) -> StorageTypes:
    options: dict[str, Any] = {}
    package = next((name for name in _PACKAGES if uri.startswith(name)), None)
    if package is not None:
        # limits finds no version in a package that another thread is importing
        with suppress(ImportError):
            import_module(package)
        # redis-py would try again for seconds
        options = {
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            "retry": None,
        }
    storage = storage_from_string(uri, **options)
    if not isinstance(storage, SlidingWindowCounterSupport):
        raise TypeError(f"{uri.partition(':')[0]} has no sliding windows.")
    return storage
