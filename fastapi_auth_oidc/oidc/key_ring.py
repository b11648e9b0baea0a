# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keeps the keys of an issuer in memory, and loads them.

A separate thread loads the keys. A request only waits for it if there are no keys, the
token names an unknown key, or the keys have expired. All of these requests wait for the
same thread.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable

from .documents import DocumentError, Issuer, KeySet
from .keys import VerificationKey

__all__ = ["RETRY_INTERVAL", "KeyRing", "KeysNotLoaded", "get_key_ring"]

_logger = logging.getLogger(__name__)

#: Seconds from one attempt to load the keys to the next.
MIN_INTERVAL = 60
#: The same after a failed attempt, while there are no keys.
RETRY_INTERVAL = 10
#: Seconds that a request waits for the keys: enough to load two documents.
WAIT_TIMEOUT = 12
#: Seconds after which an attempt counts as failed.
HUNG_AFTER = 30
#: Part of their lifetime after which keys in use are loaded again.
EARLY = 0.8
#: Seconds for which expired keys are used while the issuer is down.
MAX_OVERTIME = 24 * 60 * 60

#: The rings of the process, shared by all databases, because keys are public.
_rings: weakref.WeakValueDictionary[Issuer, KeyRing] = weakref.WeakValueDictionary()
_rings_lock = threading.Lock()


class KeysNotLoaded(Exception):
    """There are no keys: they can't be loaded."""


class KeyRing:
    """The keys of one issuer.

    :param load: loads the keys, or raises ``DocumentError``
    :param name: name of the issuer, for the log
    :param clock: monotonic clock, in seconds
    """

    def __init__(
        self,
        load: Callable[[], KeySet],
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._key_set = KeySet((), 0)
        self._loaded_at = 0.0
        self._tried_at: float | None = None
        #: Whether the last attempt has failed.
        self._failed = False
        #: The running attempt; set when it ends.
        self._attempt: threading.Event | None = None

    def get_pending(self, kid: str | None) -> threading.Event | None:
        """Return what a request must wait for, and start to load keys if it is time.

        :param kid: id of the key in the token
        :return: an event for :meth:`wait`, None if the request need not wait
        """
        with self._lock:
            age = self._drop_old_keys()
            known = bool(self._select(kid))
            lifetime = self._key_set.lifetime
            if known and age < lifetime * EARLY:
                return None
            attempt = self._get_attempt()
            # expired keys are used if the issuer is down
            if known and (age < lifetime or self._failed):
                return None
            return attempt

    @staticmethod
    def wait(attempt: threading.Event) -> None:
        """Wait for the end of an attempt, for a limited time."""
        attempt.wait(WAIT_TIMEOUT)

    def find(self, kid: str | None) -> list[VerificationKey]:
        """Return the keys with an id, or all keys for a token without an id.

        :raises KeysNotLoaded: there are no keys at all
        """
        with self._lock:
            self._drop_old_keys()
            if not self._key_set.keys:
                raise KeysNotLoaded()
            return self._select(kid)

    def _select(self, kid: str | None) -> list[VerificationKey]:
        return [key for key in self._key_set.keys if kid is None or key.kid == kid]

    def _drop_old_keys(self) -> float:
        """Return the age of the keys in seconds."""
        age = self._clock() - self._loaded_at
        if age > self._key_set.lifetime + MAX_OVERTIME:
            self._key_set = KeySet((), 0)
        return age

    def _get_attempt(self) -> threading.Event | None:
        """Return the running attempt, or start one if it is time."""
        now = self._clock()
        if self._tried_at is not None:
            since = now - self._tried_at
            if self._attempt is not None:
                if since < HUNG_AFTER:
                    return self._attempt
                self._failed = True
            in_need = self._failed and not self._key_set.keys
            if since < (RETRY_INTERVAL if in_need else MIN_INTERVAL):
                return None
        self._tried_at = now
        attempt = self._attempt = threading.Event()
        threading.Thread(
            target=self._try, args=(attempt,), name="fastapi.oidc.keys", daemon=True
        ).start()
        return attempt

    def _try(self, attempt: threading.Event) -> None:
        key_set = None
        try:
            key_set = self._load()
        except DocumentError as err:
            _logger.warning("The keys of %s can't be loaded: %s", self._name, err)
        except Exception:
            _logger.exception("The keys of %s can't be loaded.", self._name)
        finally:
            with self._lock:
                if key_set is not None:
                    self._key_set = key_set
                    self._loaded_at = self._clock()
                if self._attempt is attempt:
                    self._failed = key_set is None
                    self._attempt = None
            attempt.set()


def get_key_ring(issuer: Issuer) -> KeyRing:
    """Return the ring of an issuer, which all its apps share."""
    with _rings_lock:
        ring = _rings.get(issuer)
        if ring is None:
            ring = _rings[issuer] = KeyRing(issuer.load, issuer.name)
        return ring
