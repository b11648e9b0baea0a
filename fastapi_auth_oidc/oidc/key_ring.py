# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The keys of an issuer in memory, and when they are loaded.

A separate thread loads the keys. A request waits for it only if it can't go on: there
are no keys, the token names an unknown key, or the keys have expired because no request
has used them for long. All such requests wait for the same thread.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable

from .documents import DocumentError, Issuer, KeySet
from .keys import VerificationKey

__all__ = ["KeyRing", "KeysNotLoaded", "get_key_ring"]

_logger = logging.getLogger(__name__)

#: Seconds between two attempts to load the keys.
MIN_INTERVAL = 60
#: The same while there are no keys, after an attempt that failed.
RETRY_INTERVAL = 10
#: Seconds that a request waits for the keys: enough to load two documents.
WAIT_TIMEOUT = 12
#: Seconds after which a hanging attempt counts as failed.
HUNG_AFTER = 30
#: Part of their lifetime after which keys are loaded again, while they are in use.
EARLY = 0.8
#: Seconds for which keys are used beyond their lifetime while the issuer is down.
MAX_OVERTIME = 24 * 60 * 60

#: The rings of the process, for the apps of all databases: keys are public.
_rings: weakref.WeakValueDictionary[Issuer, KeyRing] = weakref.WeakValueDictionary()
_rings_lock = threading.Lock()


class KeysNotLoaded(Exception):
    """There are no keys, because they can't be loaded."""


class KeyRing:
    """The keys of one issuer.

    :param load: loads the keys; raises ``DocumentError``
    :param name: of the issuer, for the log
    :param clock: seconds that never go back
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
        #: Set at the end of the attempt that is under way.
        self._attempt: threading.Event | None = None

    def get_pending(self, kid: str | None) -> threading.Event | None:
        """Return what a request must wait for before it can look for a key.

        Starts to load the keys if it is time.

        :param kid: id of the key, None if the token has none
        :return: an event, for :meth:`wait`; None if there is nothing to wait for
        """
        with self._lock:
            age = self._drop_old_keys()
            known = self._is_known(kid)
            lifetime = self._key_set.lifetime
            if known and age < lifetime * EARLY:
                return None
            attempt = self._get_attempt()
            # don't wait where the keys are old because the issuer is down
            if known and (age < lifetime or self._failed):
                return None
            return attempt

    @staticmethod
    def wait(attempt: threading.Event) -> None:
        """Wait, for a limited time, until the attempt is over."""
        attempt.wait(WAIT_TIMEOUT)

    def find(self, kid: str | None) -> list[VerificationKey]:
        """Return the keys with an id, or all keys for a token without an id.

        :raises KeysNotLoaded: there are no keys at all
        """
        with self._lock:
            self._drop_old_keys()
            keys = self._key_set.keys
        if not keys:
            raise KeysNotLoaded()
        return [key for key in keys if kid is None or key.kid == kid]

    def _is_known(self, kid: str | None) -> bool:
        return any(kid is None or key.kid == kid for key in self._key_set.keys)

    def _drop_old_keys(self) -> float:
        """Return the age of the keys in seconds."""
        age = self._clock() - self._loaded_at
        if age > self._key_set.lifetime + MAX_OVERTIME:
            self._key_set = KeySet((), 0)
        return age

    def _get_attempt(self) -> threading.Event | None:
        """Return the running attempt, or a new one if it is time for one."""
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
    """Return the ring of an issuer: one for all apps that use it."""
    with _rings_lock:
        ring = _rings.get(issuer)
        if ring is None:
            ring = _rings[issuer] = KeyRing(issuer.load, issuer.name)
        return ring
